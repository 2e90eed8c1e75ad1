"""From an error page by clicks to its explanation, and to the same request that succeeds.

A real server with two workers, and a real Chromium.
"""

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from ostiary.oauth.token.pkce import challenge_of
from support import acme
from support.app_site import serve_application
from support.chromium import chromium, tab
from support.server import Server

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VERIFIER = "v" * 43
VIEWS = {
    "wide": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
    "forced": {"forced_colors": "active", "viewport": {"width": 768, "height": 900}},
}
# Where pictures of the pages are put, if somebody wants to look at them.
PICTURES = os.environ.get("OSTIARY_TEST_PICTURES")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def site():
    """Where the application is."""
    with serve_application() as served:
        yield served


@pytest.fixture(scope="module")
def application(site):
    """An application whose redirect URI is not the one that it sends."""
    return acme.web_application("traced", redirect_uris=[f"{site.origin}/callback"])


@pytest.fixture(scope="module")
def server(tmp_path_factory, application):
    """A server on which Alice owns the organization of the application."""
    with Server(tmp_path_factory.mktemp("traces"), workers=2) as running:
        owner = {"user": acme.USERNAME, "role": "org_owner", "organization": "acme"}
        running.apply(acme.organization(application) | {"administrators": [owner]})
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


def request_url(server: Server, redirect_uri: str) -> str:
    """Return the address of an authorization request."""
    asked = {
        "response_type": "code",
        "client_id": "traced",
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return f"{server.issuer}/oauth/v2/authorize?{urlencode(asked)}"


async def redeem(server: Server, application: dict[str, Any], **fields: str) -> httpx.Response:
    """Send a token request of the application."""
    async with httpx.AsyncClient() as http:
        return await http.post(
            f"{server.issuer}/oauth/v2/token",
            data={"grant_type": "authorization_code", **fields},
            auth=("traced", application["client_secret"]),
        )


async def enter(page: Page, server: Server) -> None:
    """Sign in to the console."""
    await page.goto(f"{server.issuer}/console")
    await page.fill("#username", acme.USERNAME)
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url(f"{server.issuer}/console")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_from_the_error_page_to_the_request_that_succeeds(
    server, browser, site, javascript
) -> None:
    wrong = f"{site.origin}/{'with' if javascript else 'without'}-script"
    async with tab(browser, locale="en", java_script_enabled=javascript) as page:
        await page.goto(request_url(server, wrong))
        # Nobody is signed in yet: what went wrong inside is not told.
        await expect(page.locator("a[href^='/console']")).to_have_count(0)
        await enter(page, server)
        await page.goto(request_url(server, wrong))
        link = page.get_by_role("link", name="Explain this error")
        await link.click()
        await expect(page.locator(".why")).to_contain_text("only in its path")
        await expect(page.locator(".compared mark").first).to_be_visible()
        await page.get_by_role("button", name=f"Register this redirect URI: {wrong}").click()
        await expect(page.locator("[role=status]")).to_be_visible()
        await expect(page.locator(".why button")).to_have_count(0)
        await page.goto(request_url(server, wrong))
        await page.wait_for_url(f"{wrong}?code=**")


@pytest.mark.parametrize("view", VIEWS)
async def test_the_explanation_can_be_read_by_everybody(
    server, browser, application, site, view
) -> None:
    async with tab(browser, locale="en", **VIEWS[view]) as page:
        await enter(page, server)
        await page.goto(request_url(server, f"{site.origin}/callback"))
        await page.wait_for_url(f"{site.origin}/callback?code=**")
        code = page.url.partition("code=")[2].partition("&")[0]
        refused = await redeem(
            server,
            application,
            code=code,
            redirect_uri=f"{site.origin}/callback",
            code_verifier="w" * 43,
        )
        await page.goto(refused.json()["error_uri"])
        picture = page.get_by_role("img", name="What went between")
        # The other worker may write its notes a moment later.
        for _ in range(20):
            if await page.locator(".hops li").count() >= 2:
                break
            await page.wait_for_timeout(100)
            await page.reload()
        await expect(picture).to_be_visible()
        await expect(page.locator(".sequence .failed text")).to_have_text("✗ pkce-mismatch")
        result = await Axe().run(page, options={"runOnly": STANDARDS})
        assert result.violations_count == 0, result.generate_report()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= VIEWS[view]["viewport"]["width"]
        size = await page.evaluate("performance.getEntriesByType('navigation')[0].encodedBodySize")
        assert size < 60 * 1024
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"trace-{view}.png", full_page=True)


async def test_lx_01_what_the_server_writes_holds_no_secret(server, application) -> None:
    """By the command line on the server's machine, and in the log."""
    code = "c" * 43
    await redeem(server, application, code=code, code_verifier=VERIFIER)
    found: list[dict[str, str]] = []
    for _ in range(20):
        found = await asyncio.to_thread(server.run, "trace", "list", "--client", "traced")
        if found:
            break
        await asyncio.sleep(0.1)
    shown = await asyncio.to_thread(server.run, "trace", "show", found[0]["id"])
    text = f"{found} {shown} {server.output()}"
    for secret in (application["client_secret"], VERIFIER, code, acme.PASSWORD):
        assert secret not in text
