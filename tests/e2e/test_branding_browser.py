"""An organization's own pages in a real browser: name first, its logo, its colours."""

from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import expect

from ostiary.model.colours import READABLE, contrast
from support import acme
from support.chromium import chromium, noting
from support.server import Server

REDIRECT = "https://shop.acme.test/callback"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ACCENT = "#7a1f5c"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def branded(tmp_path_factory):
    """A server of its own with a branded ACME, and the address of a sign-in."""
    application = acme.public_application(
        "branded-shop",
        "OIDC_APP_TYPE_USER_AGENT",
        client_name="Shop",
        redirect_uris=[REDIRECT],
        allowed_scopes=["openid", "profile"],
        require_consent=True,
    )
    declared = acme.organization(application)
    declared["organizations"][0] |= {
        "policies": {"login": {"identifier_first": True}},
        "branding": {
            "accent": ACCENT,
            "background": "#f6f1ea",
            "headings": {"en": "Welcome to ACME"},
            "support_uri": "https://www.acme.test/help",
        },
    }
    folder = tmp_path_factory.mktemp("branded")
    with Server(folder) as running:
        running.apply(declared)
        Image.new("RGB", (600, 150), ACCENT).save(folder / "logo.png")
        running.run("org", "set-logo", "acme", "logo.png")
        asked = {
            "response_type": "code",
            "client_id": "branded-shop",
            "redirect_uri": REDIRECT,
            "scope": "openid profile",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        yield f"{running.issuer}/oauth/v2/authorize?{urlencode(asked)}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def colour(page, selector, name):
    """Return a colour as the browser computed it, as `#rrggbb`."""
    text = await page.locator(selector).first.evaluate(
        "(one, name) => getComputedStyle(one)[name]", name
    )
    parts = text.removeprefix("rgb(").removesuffix(")").split(",")
    return "#" + "".join(f"{int(part):02x}" for part in parts)


async def check(page, name):
    """Look at a page as people with other eyes and other screens do."""
    await page.wait_for_timeout(600)  # the guard's half second, and transitions
    results = await Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
    assert results.violations_count == 0, (name, results.generate_report())
    spill = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert spill <= 0, name


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_branded_sign_in_at_320_pixels(browser, branded, scheme, scripts):
    context = await browser.new_context(
        color_scheme=scheme,
        locale="en",
        viewport={"width": 320, "height": 640},
        java_script_enabled=scripts,
    )
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", noting(problems))
    await page.goto(branded)
    await expect(page.locator("h1")).to_have_text("Welcome to ACME")
    await expect(page.locator("#password")).to_have_count(0)
    # Automation runs in pages even where their own scripts do not.
    shown = page.locator("img.logo")
    assert await shown.evaluate("one => one.naturalWidth") == 512
    button = await colour(page, "button[type=submit]", "backgroundColor")
    text = await colour(page, "button[type=submit]", "color")
    assert (button == ACCENT) is (scheme == "light")
    assert contrast(button, text) >= READABLE
    # The light background is for light pages alone; this narrow, the card is all there is.
    await page.set_viewport_size({"width": 800, "height": 640})
    assert (await colour(page, "body", "backgroundColor") == "#f6f1ea") is (scheme == "light")
    await page.set_viewport_size({"width": 320, "height": 640})
    if scripts:
        await check(page, "name")
    await page.fill("#username", acme.USERNAME)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/login/password?**")
    assert await page.input_value("#username") == acme.USERNAME
    await expect(page.locator("#password")).to_be_focused()
    if scripts:
        await check(page, "password")
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/consent?**")
    await expect(page.locator("img.logo")).to_be_visible()
    if scripts:
        await check(page, "consent")
    # The pages of the account are the organization's, too; their background stays as it is.
    account = urlsplit(branded)._replace(path="/account", query="").geturl()
    await page.goto(account)
    await expect(page.locator("header img.logo")).to_be_visible()
    await expect(page.locator("header .owner")).to_have_text("ACME")
    assert await colour(page, "body", "backgroundColor") != "#f6f1ea"
    for name in ("account", "account/methods", "account/sessions"):
        await page.goto(account.replace("account", name))
        if scripts:
            await check(page, name)
    assert problems == []
    await context.close()
