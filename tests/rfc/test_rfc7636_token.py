"""RFC 7636 at the token endpoint; its appendix B is the vector."""

import pytest

from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.token import pkce

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_appendix_b():
    assert pkce.challenge_of(VERIFIER) == CHALLENGE
    pkce.verify(CHALLENGE, VERIFIER)


@pytest.mark.parametrize("length", [43, 128])
def test_4_1_the_shortest_and_the_longest_verifier(length):
    verifier = "a" * length

    pkce.verify(pkce.challenge_of(verifier), verifier)


@pytest.mark.parametrize(
    "verifier", ["a" * 42, "a" * 129, "a" * 42 + "!", "a" * 42 + "ü", "a" * 42 + " "]
)
def test_pk_05_a_malformed_verifier_is_refused_even_if_it_would_match(verifier):
    with pytest.raises(InvalidGrant) as refusal:
        pkce.verify(CHALLENGE, verifier)
    assert refusal.value.rule == "pkce-syntax"


def test_pk_03_no_verifier():
    with pytest.raises(InvalidGrant) as refusal:
        pkce.verify(CHALLENGE, None)
    assert refusal.value.rule == "pkce-missing"


def test_pk_03_another_verifier_and_the_error_says_what_was_derived():
    with pytest.raises(InvalidGrant) as refusal:
        pkce.verify(CHALLENGE, "b" * 43)
    assert refusal.value.expected == CHALLENGE
    assert refusal.value.received == pkce.challenge_of("b" * 43)


def test_pk_03_the_challenge_itself_is_no_verifier():
    with pytest.raises(InvalidGrant):
        pkce.verify(CHALLENGE, CHALLENGE)


def test_pk_04_a_verifier_that_nobody_announced():
    with pytest.raises(InvalidGrant) as refusal:
        pkce.verify(None, VERIFIER)
    assert refusal.value.rule == "pkce-unannounced"
