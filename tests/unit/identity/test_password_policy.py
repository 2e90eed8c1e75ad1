from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.identity import guessing
from ostiary.identity.guessing import Piece
from ostiary.identity.password_policy import Fault, Refusal, check_new_password
from ostiary.model.policy import PasswordPolicy

POLICY = PasswordPolicy()
CONTEXT = ("alice", "alice.adams@acme.test", "ACME Inc.", "Ostiary")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "mein haus am see hat zwei türen",
        "k9ttt#2xQw!m8Rz",
        "v8&Lq0Zp+2Wn-7Dc",
        "ありがとうございますとても助かりました",
        "😀🐝🌵🚲🎻🥨🧭🪁🦉🍋🐙🧩🪴🎈🛶",
    ],
)
def test_good_passwords_pass(password: str) -> None:
    assert check_new_password(password, POLICY, CONTEXT) is None


@pytest.mark.parametrize(
    ("password", "piece"),
    [
        ("passwordpassword", Piece.WORD),
        ("passwordpasswordpassword", Piece.REPEAT),
        ("P@ssw0rd12345678", Piece.WORD),
        ("P@ssw0rd12345678", Piece.SEQUENCE),
        ("Summer2026!Summer", Piece.YEAR),
        ("qwertyuiopasdfgh", Piece.SEQUENCE),
        ("1qaz2wsx3edc4rfv", Piece.SEQUENCE),
        ("0987654321zyxwvu", Piece.SEQUENCE),
        ("aaaaaaaaaaaaaaaa", Piece.REPEAT),
        ("abababababababab", Piece.REPEAT),
        ("alice-adams-1990", Piece.CONTEXT),
        ("4l1c3-4d4ms-acme", Piece.CONTEXT),
        ("OSTIARY ostiary 1", Piece.CONTEXT),
        ("letmein letmein!", Piece.WORD),
    ],
)
def test_nist_800_63b_predictable_passwords_are_refused_with_the_reason(password, piece) -> None:
    refusal = check_new_password(password, POLICY, CONTEXT)
    assert refusal is not None
    assert refusal.fault is Fault.PREDICTABLE
    assert piece in refusal.pieces


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("v8&Lq0Zp+2Wn-7", Refusal(fault=Fault.TOO_SHORT, limit=15)),
        ("", Refusal(fault=Fault.TOO_SHORT, limit=15)),
        ("e\u0301" * 14, Refusal(fault=Fault.TOO_SHORT, limit=15)),
        ("x" * 257, Refusal(fault=Fault.TOO_LONG, limit=256)),
        ("😀" * 257, Refusal(fault=Fault.TOO_LONG, limit=256)),
        ("v8&Lq0Zp\n2Wn-7Dc", Refusal(fault=Fault.UNPRINTABLE)),
        ("v8&Lq0Zp\x002Wn-7Dc", Refusal(fault=Fault.UNPRINTABLE)),
    ],
)
def test_length_and_characters(password: str, refusal: Refusal) -> None:
    assert check_new_password(password, POLICY, CONTEXT) == refusal


def test_no_rules_of_composition() -> None:
    assert check_new_password("kfjwqmzhrtbvnpx", POLICY) is None
    assert check_new_password("582039174460281", POLICY) is None


def test_the_blocklist_can_be_switched_off() -> None:
    policy = PasswordPolicy(blocklist=False)
    assert check_new_password("passwordpassword", policy, CONTEXT) is None


def test_with_a_second_factor_eight_random_characters_do() -> None:
    policy = PasswordPolicy(min_length=8)
    assert check_new_password("zW9#kQ1!", policy) is None
    refusal = check_new_password("sunshine1", policy)
    assert refusal == Refusal(fault=Fault.PREDICTABLE, pieces=(Piece.WORD,))


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_judged_and_costs_no_more_than_its_length(password, context) -> None:
    found = guessing.estimate(password, context)
    assert 0 <= found.choices <= len(password.casefold()) + 1
    check_new_password(password, POLICY, context)


@given(st.sampled_from(sorted(guessing.common_words())), st.integers(2, 20))
def test_repeating_a_common_word_never_helps(word: str, times: int) -> None:
    assert guessing.estimate(word * times).choices <= 2


def test_the_list_of_words_is_in_order() -> None:
    text = resources.files("ostiary.identity").joinpath("common_words.txt").read_text("utf-8")
    words = [line for line in text.splitlines() if not line.startswith("#")]
    assert words == sorted(set(words))
    assert all(len(word) >= 4 and word.isalpha() and word.islower() for word in words)
