"""WCAG 2.2 AA: every page by axe and by keyboard, narrow, with large text and forced colours."""

from urllib.parse import urlencode

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from support import acme, devices
from support.chromium import chromium, tab

REDIRECT = "https://shop.acme.test/callback"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = [
    *("login", "problem", "select", "consent", "logout", "signed-out"),
    *("device", "device-problem", "device-consent", "device-done", "error"),
]
# Widest first; the narrowest is what 1280 pixels are at 400 % (WCAG 1.4.10).
WIDTHS = [1280, 768, 320]


# One browser for all tests of this file; each test has a profile of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def shop(server):
    application = acme.public_application(
        "accessible-shop",
        "OIDC_APP_TYPE_USER_AGENT",
        client_name="Shop",
        client_uri="https://shop.acme.test/",
        policy_uri="https://legal.acme.test/privacy",
        redirect_uris=[REDIRECT],
        allowed_scopes=["openid", "profile", "email", "phone", "offline_access", "orders.read"],
        require_consent=True,
    )
    server.apply(acme.organization(application, devices.television("accessible-tv")))
    return application


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def show_device(server, page: Page, name: str) -> None:
    """Bring a tab to a page about a device that waits."""
    answer = await page.request.post(
        f"{server.issuer}/oauth/v2/device_authorization",
        form={"client_id": "accessible-tv", "scope": "openid profile offline_access"},
    )
    await page.goto((await answer.json())["verification_uri_complete"])
    if name == "device":
        return
    if name == "device-problem":
        # Nothing that could be a code: it does not count as a guess.
        await page.fill("#user_code", "AEIO-U123")
        await page.click("button[type=submit]")
        await expect(page.locator("[role=alert]")).to_be_visible()
        return
    await page.click("button[type=submit]")
    await page.fill("#username", acme.USERNAME)
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/consent?**")
    if name == "device-done":
        await page.wait_for_timeout(600)
        await page.click('button[value="allow"]')
        await page.wait_for_url("**/device/done?**")


@pytest.fixture
def show(server, shop):
    """Bring a tab to one of the pages."""
    asked = {
        "response_type": "code",
        "client_id": shop["client_id"],
        "redirect_uri": REDIRECT,
        "scope": "openid profile email phone offline_access orders.read",
        "state": "s1",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }

    async def go(page: Page, name: str) -> None:
        # Alice's own language is English; what the application asks for comes first.
        language = await page.evaluate("navigator.language")
        query = urlencode({**asked, "ui_locales": language})
        begin = f"{server.issuer}/oauth/v2/authorize?{query}"
        if name.startswith("device"):
            await show_device(server, page, name)
            return
        if name == "error":
            await page.goto(f"{server.issuer}/login")
            return
        await page.goto(begin)
        if name == "login":
            return
        await page.fill("#username", acme.USERNAME)
        await page.fill("#password", "wrong" if name == "problem" else acme.PASSWORD)
        await page.click("button[type=submit]")
        if name == "problem":
            await expect(page.locator("[role=alert]")).to_be_visible()
            return
        await page.wait_for_url("**/consent?**")
        if name in {"logout", "signed-out"}:
            # Without a hint: asked for by nobody who is proven, and answered with a page.
            end = {"client_id": shop["client_id"], "post_logout_redirect_uri": "https://x.test/"}
            query = urlencode({**end, "ui_locales": language})
            await page.goto(f"{server.issuer}/oidc/v1/end_session?{query}")
            if name == "signed-out":
                await page.click('button[value="yes"]')
                await expect(page.locator('button[value="yes"]')).to_have_count(0)
        if name == "select":
            await page.goto(f"{begin}&prompt=select_account")

    return go


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser, show, scheme, language) -> None:
    async with tab(browser, color_scheme=scheme, locale=language) as page:
        for name in PAGES:
            await show(page, name)
            # A device asks for no language: then Alice's own counts, once it is she.
            expected = "en" if name == "device-consent" else language
            assert await page.locator("html").get_attribute("lang") == expected
            # The guard's half second is over, and so are transitions.
            await page.wait_for_timeout(600)
            results = await Axe().run(
                page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]}
            )
            assert results.violations_count == 0, (name, results.generate_report())
            await page.context.clear_cookies()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_wcag_1_4_10_nothing_scrolls_sideways(browser, show, language) -> None:
    async with tab(browser, locale=language) as page:
        for name in PAGES:
            await show(page, name)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 640})
                spill = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert spill <= 0, (name, width)
            # Nor in languages that are written the other way.
            await page.evaluate("document.documentElement.dir = 'rtl'")
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, name
            await page.context.clear_cookies()


async def test_wcag_1_4_4_text_at_twice_the_size_fits(browser, show) -> None:
    async with tab(browser, viewport={"width": 640, "height": 900}, locale="de") as page:
        for name in PAGES:
            await show(page, name)
            await page.evaluate(
                "document.documentElement.attributeStyleMap.set('font-size', '200%')"
            )
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, name
            cut = await page.evaluate(
                "[...document.querySelectorAll('button, a, h1, p')]"
                ".filter(one => one.scrollWidth > one.clientWidth + 1"
                " && getComputedStyle(one).display !== 'inline').length"
            )
            assert cut == 0, name
            await page.context.clear_cookies()


async def test_wcag_2_5_8_what_one_presses_is_44_pixels_high(browser, show) -> None:
    async with tab(browser) as page:
        for name in PAGES:
            await show(page, name)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 640})
                heights = await page.evaluate(
                    "[...document.querySelectorAll('button, a, .field input, .check label')]"
                    ".filter(one => one.checkVisibility())"
                    ".map(one => [one.outerHTML, one.getBoundingClientRect().height])"
                )
                small = [html for html, height in heights if height < 43.5]
                assert not small, (name, width, small)
            await page.context.clear_cookies()


async def test_wcag_2_1_1_everything_by_keyboard(browser, show) -> None:
    async with tab(browser) as page:
        await show(page, "login")
        await page.keyboard.type(acme.USERNAME)
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("[role=alert]")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator("#username")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.type(acme.PASSWORD)
        await page.keyboard.press("Tab")  # show the password
        await page.keyboard.press("Tab")
        await expect(page.locator("#remember")).to_be_focused()
        await page.keyboard.press("Space")
        await expect(page.locator("#remember")).to_be_checked()
        await page.keyboard.press("Tab")
        await expect(page.locator("button.primary")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/consent?**")
        # Nothing is focused: holding Enter decides nothing.
        assert await page.evaluate("document.activeElement.tagName") == "BODY"
        order = []
        for _ in range(3):
            await page.keyboard.press("Tab")
            order.append(await page.evaluate("document.activeElement.textContent.trim()"))
        assert order == ["Switch account", "Deny", "Allow"]


async def test_wcag_2_4_7_focus_is_seen(browser, show) -> None:
    async with tab(browser) as page:
        for name in PAGES:
            await show(page, name)
            for _ in range(4):
                await page.keyboard.press("Tab")
                if await page.evaluate("document.activeElement === document.body"):
                    continue
                outline = await page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle + ' ' +"
                    "getComputedStyle(document.activeElement).outlineWidth"
                )
                assert outline == "solid 3px", name
            await page.context.clear_cookies()


async def test_allow_and_deny_weigh_the_same(browser, show) -> None:
    async with tab(browser) as page:
        await show(page, "consent")
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            looks = await page.evaluate(
                "[...document.querySelectorAll('button[name=decision]')].map(one => {"
                " const style = getComputedStyle(one), box = one.getBoundingClientRect();"
                " return [style.color, style.backgroundColor, style.borderColor, style.fontSize,"
                " style.fontWeight, Math.round(box.width), Math.round(box.height)] })"
            )
            assert len(looks) == 2
            assert looks[0] == looks[1]


async def test_forced_colours_keep_the_outlines(browser, show) -> None:
    async with tab(browser, forced_colors="active") as page:
        for name in PAGES:
            await show(page, name)
            bare = await page.evaluate(
                "[...document.querySelectorAll('.primary, .decision button, .field input')]"
                ".filter(one => getComputedStyle(one).borderStyle === 'none').length"
            )
            assert bare == 0, name
            await page.context.clear_cookies()


async def test_reduced_motion_is_respected(browser, show) -> None:
    async with tab(browser, reduced_motion="reduce") as page:
        await show(page, "login")
        duration = "getComputedStyle(document.querySelector('.primary')).transitionDuration"
        assert await page.evaluate(duration) == "0s"
