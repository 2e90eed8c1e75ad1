"""express-openid-connect with its defaults, in a real Chromium: old flows by form_post."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from support import acme, node
from support.chromium import chromium


@pytest.fixture
def application(tmp_path):
    """Start an application; it is told of its provider once its client is registered."""
    with node.client("express_openid_connect", tmp_path) as program:
        yield program, program.ask({})["origin"]


async def sign_in(origin: str) -> tuple[dict, dict, dict]:
    """Sign in as Alice; return what was asked, what the browser posted, and what is shown."""
    asked: dict[str, list[str]] = {}
    posted: dict[str, list[str]] = {}
    async with chromium() as browser:
        page = await browser.new_page()

        def notice(request) -> None:
            parts = urlsplit(request.url)
            assert "token=" not in parts.query
            if parts.path == "/oauth/v2/authorize":
                asked.update(parse_qs(parts.query))
            if parts.path == "/callback":
                posted.update(parse_qs(request.post_data or ""))

        page.on("request", notice)
        await page.goto(f"{origin}/")
        await page.fill('input[name="username"]', acme.USERNAME)
        await page.fill('input[name="password"]', acme.PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{origin}/")
        shown = json.loads(await page.text_content("body"))
    return asked, posted, shown


async def test_s4_05_express_openid_connect_signs_in_by_its_default_flow(
    application, server, register
):
    program, origin = application
    client_id = "express-openid-connect"
    register(
        acme.web_application(
            client_id,
            redirect_uris=[f"{origin}/callback"],
            grant_types=["implicit"],
            response_types=["id_token"],
            legacy={"reason": "the default of express-openid-connect", "until": "2100-01-01"},
        )
    )
    program.ask({"issuer": server.issuer, "client_id": client_id})

    asked, posted, shown = await sign_in(origin)
    assert asked["response_type"] == ["id_token"]
    assert asked["response_mode"] == ["form_post"]
    assert set(posted) == {"id_token", "session_state", "state", "iss"}
    # There is no userinfo without an access token: the claims are in the ID token (Core 5.4).
    assert (shown["user"]["name"], shown["user"]["email"]) == ("Alice Adams", "alice@acme.test")
    assert shown["has"] == {"access": False, "refresh": False}
    assert program.ask("done") == {"closed": True}


async def test_s4_06_express_openid_connect_signs_in_by_the_hybrid_flow(
    application, server, register
):
    program, origin = application
    client_id = "express-openid-connect-hybrid"
    registered = register(
        acme.web_application(
            client_id,
            redirect_uris=[f"{origin}/callback"],
            grant_types=["authorization_code", "refresh_token", "implicit"],
            response_types=["code id_token"],
            legacy={"reason": "old portal"},
        )
    )
    changes = {
        "clientSecret": registered["client_secret"],
        "authorizationParams": {
            "response_type": "code id_token",
            "scope": "openid profile email offline_access",
        },
    }
    program.ask({"issuer": server.issuer, "client_id": client_id, "changes": changes})

    asked, posted, shown = await sign_in(origin)
    assert asked["response_type"] == ["code id_token"]
    assert asked["code_challenge_method"] == ["S256"]
    assert set(posted) == {"code", "id_token", "session_state", "state", "iss"}
    assert shown["user"]["sub"]
    assert shown["has"] == {"access": True, "refresh": True}
    assert program.ask("done") == {"closed": True}
