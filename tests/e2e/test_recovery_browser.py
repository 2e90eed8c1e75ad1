"""Joining by invitation, registering and recovering in a real Chromium, with real mail."""

from urllib.parse import urlencode

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from support import acme
from support.app_site import Application, serve_application
from support.chromium import chromium
from support.server import Server
from support.smtp import MailServer

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NEW = "entirely different words of mine"


# One browser for all tests of this file; each test has a profile of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def application():
    with serve_application() as application:
        yield application


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailServer(tmp_path_factory.mktemp("mail")) as mail:
        yield mail


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory, mail, application: Application):
    """A server that sends mail, and on which people can register."""
    with Server(tmp_path_factory.mktemp("server"), smtp=mail.settings) as running:
        shop = acme.public_application(
            "shop",
            "OIDC_APP_TYPE_USER_AGENT",
            client_name="Shop",
            redirect_uris=[f"{application.origin}/callback"],
            initiate_login_uri="https://shop.acme.test/sign-in",
        )
        declared = acme.organization(shop)
        declared["instance"]["policies"] = {"user_registration": {"mode": "open"}}
        running.apply(declared)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser):
    context = await browser.new_context(locale="en")
    yield await context.new_page()
    await context.close()


@pytest.fixture
def begin(mail_server, application: Application):
    """The address at which signing in to Shop begins."""

    def address(**parameters: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": "shop",
            "redirect_uri": f"{application.origin}/callback",
            "scope": "openid profile email",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{mail_server.issuer}/oauth/v2/authorize?{urlencode({**asked, **parameters})}"

    return address


async def sign_in(page: Page, username: str, password: str) -> None:
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.click("button[type=submit]")


async def arrive(page: Page, application: Application) -> None:
    await page.wait_for_url(f"{application.origin}/callback?*")
    assert "code=" in page.url


async def test_invitation_password_application(page, mail_server, mail, begin, application):
    mail_server.run("user", "invite", "guest@acme.test", "--organization", "acme", "--app", "shop")
    received = mail.wait(to="guest@acme.test")
    assert "ACME invites you" in received.message["Subject"]
    await page.goto(received.link)
    assert "ticket" not in page.url
    await expect(page.locator("#username")).to_have_value("guest@acme.test")
    await page.fill("#given_name", "Gus")
    await page.fill("#new_password", NEW)
    await page.click("button[type=submit]")
    await expect(page.locator("h1")).to_have_text("Your account is ready")
    link = page.get_by_role("link", name="Go on to Shop")
    target = await link.get_attribute("href")
    assert target.startswith("https://shop.acme.test/sign-in?iss=")
    await page.goto(begin())
    await sign_in(page, "guest@acme.test", NEW)
    await arrive(page, application)
    people = mail_server.run("user", "list")
    (listed,) = [one for one in people if one["username"] == "guest@acme.test"]
    assert listed["state"] == "active"
    waiting = mail_server.run("user", "invitations")
    assert "guest@acme.test" not in {one["email"] for one in waiting}


async def test_forgotten_mail_reset_sign_in(page, mail_server, mail, begin, application):
    await page.goto(begin())
    await page.get_by_role("link", name="Forgot your password?").click()
    await page.fill("#username", acme.USERNAME)
    await page.click("button[type=submit]")
    await expect(page.locator("h1")).to_have_text("Look into your mail")
    link = mail.wait(to="alice@acme.test").link
    await page.goto(link)
    await page.fill("#new_password", "too short")
    await page.click("button[type=submit]")
    await expect(page.locator("[role=alert]")).to_be_focused()
    await page.fill("#new_password", NEW)
    await page.click("button[type=submit]")
    await page.get_by_role("link", name="Go on to Shop").click()
    await sign_in(page, acme.USERNAME, NEW)
    await arrive(page, application)
    await page.goto(link)
    await expect(page.locator("h1")).to_have_text("This link no longer works")


async def test_registering_by_code(page, mail, begin, application):
    await page.goto(begin(prompt="create", login_hint="nora@acme.test"))
    await expect(page.locator("#email")).to_have_value("nora@acme.test")
    await page.fill("#given_name", "Nora")
    await page.fill("#new_password", NEW)
    await page.click("button[type=submit]")
    await expect(page.locator("#code")).to_be_focused()
    words = mail.wait(to="nora@acme.test").part("plain").split()
    (code,) = [word for word in words if word.isdecimal() and len(word) == 6]
    await page.fill("#code", code)
    await page.click("button[type=submit]")
    await arrive(page, application)


async def test_registering_by_link(page, mail, begin, application):
    await page.goto(begin())
    await page.get_by_role("link", name="Create an account").click()
    await page.fill("#email", "otto@acme.test")
    await page.fill("#new_password", NEW)
    await page.click("button[type=submit]")
    await page.goto(mail.wait(to="otto@acme.test").link)
    await page.click("button[type=submit]")
    await arrive(page, application)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_and_nothing_spills(browser, mail_server, mail, begin, scheme):
    """WCAG 2.2 AA, on each page behind the links of the sign-in page and of mails."""
    context = await browser.new_context(locale="de", color_scheme=scheme)
    page = await context.new_page()
    address = f"{scheme}@acme.test"
    await page.goto(begin())
    await look(page, "login")
    await page.goto(begin(prompt="create"))
    await look(page, "register")
    await page.fill("#email", address)
    await page.fill("#new_password", "short")
    await page.click("button[type=submit]")
    await look(page, "register with a problem")
    await page.fill("#new_password", NEW)
    await page.click("button[type=submit]")
    await look(page, "verify")
    link = mail.wait(to=address).link
    other = await (await browser.new_context(locale="de", color_scheme=scheme)).new_page()
    await other.goto(link)
    await look(other, "confirm")
    await other.fill("#password", NEW)
    await other.click("button[type=submit]")
    await look(other, "done")
    await other.goto(begin())
    await other.get_by_role("link", name="Passwort vergessen?").click()
    await look(other, "forgot")
    await other.fill("#username", address)
    await other.click("button[type=submit]")
    await look(other, "sent")
    await other.goto(mail.wait(2, to=address).link)
    await look(other, "reset")
    guest = f"guest-{scheme}@acme.test"
    mail_server.run("user", "invite", guest, "--organization", "acme")
    await other.goto(mail.wait(to=guest).link)
    await look(other, "invitation")
    await other.goto(f"{mail_server.issuer}/login/reset?ticket=nothing")
    await look(other, "link over")
    await context.close()
    await other.context.close()


async def look(page: Page, name: str) -> None:
    """Look at a page by axe, narrow, and for what one presses."""
    results = await Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
    assert results.violations_count == 0, (name, results.generate_report())
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 640})
        spill = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, (name, width)
        small = await page.evaluate(
            "[...document.querySelectorAll('button, a, .field input')]"
            ".filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)"
            ".map(one => one.outerHTML)"
        )
        assert small == [], (name, width)
    await page.set_viewport_size({"width": 1280, "height": 720})
