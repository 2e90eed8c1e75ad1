import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.identity.users import (
    MAX_LOGIN_NAME,
    MAX_SPELLING,
    canonical_name,
    display_name,
    login_names,
    valid_login_name,
)
from ostiary.model.user import LoginName, Profile, User


def person(**fields) -> User:
    return User(id="u1", organization_id="o1", **{"username": "Alice", **fields})


@pytest.mark.parametrize(
    "spelling",
    [
        "alice@example.com",
        "Alice@EXAMPLE.com",
        "  alice@example.com\t",
        "\ufeffalice@example.com",
        "ali\u200bce@example.com",
        "".join(chr(ord(c) + 0xFEE0) for c in "alice@example.com"),
        "\N{MATHEMATICAL SCRIPT SMALL A}lice@example.com",
        "ALICE@example.com\u00ad",
    ],
)
def test_lo_04_spellings_of_a_name_are_one(spelling: str) -> None:
    assert canonical_name(spelling) == "alice@example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mike", "m\N{LATIN SMALL LETTER DOTLESS I}ke"),
        ("alice", "\N{CYRILLIC SMALL LETTER A}lice"),
        ("alice", "alicé"),
    ],
)
def test_rc_06_look_alikes_stay_different(one: str, other: str) -> None:
    assert canonical_name(one) != canonical_name(other)


def test_lo_07_a_text_too_long_for_a_name_is_not_folded(monkeypatch) -> None:
    """DO-04: accents out of order cost the square of their number."""
    folded: list[int] = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata,
        "normalize",
        lambda form, text: folded.append(len(text)) or normalize(form, text),
    )
    assert canonical_name("a" + "\u0301\u0316" * 15_000) == ""
    assert not folded
    longest = "\u1f82" * MAX_LOGIN_NAME
    assert canonical_name(unicodedata.normalize("NFD", longest)) == canonical_name(longest)
    assert len(unicodedata.normalize("NFD", longest)) == MAX_SPELLING


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    once = canonical_name(name)
    assert canonical_name(once) == once


@given(st.text())
def test_case_and_surrounding_space_never_matter(name: str) -> None:
    assert canonical_name(f" {name.casefold()}\n") == canonical_name(name)


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("alice", True),
        ("alice adams", True),
        ("山田", True),
        ("", False),
        ("a\nb", False),
        ("a\x00b", False),
        ("a\u2028b", False),
        ("a" * 254, True),
        ("a" * 255, False),
    ],
)
def test_valid_login_names(name: str, valid: bool) -> None:
    assert valid_login_name(name) is valid


def test_user_name_and_address_are_login_names() -> None:
    user = person(email="Alice@ACME.test")
    assert login_names(user) == (
        LoginName(name="alice", user_id="u1"),
        LoginName(name="alice@acme.test", user_id="u1"),
    )


def test_the_same_name_twice_is_one_login_name() -> None:
    user = person(username="alice@acme.test", email="ALICE@acme.test")
    assert login_names(user) == (LoginName(name="alice@acme.test", user_id="u1"),)


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (Profile(name="Dr. A", given_name="Alice"), "Dr. A"),
        (Profile(given_name="Alice", family_name="Adams"), "Alice Adams"),
        (Profile(family_name="Adams"), "Adams"),
        (Profile(), "Alice"),
    ],
)
def test_display_name(profile: Profile, shown: str) -> None:
    assert display_name(person(profile=profile)) == shown
