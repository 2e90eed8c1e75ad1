"""The page on which people say which organization they act for, in a real browser."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from support import acme
from support.chromium import chromium, noting
from support.server import Server

REDIRECT = "https://shop.acme.test/callback"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server where Alice of ACME is a member of two more organizations."""
    application = acme.public_application(
        "portal",
        "OIDC_APP_TYPE_USER_AGENT",
        client_name="Portal",
        redirect_uris=[REDIRECT],
        allowed_scopes=["openid", "profile"],
        require_consent=True,
        organization_assertion=True,
    )
    declared = acme.organization(application)
    declared["organizations"] += [
        {
            "id": "globex",
            "name": "Globex Corporation and all that it has bought in the last years",
            "domains": ["globex.test"],
            "members": [{"user": acme.USERNAME}],
        },
        {"id": "initech", "name": "Initech", "members": [{"user": acme.USERNAME}]},
    ]
    with Server(tmp_path_factory.mktemp("choice")) as running:
        running.apply(declared)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


def request(server):
    asked = {
        "response_type": "code",
        "client_id": "portal",
        "redirect_uri": REDIRECT,
        "scope": "openid profile",
        # Whatever was allowed in another run of the test.
        "prompt": "consent",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    return f"{server.issuer}/oauth/v2/authorize?{urlencode(asked)}"


async def check(page, name):
    """Look at a page as people with other eyes and other screens do."""
    await page.wait_for_timeout(600)  # the guard's half second, and transitions
    results = await Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
    assert results.violations_count == 0, (name, results.generate_report())


async def no_spill(page, name):
    spill = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert spill <= 0, name


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_w17_an_organization_is_chosen_at_320_pixels(browser, server, scheme, scripts):
    context = await browser.new_context(
        color_scheme=scheme,
        locale="en",
        viewport={"width": 320, "height": 640},
        java_script_enabled=scripts,
    )
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", noting(problems))
    await page.route(f"{REDIRECT}*", lambda route: route.fulfill(body="Back at the portal"))
    await page.goto(request(server))
    await page.fill("#username", acme.USERNAME)
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/login/organization?**")
    await expect(page.locator("h1")).to_have_text("Choose an organization")
    shown = page.locator("button[name=organization]")
    assert [await one.get_attribute("value") for one in await shown.all()] == [
        "acme",
        "globex",
        "initech",
    ]
    await no_spill(page, "choice")
    if scripts:
        await check(page, "choice")
    # By the keyboard alone.
    await shown.nth(1).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/consent?**")
    await expect(page.locator("main")).to_contain_text("You act for Globex Corporation")
    await no_spill(page, "consent")
    if scripts:
        await check(page, "consent")
    await page.click("text=Choose another organization")
    await page.wait_for_url("**/login/organization?**")
    await page.click("button[value=initech]")
    await page.wait_for_url("**/consent?**")
    await expect(page.locator("main")).to_contain_text("You act for Initech")
    async with page.expect_request(f"{REDIRECT}*") as answered:
        if scripts:
            await page.wait_for_timeout(600)  # the guard of the buttons
        await page.click("button[value=allow]")
    query = parse_qs(urlsplit((await answered.value).url).query)
    assert query["code"]
    assert problems == []
    await context.close()
