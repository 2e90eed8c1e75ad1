"""oidc-client-ts in a real Chromium, in a single-page application on an origin of its own."""

import json
from pathlib import Path

import pytest

from support import acme
from support.chromium import chromium
from support.static import serve_files

HERE = Path(__file__).parent
LIBRARY = HERE / "node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"


@pytest.fixture
def application_origin():
    """Serve the application; its settings are added once its client is registered."""
    files = {
        "/index.html": (HERE / "spa/index.html").read_bytes(),
        "/application.js": (HERE / "spa/application.js").read_bytes(),
        "/oidc-client-ts.js": LIBRARY.read_bytes(),
    }
    with serve_files(files) as origin:
        yield origin, files


async def sign_in_by_clicking(page) -> None:
    await page.fill('input[name="username"]', acme.USERNAME)
    await page.fill('input[name="password"]', acme.PASSWORD)
    await page.click("button[type=submit]")


async def shown_user(page) -> dict:
    """Wait until the application shows its user, or the problem that it met."""
    await page.wait_for_function(
        "document.querySelector('#user')?.textContent || "
        "document.querySelector('#problem')?.textContent"
    )
    problem = await page.text_content("#problem")
    assert problem == "", problem
    return json.loads(await page.text_content("#user"))


@pytest.mark.parametrize("require_consent", [False, True], ids=["first-party", "consent"])
async def test_oidc_client_ts_signs_in_refreshes_and_reads_userinfo(
    server, register, application_origin, require_consent
):
    origin, files = application_origin
    client_id = f"oidc-client-ts-{'third' if require_consent else 'first'}"
    register(
        acme.public_application(
            client_id,
            "OIDC_APP_TYPE_USER_AGENT",
            redirect_uris=[f"{origin}/callback"],
            require_consent=require_consent,
        )
    )
    settings = {
        "issuer": server.issuer,
        "client_id": client_id,
        "scope": "openid profile email offline_access",
    }
    files["/settings.json"] = json.dumps(settings).encode()

    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(origin)
        await page.click("#sign-in")
        await sign_in_by_clicking(page)
        if require_consent:
            await page.click('button[name="decision"][value="allow"]')
        await page.wait_for_url(f"{origin}/callback?**")
        user = await shown_user(page)
        assert user["profile"]["iss"] == server.issuer
        assert user["profile"]["name"] == "Alice Adams"
        assert user["profile"]["email"] == "alice@acme.test"

        await page.evaluate("document.querySelector('#user').textContent = ''")
        await page.click("#refresh")
        refreshed = await shown_user(page)
    assert refreshed["profile"]["sub"] == user["profile"]["sub"]
    assert refreshed["access_token"] != user["access_token"]
    assert refreshed["refresh_token"] != user["refresh_token"]


async def test_oidc_client_ts_signs_in_again_without_a_password_while_the_session_lasts(
    server, register, application_origin
):
    origin, files = application_origin
    client_id = "oidc-client-ts-session"
    register(
        acme.public_application(
            client_id, "OIDC_APP_TYPE_USER_AGENT", redirect_uris=[f"{origin}/callback"]
        )
    )
    settings = {"issuer": server.issuer, "client_id": client_id, "scope": "openid"}
    files["/settings.json"] = json.dumps(settings).encode()

    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(origin)
        await page.click("#sign-in")
        await sign_in_by_clicking(page)
        first = await shown_user(page)
        await page.goto(origin)
        await page.click("#sign-in")
        await page.wait_for_url(f"{origin}/callback?**")
        second = await shown_user(page)
    assert second["profile"]["sub"] == first["profile"]["sub"]
    assert second["access_token"] != first["access_token"]


async def test_oidc_client_ts_signs_out(server, register, application_origin):
    """RP-Initiated Logout 1.0: with the ID token as the hint, there and back without a question."""
    origin, files = application_origin
    client_id = "oidc-client-ts-logout"
    register(
        acme.public_application(
            client_id,
            "OIDC_APP_TYPE_USER_AGENT",
            redirect_uris=[f"{origin}/callback"],
            post_logout_redirect_uris=[f"{origin}/signed-out"],
        )
    )
    settings = {"issuer": server.issuer, "client_id": client_id, "scope": "openid"}
    files["/settings.json"] = json.dumps(settings).encode()

    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(origin)
        await page.click("#sign-in")
        await sign_in_by_clicking(page)
        await shown_user(page)
        await page.click("#sign-out")
        await page.wait_for_url(f"{origin}/signed-out")
        assert (await shown_user(page))["profile"] == {"signed_out": True}

        # Nobody is signed in any more: the password is asked for again.
        await page.goto(origin)
        await page.click("#sign-in")
        await page.wait_for_selector('input[name="password"]')
