"""Passkeys, apps, mail and recovery codes in a real Chromium, by clicking through the pages.

Passkeys are Chromium's own virtual authenticator: the browser, its checks and the page's script
are the real ones.
"""

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from ostiary.identity import totp
from support import acme
from support.app_site import Application, serve_application
from support.chromium import chromium
from support.factors import read_secret
from support.mailbox import mailed_code
from support.virtual_authenticator import plug_in

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WITHOUT_SUGGESTIONS = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"

# One browser for all tests of this file; each test has a profile of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(params=[True, False], ids=["script", "no-script"], loop_scope="module")
async def context(browser, request):
    """A profile of its own, with and without JavaScript."""
    return await browser.new_context(java_script_enabled=request.param)


@pytest.fixture
def application():
    with serve_application() as application:
        yield application


@pytest.fixture
def person(server) -> str:
    """Somebody new, so that tests can run at once."""
    name = f"p{len(_people)}-{id(_people):x}"
    _people.append(name)
    configuration = acme.organization()
    (organization,) = configuration["organizations"]
    organization["users"].append(
        {
            "username": name,
            "password": {"plain": acme.PASSWORD},
            "email": {"address": f"{name}@acme.test", "verified": True},
            "profile": {"given_name": "Paula", "family_name": "Poe"},
        }
    )
    server.apply(configuration)
    return name


_people: list[str] = []


@pytest.fixture
def shop(register, application: Application) -> dict[str, Any]:
    return register(
        acme.public_application(
            f"factors-{application.origin.rpartition(':')[2]}",
            "OIDC_APP_TYPE_USER_AGENT",
            client_name="Shop",
            redirect_uris=[f"{application.origin}/callback"],
        )
    )


@pytest.fixture
def begin(server, shop, application: Application):
    """The address at which signing in to Shop begins."""

    def address(**parameters: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": shop["client_id"],
            "redirect_uri": f"{application.origin}/callback",
            "scope": "openid",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{server.issuer}/oauth/v2/authorize?{urlencode({**asked, **parameters})}"

    return address


@pytest.fixture
def claims(server, shop, application: Application):
    """What the ID token says that comes of the code on the application's page."""

    async def redeem(page: Page) -> dict[str, Any]:
        await page.wait_for_url(f"{application.origin}/callback?**")
        query = parse_qs(urlsplit(page.url).query)
        assert "code" in query, page.url
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{server.issuer}/oauth/v2/token",
                data={
                    "grant_type": "authorization_code",
                    "client_id": shop["client_id"],
                    "redirect_uri": f"{application.origin}/callback",
                    "code": query["code"][0],
                    "code_verifier": VERIFIER,
                },
            )
        return read_claims(answer.json()["id_token"])

    return redeem


def read_claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


async def sign_in(page: Page, name: str) -> None:
    await page.fill("#username", name)
    await page.fill("#password", acme.PASSWORD)
    await page.click("form[data-once] button[type=submit]")


async def create_passkey(page: Page) -> None:
    await page.click("text=Passkey")
    await page.fill("#name", "Laptop")
    await page.click("button:has-text('Create passkey')")
    await expect(page.locator("h1")).to_have_text("Keep your recovery codes")


async def set_up_totp(page: Page) -> tuple[bytes, list[str]]:
    """Set up an app; return its secret, and the recovery codes."""
    await page.click("text=Authenticator app")
    await expect(page.locator(".qr svg")).to_be_visible()
    secret = read_secret(await page.content())
    await page.fill("#otp", totp.make_code(secret, _now() // totp.STEP))
    await page.click("button:has-text('Confirm')")
    await expect(page.locator("h1")).to_have_text("Keep your recovery codes")
    codes = await page.locator(".codes code").all_text_contents()
    await page.click("text=I have kept them")
    return secret, codes


def _now() -> int:
    return int(time.time())


async def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a tab that notes what breaks the page's own policy."""
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if "status of 4" not in message.text else None
        ),
    )
    return page, problems


async def test_a_passkey_is_made_fills_itself_in_and_signs_in_alone(
    browser, begin, person, claims, server
) -> None:
    context = await browser.new_context()
    page, problems = await watched(context)
    authenticator = await plug_in(page)
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    await create_passkey(page)
    await page.click("text=I have kept them")
    first = await claims(page)
    assert (first["acr"], first["amr"]) == ("phr", ["pwd", "swk", "pop", "user", "mfa"])
    (credential,) = await authenticator.credentials()
    assert credential["rpId"] == "localhost"
    assert credential["isResidentCredential"]
    # Nobody types anything: the browser suggests the passkey, and its owner agrees.
    await context.clear_cookies()
    await page.goto(begin())
    second = await claims(page)
    assert (second["acr"], second["amr"]) == ("phr", ["swk", "pop", "user", "mfa"])
    assert second["sub"] == first["sub"]
    assert not problems
    # Where the browser suggests nothing, there is the button.
    await context.clear_cookies()
    await page.add_init_script(WITHOUT_SUGGESTIONS)
    await page.goto(begin())
    await page.check("#remember")
    await page.click("button:has-text('Sign in with a passkey')")
    assert (await claims(page))["sub"] == first["sub"]
    cookies = {cookie["name"]: cookie for cookie in await context.cookies(server.issuer)}
    assert cookies["ostiary_browser"]["expires"] > 0


async def test_wa_01_whoever_is_not_verified_gets_no_further(browser, begin, person) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    authenticator = await plug_in(page)
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    await create_passkey(page)
    await context.clear_cookies()
    await authenticator.do("setUserVerified", isUserVerified=False)
    await page.add_init_script(WITHOUT_SUGGESTIONS)
    await page.goto(begin())
    await page.click("button:has-text('Sign in with a passkey')")
    await expect(page.locator("[data-failed]")).to_contain_text("Nothing came of that")
    assert "/login?" in page.url


async def test_an_account_without_a_password(browser, begin, person, claims, server) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await plug_in(page, synced=False)
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    await create_passkey(page)
    server.run("user", "remove-password", person, "--yes")
    await context.clear_cookies()
    await page.goto(begin())
    found = await claims(page)
    # It cannot leave its device, by what it says of itself.
    assert (found["acr"], found["amr"]) == ("phrh", ["hwk", "pop", "user", "mfa"])
    other = await (await browser.new_context()).new_page()
    await other.goto(begin())
    await sign_in(other, person)
    await expect(other.locator("[role=alert]")).to_contain_text("do not match")


async def test_stepping_up(browser, begin, person, claims) -> None:
    """RFC 9470, 5: an application asks for more than the session is worth."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    secret, _ = await set_up_totp(page)
    assert (await claims(page))["acr"] == "urn:ostiary:acr:2fa"
    authenticator = await plug_in(page)
    await page.goto(begin(prompt="enrol"))
    await page.click("text=Passkey")
    await page.click("button:has-text('Create passkey')")
    assert (await claims(page))["acr"] == "phr"
    # In another browser: password and app first, and the passkey once it is asked for.
    (credential,) = await authenticator.credentials()
    elsewhere = await (await browser.new_context()).new_page()
    await elsewhere.goto(begin())
    await sign_in(elsewhere, person)
    await elsewhere.click("text=Try another way")
    await elsewhere.click("text=Authenticator app")
    await elsewhere.fill("#otp", totp.make_code(secret, _now() // totp.STEP + 1))
    await elsewhere.click("button:has-text('Continue')")
    assert (await claims(elsewhere))["acr"] == "urn:ostiary:acr:2fa"
    other = await plug_in(elsewhere)
    await other.do("addCredential", credential=credential)
    await elsewhere.goto(begin(acr_values="phr"))
    await expect(elsewhere.locator("h1")).to_have_text("Use your passkey")
    await elsewhere.click("button:has-text('Use passkey')")
    assert (await claims(elsewhere))["acr"] == "phr"
    # What nobody can do here is a wish that stays one.
    await elsewhere.goto(begin(acr_values="phrh"))
    assert (await claims(elsewhere))["acr"] == "phr"


async def test_an_app_then_a_recovery_code(context, begin, person, claims) -> None:
    page = await context.new_page()
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    secret, codes = await set_up_totp(page)
    first = await claims(page)
    assert (first["acr"], first["amr"]) == ("urn:ostiary:acr:2fa", ["pwd", "otp", "mfa"])
    await context.clear_cookies()
    await page.goto(begin())
    await sign_in(page, person)
    await page.fill("#otp", "000000")
    await page.click("button:has-text('Continue')")
    assert (await page.title()).startswith("Error: ")
    await page.fill("#otp", totp.make_code(secret, _now() // totp.STEP + 1))
    await page.check("#remember")
    await page.click("button:has-text('Continue')")
    assert (await claims(page))["acr"] == "urn:ostiary:acr:2fa"
    # Here it is not asked for again; elsewhere it is, and a recovery code does.
    await page.goto(begin(prompt="login"))
    await sign_in(page, person)
    assert (await claims(page))["acr"] == "urn:ostiary:acr:1fa"
    await context.clear_cookies()
    await page.goto(begin())
    await sign_in(page, person)
    await page.click("text=Try another way")
    await page.click("text=Recovery code")
    await page.fill("#recovery_code", codes[4].lower())
    await page.click("button:has-text('Continue')")
    assert (await claims(page))["acr"] == "urn:ostiary:acr:2fa"


async def test_a_code_by_mail(context, begin, person, claims, server) -> None:
    page = await context.new_page()
    await page.goto(begin(prompt="enrol"))
    await sign_in(page, person)
    await page.click("text=Code by email")
    await page.click("button:has-text('Send the code')")
    await expect(page.locator("#code")).to_be_visible()
    await page.fill("#code", mailed_code(server, person))
    await page.click("button:has-text('Continue')")
    await page.click("text=I have kept them")
    assert (await claims(page))["amr"] == ["pwd", "otp", "mfa"]
    await context.clear_cookies()
    await page.goto(begin())
    await sign_in(page, person)
    await page.click("button:has-text('Send the code')")
    await page.fill("#code", mailed_code(server, person))
    await page.click("button:has-text('Continue')")
    assert (await claims(page))["acr"] == "urn:ostiary:acr:2fa"


@pytest.mark.parametrize("look", [("light", "en"), ("dark", "de")], ids="-".join)
async def test_axe_and_narrow_windows(browser, begin, person, look) -> None:
    scheme, language = look
    context = await browser.new_context(color_scheme=scheme, locale=language)
    page, problems = await watched(context)
    await plug_in(page)

    async def inspect(name: str) -> None:
        await page.wait_for_timeout(200)
        for width in (1280, 320):
            await page.set_viewport_size({"width": width, "height": 640})
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, (name, width)
            heights = await page.evaluate(
                "[...document.querySelectorAll('button, a, summary, .field input, .check label')]"
                ".filter(one => one.checkVisibility())"
                ".map(one => [one.outerHTML, one.getBoundingClientRect().height])"
            )
            assert not [html for html, height in heights if height < 43.5], (name, width)
        found = await Axe().run(page, options={"runOnly": STANDARDS})
        assert found.violations_count == 0, (name, found.generate_report())

    await page.goto(begin(prompt="enrol", ui_locales=language))
    await inspect("login")
    await sign_in(page, person)
    await inspect("enrol")
    flow = page.url.partition("?")[2]
    origin = page.url.partition("/login")[0]
    for path in ("enrol/passkey", "enrol/email-code", "enrol/totp"):
        await page.goto(f"{origin}/login/{path}?{flow}")
        await inspect(path)
    secret = read_secret(await page.content())
    await page.fill("#otp", "000000")
    await page.click("button.primary")
    await inspect("enrol/totp with a problem")
    await page.fill("#otp", totp.make_code(secret, _now() // totp.STEP))
    await page.click("button.primary")
    await inspect("recovery codes")
    await page.goto(f"{origin}/login/enrol/passkey?{flow}")
    await page.click("button.primary")
    await page.wait_for_url("**/callback?**")
    await context.clear_cookies()
    other, more = await watched(await browser.new_context(color_scheme=scheme, locale=language))
    page = other
    await page.goto(begin(ui_locales=language))
    await sign_in(page, person)
    await inspect("passkey")
    await page.click(".aside a")
    await inspect("other way")
    flow = page.url.partition("?")[2]
    for path in ("totp", "recovery-code"):
        await page.goto(f"{origin}/login/{path}?{flow}")
        await inspect(path)
    assert not problems + more
