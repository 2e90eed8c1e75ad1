"""The account pages in a real Chromium: one app is removed and others go on; for everybody."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from ostiary.pages.account import SECTIONS, path_of
from support import acme
from support.app_site import serve_application
from support.chromium import chromium, tab

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = [path_of(section) for section in SECTIONS]
WIDTHS = [1280, 768, 320]

# One browser for all tests of this file; each test has a profile of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


class App:
    """An application that somebody signs in to, and that calls the token endpoint itself."""

    def __init__(self, server, site, client_id: str) -> None:
        self.server, self.site = server, site
        self.metadata = acme.web_application(
            client_id,
            redirect_uris=[f"{site.origin}/callback"],
            require_consent=True,
            client_uri="https://shop.acme.test/",
        )
        self.tokens: dict[str, str] = {}

    async def sign_in(self, page: Page) -> None:
        """Send the person through sign-in and consent, and take the tokens."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.metadata["client_id"],
            "redirect_uri": self.metadata["redirect_uris"][0],
            "scope": "openid profile email offline_access",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        await page.goto(f"{self.server.issuer}/oauth/v2/authorize?{urlencode(asked)}")
        await sign_in(page)
        if "/consent" in page.url:
            await page.wait_for_timeout(600)  # the guard against a click that was not meant
            await page.click('button[name="decision"][value="allow"]')
        await page.wait_for_url(f"{self.site.origin}/callback?**")
        code = parse_qs(urlsplit(page.url).query)["code"][0]
        answer = self.ask(
            grant_type="authorization_code",
            code=code,
            redirect_uri=asked["redirect_uri"],
            code_verifier=verifier,
        )
        self.tokens = answer.json()

    def refresh(self) -> httpx.Response:
        """Refresh the tokens, and keep the new ones."""
        token = self.tokens["refresh_token"]
        answer = self.ask(grant_type="refresh_token", refresh_token=token)
        if answer.is_success:
            self.tokens = answer.json()
        return answer

    def userinfo(self) -> httpx.Response:
        """Ask who the person is."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return httpx.get(f"{self.server.issuer}/oidc/v1/userinfo", headers=headers)

    def ask(self, **fields: str) -> httpx.Response:
        """Ask the token endpoint."""
        credentials = (self.metadata["client_id"], self.metadata["client_secret"])
        return httpx.post(f"{self.server.issuer}/oauth/v2/token", data=fields, auth=credentials)


async def sign_in(page: Page) -> None:
    """Sign in, if that is asked for."""
    if "/login?" in page.url:
        await page.fill("#username", acme.USERNAME)
        await page.fill("#password", acme.PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(lambda url: "/login?" not in url)


@pytest.fixture
def apps(server):
    with serve_application() as first, serve_application() as second:
        made = [App(server, first, "account-photos"), App(server, second, "account-notes")]
        server.apply(acme.organization(*(app.metadata for app in made)))
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def open_account(page: Page, server, path: str = "/account") -> None:
    """Go to a page of the account, and sign in on the way."""
    await page.goto(server.issuer + path)
    await sign_in(page)
    await page.wait_for_url(server.issuer + path)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_removing_one_app_leaves_the_other(server, browser, apps, javascript) -> None:
    photos, notes = apps
    async with tab(browser, java_script_enabled=javascript, locale="en") as page:
        await photos.sign_in(page)
        await notes.sign_in(page)
        await open_account(page, server)
        await page.click("main >> text=Connected apps")
        await page.wait_for_url("**/account/apps")
        await expect(page.locator("main h2")).to_contain_text(["Account notes", "Account photos"])
        row = page.locator("li", has_text="Account photos")
        await row.locator("summary").click()
        await row.locator("button").click()
        await expect(page.locator("[role=status]")).to_contain_text("can no longer use")
        await expect(page.locator("main h2", has_text="Account photos")).to_have_count(0)
        await expect(page.locator("main h2", has_text="Account notes")).to_have_count(1)
        assert photos.refresh().json()["error"] == "invalid_grant"
        assert photos.userinfo().status_code == 401
        assert notes.userinfo().json()["email"] == "alice@acme.test"
        assert notes.refresh().status_code == 200
        assert notes.refresh().status_code == 200
        # Coming back to the one that was removed, the person is asked again.
        await page.goto("about:blank")
        await photos.sign_in(page)
        assert photos.refresh().status_code == 200


async def test_the_whole_round_by_clicks(server, browser) -> None:
    """Every page is reached by links, says where one is, and leads back."""
    async with tab(browser, locale="en") as page:
        await open_account(page, server)
        for path in PATHS:
            await page.click(f'nav a[href="{path}"]')
            await page.wait_for_url(server.issuer + path)
            await expect(page.locator("nav [aria-current=page]")).to_have_attribute("href", path)
        await page.set_viewport_size({"width": 320, "height": 640})
        await expect(page.locator("nav")).to_be_hidden()
        await page.click(".back a")
        await page.wait_for_url(server.issuer + "/account")
        await page.click("header >> text=Sign out")
        await expect(page.locator("h1")).to_have_text("You are signed out")
        await page.goto(server.issuer + "/account")
        assert "/login?" in page.url


async def test_a_copy_of_the_data_is_a_download(server, browser) -> None:
    async with tab(browser, locale="en") as page:
        await open_account(page, server, "/account/data")
        async with page.expect_download() as download:
            await page.click("main button[type=submit]")
        assert (await download.value).suggested_filename.endswith(".json")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(server, browser, apps, scheme, language) -> None:
    options = {"color_scheme": scheme, "locale": language}
    async with tab(browser, **options, viewport={"width": 320, "height": 640}) as page:
        await apps[0].sign_in(page)
        await set_language(page, server, language)
        for path in PATHS:
            await open_account(page, server, path)
            assert await page.locator("html").get_attribute("lang") == language
            if path == "/account/apps":
                await page.locator("summary").first.click()
            await check(page, path)
            await page.set_viewport_size({"width": 1280, "height": 800})
            await check(page, path)
            await page.set_viewport_size({"width": 320, "height": 640})
        await show_problem(page, server)
        await check(page, "a problem")
        await set_language(page, server, "en")


async def set_language(page: Page, server, language: str) -> None:
    """Choose the language on the profile page."""
    await open_account(page, server, "/account/profile")
    await page.select_option("#locale", language)
    await page.click("main button[type=submit]")
    await expect(page.locator("[role=status]")).to_be_visible()


async def show_problem(page: Page, server) -> None:
    """Save a profile that does not fit."""
    await open_account(page, server, "/account/profile")
    await page.fill("#birthdate", "yesterday")
    await page.click("main button[type=submit]")
    await expect(page.locator("[role=alert]")).to_be_focused()


async def check(page: Page, name: str) -> None:
    await page.wait_for_timeout(200)  # transitions
    results = await Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
    assert results.violations_count == 0, (name, results.generate_report())


async def test_wcag_1_4_10_and_2_5_8_narrow_and_large_enough(server, browser, apps) -> None:
    """Nothing scrolls sideways, also from right to left, and what one presses is 44 pixels high."""
    async with tab(browser, locale="en") as page:
        await apps[0].sign_in(page)
        for path in PATHS:
            await open_account(page, server, path)
            if path == "/account/apps":
                await page.locator("summary").first.click()
            for direction in ("ltr", "rtl"):
                await page.evaluate(f"document.documentElement.dir = '{direction}'")
                for width in WIDTHS:
                    await page.set_viewport_size({"width": width, "height": 640})
                    spill = await page.evaluate(
                        "document.documentElement.scrollWidth"
                        " - document.documentElement.clientWidth"
                    )
                    assert spill <= 0, (path, width, direction)
            heights = await page.evaluate(
                "[...document.querySelectorAll("
                "'button, a:not(.skip), .field input, select, textarea, summary, .check label')]"
                ".filter(one => one.checkVisibility())"
                ".map(one => [one.outerHTML, one.getBoundingClientRect().height])"
            )
            small = [html for html, height in heights if height < 43.5]
            assert not small, (path, small)


async def test_wcag_1_4_4_text_at_twice_the_size_fits(server, browser) -> None:
    async with tab(browser, viewport={"width": 640, "height": 900}, locale="en") as page:
        await open_account(page, server)
        for path in PATHS:
            await open_account(page, server, path)
            await page.evaluate(
                "document.documentElement.attributeStyleMap.set('font-size', '200%')"
            )
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, path


async def test_wcag_2_4_1_the_first_key_leads_past_the_menu(server, browser) -> None:
    async with tab(browser, locale="en") as page:
        await open_account(page, server)
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await expect(page.locator(".skip")).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator("main a").first).to_be_focused()
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
