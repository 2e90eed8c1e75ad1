"""The client of our own pages is nobody's: no endpoint gives anything for it (RU, RO, DV, CA)."""

from urllib.parse import urlencode

import pytest

from support.account import CHALLENGE, VERIFIER, enter
from support.instance import open_instance

CLIENT = "ostiary:account"
REDIRECTS = (
    *("", "/account", "https://id.test/account", "https://id.test", "https://evil.test/cb"),
    *("http://127.0.0.1/cb", "javascript:alert(1)"),
)


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


def request(redirect_uri: str = "", **fields: str) -> dict[str, str]:
    """An authorization request of the built-in client."""
    uri = {"redirect_uri": redirect_uri} if redirect_uri else {}
    return {
        "client_id": CLIENT,
        "response_type": "code",
        "scope": "openid offline_access urn:ostiary:api",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **uri,
        **fields,
    }


@pytest.mark.parametrize("redirect_uri", REDIRECTS)
@pytest.mark.parametrize("response_type", ["code", "none", "id_token token", ""])
async def test_ru_01_no_request_of_anybody_is_its(instance, redirect_uri, response_type):
    asked = request(redirect_uri, response_type=response_type, entry="/account", path="/account")
    async with instance.browser() as browser:
        await enter(browser, "/account")
        for answer in (
            await browser.get(f"/oauth/v2/authorize?{urlencode(asked)}"),
            await browser.post("/oauth/v2/authorize", asked),
        ):
            assert answer.status_code == 400
            assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/oauth/v2/par", request("https://id.test/account")),
        ("/oauth/v2/device_authorization", {"scope": "openid"}),
        ("/oauth/v2/token", {"grant_type": "client_credentials", "scope": "urn:ostiary:api"}),
        (
            "/oauth/v2/token",
            {"grant_type": "password", "username": "alice", "password": "x", "scope": "openid"},
        ),
        (
            "/oauth/v2/token",
            {"grant_type": "authorization_code", "code": "x" * 43, "code_verifier": VERIFIER},
        ),
        ("/oauth/v2/token", {"grant_type": "refresh_token", "refresh_token": "x"}),
        ("/oauth/v2/introspect", {"token": "x"}),
        ("/oauth/v2/revoke", {"token": "x"}),
    ],
    ids=lambda one: one if isinstance(one, str) else one.get("grant_type", ""),
)
@pytest.mark.parametrize("secret", [None, "", "secret"])
async def test_ca_09_nobody_authenticates_as_it(instance, path, fields, secret):
    given = {"client_id": CLIENT, **fields}
    if secret is not None:
        given["client_secret"] = secret
    async with instance.program() as http:
        answer = await http.post(path, data=given)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == "invalid_client"


async def test_lg_02_it_has_no_place_to_go_to_after_signing_out(instance):
    async with instance.browser() as browser:
        await enter(browser, "/account")
        asked = {"client_id": CLIENT, "post_logout_redirect_uri": "https://evil.test/"}
        answer = await browser.get(f"/oidc/v1/end_session?{urlencode(asked)}")
        assert "evil.test" not in answer.headers.get("location", "")
        assert (await browser.get("/account")).status_code == 200
