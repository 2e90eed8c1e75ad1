import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.clock import SystemEntropy
from ostiary.oauth import handle
from ostiary.oauth.handle import Kind


class Scripted:
    """Hands out the given bytes in order."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)

    def token_bytes(self, count: int) -> bytes:
        part = self._parts.pop(0)
        assert len(part) == count
        return part


def test_a_token_survives_its_own_check_and_no_other_kinds():
    token = handle.make(Kind.ACCESS_TOKEN, SystemEntropy())

    assert handle.unseal(Kind.ACCESS_TOKEN, token) == token[7:-6]
    assert handle.unseal(Kind.CLIENT_SECRET, token) is None


@pytest.mark.parametrize("cut", [16, 32, 55])
def test_rt_06_a_truncated_token_is_no_token(cut):
    token = handle.make(Kind.ACCESS_TOKEN, SystemEntropy())

    assert handle.unseal(Kind.ACCESS_TOKEN, token[:cut]) is None


@given(position=st.integers(0, 55), letter=st.characters())
def test_rt_06_one_changed_character_is_noticed(position, letter):
    token = handle.make(Kind.ACCESS_TOKEN, SystemEntropy())
    changed = token[:position] + letter + token[position + 1 :]

    assert changed == token or handle.unseal(Kind.ACCESS_TOKEN, changed) is None


def test_rt_06_suffix_and_case_are_noticed():
    token = handle.make(Kind.ACCESS_TOKEN, SystemEntropy())

    for wrong in (token + "0", token.lower(), token.upper(), " " + token, token + "\n"):
        assert handle.unseal(Kind.ACCESS_TOKEN, wrong) is None


def test_bytes_that_would_make_some_letters_likelier_are_dropped():
    biased = bytes(range(248, 256)) * 8
    even = bytes(range(64))

    assert handle.random_text(Scripted(biased, even)) == handle.random_text(Scripted(even))


@given(st.binary(min_size=36, max_size=36))
def test_base62_gives_back_what_it_was_given(value):
    text = handle.encode62(value, 49)

    assert len(text) == 49
    assert handle.decode62(text, 36) == value


def test_base62_refuses_a_number_that_does_not_fit():
    assert handle.decode62("z" * 49, 36) is None
