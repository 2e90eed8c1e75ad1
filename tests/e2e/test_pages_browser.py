"""The pages in a real Chromium against a real server: with and without JavaScript."""

import re
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from support import acme
from support.app_site import Application, serve_application
from support.chromium import chromium, noting

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


# One browser for all tests of this file; each test has a profile of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def application():
    with serve_application() as application:
        yield application


@pytest.fixture
def shop(register, application: Application):
    """A third-party application that asks for consent."""
    client_id = f"shop-{application.origin.rpartition(':')[2]}"
    return register(
        acme.public_application(
            client_id,
            "OIDC_APP_TYPE_USER_AGENT",
            client_name="Shop",
            redirect_uris=[f"{application.origin}/callback"],
            allowed_scopes=["openid", "profile", "email", "offline_access"],
            require_consent=True,
        )
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@pytest.fixture
def begin(server, shop, application: Application):
    """The address at which signing in to Shop begins."""

    def address(**parameters: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": shop["client_id"],
            "redirect_uri": f"{application.origin}/callback",
            "scope": "openid profile email offline_access",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        return f"{server.issuer}/oauth/v2/authorize?{urlencode({**asked, **parameters})}"

    return address


async def sign_in(page: Page, password: str = acme.PASSWORD) -> None:
    # Nobody types before the page has put the focus where they will.
    await page.wait_for_selector(":focus")
    await page.fill('input[name="username"]', acme.USERNAME)
    await page.fill('input[name="password"]', password)
    await page.click('button[type="submit"]')


async def decide(page: Page, decision: str) -> None:
    await page.click(f'button[name="decision"][value="{decision}"]')


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
async def test_signing_in_and_consenting(browser, begin, application, javascript, mode) -> None:
    context = await browser.new_context(java_script_enabled=javascript)
    page = await context.new_page()
    problems = []
    page.on("console", noting(problems))
    await page.goto(begin(response_mode=mode))
    assert await page.title() == "Sign in · Shop"
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Allow access?")
    await decide(page, "allow")
    if mode == "form_post" and not javascript:
        await page.click('button[type="submit"]')
    await page.wait_for_url(f"{application.origin}/callback**")
    method, path, _ = application.requests[0]
    assert (method, path.partition("?")[0]) == (
        "POST" if mode == "form_post" else "GET",
        "/callback",
    )
    assert not problems


async def test_a_wrong_password_is_explained_and_has_the_focus(browser, begin) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await sign_in(page, "wrong")
    assert await page.title() == "Error: Sign in · Shop"
    problem = page.locator("[role=alert]")
    await expect(problem).to_be_focused()
    await expect(problem).to_contain_text("do not match")
    await expect(page.locator("#username")).to_have_value(acme.USERNAME)
    await expect(page.locator("#password")).to_have_value("")
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Allow access?")


async def test_deny_goes_back_to_the_application(browser, begin, application) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await sign_in(page)
    await decide(page, "deny")
    await page.wait_for_url(f"{application.origin}/callback**")
    assert "error=access_denied" in page.url
    assert "state=s1" in page.url


async def test_a_callback_that_redirects_twice_is_reached(browser, begin, application) -> None:
    """Chromium holds redirects after a form post to the page's form-action: there is none."""
    with serve_application() as second, serve_application() as third:
        application.redirects["/callback"] = f"{second.origin}/hop"
        second.redirects["/hop"] = f"{third.origin}/end"
        page = await browser.new_page()
        await page.goto(begin())
        await sign_in(page)
        await decide(page, "allow")
        await page.wait_for_url(f"{third.origin}/end?code=**")
        assert third.received("/end")


async def test_az_26_the_application_does_not_learn_where_one_comes_from(
    browser, begin, application
) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await sign_in(page)
    await decide(page, "allow")
    await page.wait_for_url(f"{application.origin}/callback**")
    ((_, headers),) = application.received("/callback")
    assert "referer" not in headers


async def test_az_22_no_page_can_be_framed(browser, begin, application) -> None:
    page = await browser.new_page()
    application.pages["/frame"] = f'<iframe src="{begin()}"></iframe>'
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    await page.goto(f"{application.origin}/frame")
    await page.wait_for_load_state("networkidle")
    frame = page.frames[-1]
    assert await frame.locator("form").count() == 0
    assert any("frame-ancestors" in text for text in refused)


async def test_az_20_a_form_on_another_site_does_nothing(browser, begin, application) -> None:
    """With the victim's cookies in the jar: SameSite, Fetch Metadata and token are in the way."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(begin())
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Allow access?")
    token = await page.locator('input[name="form_token"]').get_attribute("value")
    application.pages["/attack"] = (
        f'<form method="post" action="{page.url}">'
        f'<input name="form_token" value="{token}"><input name="decision" value="allow">'
        "</form><script>document.forms[0].submit()</script>"
    )
    attack = await context.new_page()
    async with attack.expect_response(lambda response: "/consent" in response.url) as answer:
        await attack.goto(f"{application.origin}/attack")
    assert (await answer.value).status == 403
    await decide(page, "allow")
    await page.wait_for_url(f"{application.origin}/callback?code=**")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_az_23_a_press_right_after_the_page_appears_does_not_count(
    browser, begin, application, javascript
) -> None:
    """Double-click jacking: the button was not there when the person aimed."""
    context = await browser.new_context(java_script_enabled=javascript)
    page = await context.new_page()
    await page.goto(begin())
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Allow access?")
    # The page appears anew, and the press comes with its first frame.
    box = await page.locator('button[value="allow"]').bounding_box()
    assert box is not None
    await page.reload(wait_until="commit")
    await page.locator('button[value="allow"]').wait_for()
    await page.mouse.click(box["x"] + 20, box["y"] + 20)
    assert "/consent" in page.url
    await page.wait_for_timeout(600)
    assert "/consent" in page.url
    await page.mouse.click(box["x"] + 20, box["y"] + 20)
    await page.wait_for_url(f"{application.origin}/callback**")


async def test_az_23_a_press_right_after_the_window_comes_back_does_not_count(
    browser, begin, application
) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await sign_in(page)
    button = page.locator('button[value="allow"]')
    await page.wait_for_timeout(700)
    assert await button.evaluate("button => getComputedStyle(button).pointerEvents") == "auto"
    for event in (
        "window.dispatchEvent(new Event('focus'))",
        "document.dispatchEvent(new Event('visibilitychange'))",
    ):
        after = await button.evaluate(
            f"button => {{ {event}; return getComputedStyle(button).pointerEvents }}"
        )
        assert after == "none"
        await page.wait_for_timeout(700)
        assert await button.evaluate("button => getComputedStyle(button).pointerEvents") == "auto"
    assert not await button.is_disabled()


async def test_the_password_can_be_shown(browser, begin) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await page.fill("#password", "secret")
    button = page.get_by_role("button", name="Show password")
    await button.click()
    assert await page.locator("#password").get_attribute("type") == "text"
    await page.get_by_role("button", name="Hide password").click()
    assert await page.locator("#password").get_attribute("type") == "password"


async def test_without_script_there_is_no_button_that_does_nothing(browser, begin) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(begin())
    await expect(page.locator("button:visible")).to_have_count(1)


async def test_a_double_press_sends_one_form(browser, begin) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    await page.fill("#username", acme.USERNAME)
    await page.fill("#password", acme.PASSWORD)
    await page.evaluate(
        "() => { const button = document.querySelector('button[type=submit]');"
        " button.click(); button.click(); }"
    )
    await expect(page.locator("h1")).to_have_text("Allow access?")
    assert len(sent) == 1


async def test_the_back_button_after_the_end_shows_a_way_on(browser, begin, application) -> None:
    page = await browser.new_page()
    await page.goto(begin())
    await sign_in(page)
    await decide(page, "allow")
    await page.wait_for_url(f"{application.origin}/callback**")
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("You have already signed in")


async def test_a_second_visit_needs_no_sign_in(browser, begin, application) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(begin())
    await sign_in(page)
    await decide(page, "allow")
    await page.wait_for_url(f"{application.origin}/callback**")
    await page.goto(begin(prompt="", scope="openid"))
    await page.wait_for_url(f"{application.origin}/callback**")
    await page.goto(begin(prompt="select_account"))
    await expect(page.locator("h1")).to_have_text("Choose an account")
    await page.click("text=Alice Adams")
    await page.wait_for_url(f"{application.origin}/callback**")


async def test_a_first_visit_weighs_less_than_15_kb(browser, begin) -> None:
    """On the wire, as Chromium counts it: headers, page, style, script and icon."""
    context = await browser.new_context()
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(begin())
    await page.wait_for_load_state("networkidle")
    first, count = sum(sizes), len(sizes)
    assert 3 <= count <= 6
    assert first <= 15_000
    sizes.clear()
    await page.goto(begin())
    await page.wait_for_load_state("networkidle")
    assert sum(sizes) <= 5_000


async def test_cookies_in_the_browser(browser, begin, server) -> None:
    """On a loopback issuer by http, as in development."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(begin())
    before = {cookie["name"]: cookie for cookie in await context.cookies(server.issuer)}
    await sign_in(page)
    await expect(page.locator("h1")).to_have_text("Allow access?")
    after = {cookie["name"]: cookie for cookie in await context.cookies(server.issuer)}
    assert set(before) == {"ostiary_browser"}
    assert set(after) == {"ostiary_browser", "ostiary_device", "ostiary_state"}
    assert before["ostiary_browser"]["value"] != after["ostiary_browser"]["value"]
    for name, cookie in after.items():
        # The frame of session management reads, on other sites, whether a session changed.
        frame = name == "ostiary_state"
        assert cookie["httpOnly"] is not frame
        assert cookie["sameSite"] == ("None" if frame else "Lax")
        assert cookie["path"] == "/"
    assert after["ostiary_browser"]["expires"] == -1
    assert re.fullmatch(r"\w{43}", after["ostiary_browser"]["value"])
    state = after["ostiary_state"]["value"]
    assert await page.evaluate("document.cookie") == f"ostiary_state={state}"
