"""The two old ways of the advisor that no other test goes, as it advises them."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ostiary.advisor import registration
from ostiary.advisor.advice import advise, example
from ostiary.advisor.answers import settle
from ostiary.advisor.registration import Inputs
from support import acme
from support.browser import Browser
from support.process import Conversation, Process

PROGRAM = Path(__file__).parent / "python/authlib_legacy.py"
REDIRECT_URI = "https://old.acme.test/callback"


@pytest.fixture
def sign_in(server, register, tmp_path):
    """Register what the advisor says for a rule, and sign Alice in with it."""

    def go(rule: str) -> dict[str, Any]:
        inputs = Inputs(
            name="Old portal",
            redirect_uris=(REDIRECT_URI,),
            legacy={"reason": "a portal of 2015", "until": "2099-12-31"},
        )
        advice = advise(settle(example(rule)).known)
        metadata = registration.complete(advice, inputs)
        made = {"client_id": f"advised-{rule}", **metadata}
        if metadata["token_endpoint_auth_method"] != "none":
            made["client_secret"] = "a secret of thirty-two letters, at least"
        client = register(made)
        with Conversation(Process([sys.executable, PROGRAM], folder=tmp_path, name="old")) as old:
            begun = old.ask({"issuer": server.issuer, **client})
            with Browser(REDIRECT_URI) as browser:
                page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
            answer = old.ask({"url": page.url})
        assert answer["claims"]["aud"] == client["client_id"]
        assert answer["userinfo"]["email"] == "alice@acme.test"
        return answer

    return go


def test_authlib_signs_in_without_pkce(sign_in) -> None:
    answer = sign_in("legacy-no-pkce")
    assert "code_challenge" not in answer["asked"]
    assert answer["tokens"]["access_token"]


def test_authlib_takes_a_token_from_the_fragment(sign_in) -> None:
    answer = sign_in("legacy-token")
    assert "refresh_token" not in answer["tokens"]
    assert answer["claims"]["at_hash"]
