"""RFC 7636 at the authorization endpoint: section 4.3 and 4.4.1."""

import pytest

from ostiary.oauth.errors import InvalidRequest
from ostiary.oauth.token.pkce import challenge_of
from support.authorization import CHALLENGE, SPA, WEB, change, verify_request

OPTIONAL = change(WEB, require_pkce=False)
TO_SPA = {"client_id": "spa", "redirect_uri": "https://spa.test/cb"}


def test_4_3_the_challenge_is_kept_for_the_token_endpoint():
    assert verify_request().code_challenge == CHALLENGE


def test_4_2_every_challenge_of_a_verifier_is_accepted():
    for number in range(300):
        challenge = challenge_of(f"{number:043d}")
        assert verify_request(code_challenge=challenge).code_challenge == challenge


@pytest.mark.parametrize("client", [WEB, change(SPA, require_pkce=False)])
def test_4_4_1_a_missing_challenge(client):
    to = TO_SPA if client.public else {}
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(client, code_challenge=None, code_challenge_method=None, **to)
    assert refusal.value.rule == "pkce-missing"


def test_a_confidential_client_without_the_duty_may_leave_it_out():
    request = verify_request(OPTIONAL, code_challenge=None, code_challenge_method=None)
    assert request.code_challenge is None


@pytest.mark.parametrize("method", [None, "plain", "s256", "S256 ", "S512", "none"])
@pytest.mark.parametrize("client", [WEB, OPTIONAL])
def test_4_3_only_s256_and_the_error_explains(method, client):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(client, code_challenge_method=method)
    assert refusal.value.rule == "pkce-method"
    assert "S256" in refusal.value.description


def test_4_3_a_method_without_a_challenge():
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(OPTIONAL, code_challenge=None)
    assert refusal.value.rule == "pkce-missing"


@pytest.mark.parametrize(
    "challenge",
    [
        CHALLENGE[:-1],
        CHALLENGE + "A",
        CHALLENGE + "=",
        "a" * 128,
        CHALLENGE[:-1] + "N",  # sets bits that a SHA-256 hash does not have
        CHALLENGE.replace("-", "+"),
        CHALLENGE[:-1] + "é",
    ],
)
def test_4_2_what_no_verifier_can_match_is_refused_at_once(challenge):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(code_challenge=challenge)
    assert refusal.value.rule == "pkce-syntax"
