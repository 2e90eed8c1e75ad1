"""Attacks on the pages of one's own account: forged forms, framing, stored markup, handles."""

import re
from html.parser import HTMLParser

import pytest

from ostiary.model.factor import TrustedDevice
from ostiary.model.user import Profile
from ostiary.oauth.authorization.entry import FRESH
from ostiary.pages.account import SECTIONS, path_of
from ostiary.web.account import routes
from support.account import application, connect, enter, fields_of, send, visit
from support.instance import PASSWORD, Browser, Instance, open_instance

PAGES = [path_of(section) for section in SECTIONS]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE users; --",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)//",
]
# The forms that change something: page, a field of the form, and what else is filled in.
FORMS = {
    "/account/profile": ("stamp", {"nickname": "Mallory"}),
    "/account/password": (
        "new_password",
        {"password": PASSWORD, "new_password": "words that nobody would guess"},
    ),
    "/account/email": ("email", {"email": "mallory@evil.test"}),
    "/account/methods": ("distrust", {}),
    "/account/sessions": ("others", {}),
    "/account/apps": ("client", {}),
    "/account/data": ("form_token", {}),
    "/account/delete": ("confirmation", {"confirmation": "alice"}),
    "/account/sign-out": ("form_token", {}),
}


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(application("notes"))
        yield instance


@pytest.fixture
async def browser(instance: Instance):
    """Alice's browser, in which she connected an app; she is signed in on a phone as well."""
    async with instance.browser() as browser:
        await enter(instance.browser())
        await connect(browser, "notes")
        now = instance.clock.time
        trusted = TrustedDevice(
            id="trusted", user_id="user-alice", created_at=now, expires_at=now + 100_000
        )
        await instance.add(trusted)
        yield browser


async def fill_in(browser: Browser, path: str) -> dict[str, str]:
    """Open a page and fill its form in."""
    field, filled = FORMS[path]
    page = await visit(browser, "/account" if path == "/account/sign-out" else path)
    form = page.text.partition(f'action="{path}"')[2]
    if field == "form_token":
        return {"form_token": form.partition('value="')[2].partition('"')[0]}
    return {**fields_of(page, field), **filled}


async def state_of(instance: Instance) -> object:
    """Return everything that these forms can change."""
    store, now = instance.store, instance.clock.time
    alice = await store.user("user-alice")
    assert alice is not None
    exported = await instance.events("account.exported")
    return (
        alice,
        await store.live_sessions(alice, now),
        await store.access_of(alice, now),
        await store.trusted_devices(alice.id),
        exported,
    )


def test_every_form_is_tried(instance: Instance) -> None:
    posted = {path for path, one in routes(instance.idp) if hasattr(one, "on_post")}
    assert posted == set(FORMS)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://sub.id.test"},
        {"Origin": "https://evil.test"},
    ],
    ids=["cross-site", "opaque", "same-site", "no-metadata"],
)
async def test_az_20_a_form_from_elsewhere_is_refused(instance, browser, path, headers) -> None:
    """Even with the right token, and with the cookies."""
    fields = await fill_in(browser, path)
    before = await state_of(instance)
    answer = await browser.post(path, fields, headers)
    assert answer.status_code == 403
    assert await state_of(instance) == before


@pytest.mark.parametrize("path", FORMS)
async def test_az_20_a_token_is_good_for_one_page_and_one_session(instance, browser, path) -> None:
    fields = await fill_in(browser, path)
    before = await state_of(instance)
    other_page = next(one for one in FORMS if one != path)
    await instance.add_user("mallory")
    mallory = instance.browser()
    await enter(mallory, "/account", "mallory")
    tokens = {
        "missing": None,
        "empty": "",
        "garbage": "1-AAAAAAAAAAAAAAAAAAAAAA",
        "of another page": (await fill_in(browser, other_page))["form_token"],
        "of the attacker": fields_of(await visit(mallory), "form_token")["form_token"],
    }
    for name, token in tokens.items():
        forged = {key: value for key, value in fields.items() if key != "form_token"}
        if token is not None:
            forged["form_token"] = token
        answer = await browser.post(path, {"a": "b", **forged})
        assert answer.status_code == 403, name
        assert await state_of(instance) == before, name
    assert len(await instance.events("csrf.blocked")) == len(tokens)


async def test_forged_forms_do_not_fill_the_audit_trail(instance, browser) -> None:
    for _ in range(15):
        answer = await browser.post("/account/apps", {"form_token": "x"})
        assert answer.status_code == 403
    assert len(await instance.events("csrf.blocked")) == 10


@pytest.mark.parametrize("path", PAGES)
async def test_az_22_nobody_frames_opens_or_caches_the_pages(browser, path) -> None:
    page = await visit(browser, path)
    assert page.url.path == path
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert "Cookie" in page.headers["vary"]
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("suffix", ["/x.css", "/", ";x.css", "%2fx.css", "/apps/x.js", "//apps"])
async def test_ht_08_no_other_spelling_shows_a_page(browser, suffix) -> None:
    answer = await browser.get(f"/account{suffix}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert "Alice" not in answer.text


async def show_all(instance: Instance, browser: Browser, text: str) -> list[list[str]]:
    """Put a text wherever others can put one, and return the tags of each page with attributes."""
    alice, evil = await instance.user("alice"), await instance.store.read_client("evil")
    assert evil is not None
    fields = dict.fromkeys(("given_name", "family_name", "nickname", "website", "gender"), text)
    await instance.change(alice, profile=Profile(**fields))
    await instance.change(evil, client_name=text, client_uri=f"javascript:{text}")
    await instance.store.revalidate()
    shown = []
    for path in PAGES:
        page = await visit(browser, path)
        assert page.url.path == path
        found = _Tags()
        found.feed(page.text)
        shown.append(found.tags)
    return shown


class _Tags(HTMLParser):
    """Collects tags and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join((tag, *(name for name, _ in attrs))))


@pytest.mark.parametrize("markup", MARKUP)
async def test_ad_14_stored_markup_is_text(instance, browser, markup) -> None:
    """In the names of apps and people, and in what a device calls itself."""
    await instance.add(application("evil"))
    evil = instance.browser()
    evil.http.headers["User-Agent"] = markup
    await enter(evil)
    await connect(evil, "evil")
    harmless = await show_all(instance, browser, "harmless")
    assert await show_all(instance, browser, markup) == harmless


async def test_se_06_no_address_holds_a_handle(instance, browser) -> None:
    (session,) = await browser.sessions()
    for path in PAGES:
        page = await visit(browser, path)
        for address in re.findall(r'(?:href|action|src)="([^"]*)"', page.text):
            assert session.id not in address
            assert session.browser_id not in address
        assert session.browser_id not in page.text
        assert browser.cookie is not None
        assert browser.cookie not in page.text


async def test_se_01_the_cookies_of_the_pages(browser) -> None:
    page = await visit(browser, "/account/profile")
    answer = await send(browser, page, "stamp", nickname="Al")
    marked = await instance_mark(browser)
    for cookie in (*answer.headers.get_list("set-cookie"), *marked):
        attributes = cookie.split("; ")[1:]
        assert cookie.startswith("__Host-ostiary_")
        assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= set(attributes)
        assert "alice" not in cookie


async def instance_mark(browser: Browser) -> list[str]:
    """Return the cookies that say for whom the pages are open, as they are set anew."""
    browser.http.cookies.delete("__Host-ostiary_account")
    cookies = (await browser.get("/account")).headers.get_list("set-cookie")
    assert any("ostiary_account" in cookie for cookie in cookies)
    return cookies


async def test_rt_09_the_mark_of_the_pages_is_no_token(instance, browser) -> None:
    await visit(browser)
    mark = browser.http.cookies.get("__Host-ostiary_account")
    assert mark is not None
    async with instance.program() as http:
        headers = {"Authorization": f"Bearer {mark}"}
        assert (await http.get("/oidc/v1/userinfo", headers=headers)).status_code == 401
    # Nor is it the cookie of a browser.
    thief = instance.browser()
    thief.http.cookies.set("__Host-ostiary_browser", mark, domain="id.test", path="/")
    assert (await visit(thief)).url.path == "/login"


async def test_se_04_a_password_changed_elsewhere_closes_the_pages(instance, browser) -> None:
    page = await visit(browser, "/account/profile")
    instance.clock.time += 1
    alice = await instance.user("alice")
    await instance.change(alice, credentials_changed_at=instance.clock.time)
    answer = await send(browser, page, "stamp", nickname="Mallory")
    assert "/login?" in (await visit(browser, answer.headers["location"])).url.raw_path.decode()
    assert (await instance.user("alice")).profile.nickname is None


async def test_a_notice_cannot_be_made_up(browser) -> None:
    """Nobody is told that something was done which was not."""
    for value in ("password_changed", "password_changed.1-AAAAAAAAAAAAAAAAAAAAAA", ".", "x.y"):
        browser.http.cookies.set("__Host-ostiary_notice", value, domain="id.test", path="/")
        page = await browser.get("/account")
        assert page.status_code == 200
        assert 'role="status"' not in page.text


async def test_a_session_left_open_gives_away_no_credentials(instance, browser) -> None:
    """Whoever finds the browser cannot change what protects the account, nor take it all away."""
    instance.clock.time += FRESH + 1
    for path in ("/account/password", "/account/data", "/account/delete"):
        assert (await visit(browser, path)).url.path == "/login"
