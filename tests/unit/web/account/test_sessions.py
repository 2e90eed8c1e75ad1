"""GET and POST /account/sessions, and signing out."""

import pytest

from ostiary.store.plan import SESSION_ENDED
from support.account import connect, enter, fields_of, follow, send, visit

PATH = "/account/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
async def phone(instance):
    """Another browser in which Alice is signed in."""
    async with instance.browser(ip="2001:db8:7:8::9") as phone:
        phone.http.headers["User-Agent"] = IPHONE
        await enter(phone)
        yield phone


async def test_devices_in_words_and_places_by_prefix(browser, phone) -> None:
    browser.http.headers["User-Agent"] = FIREFOX
    page = await enter(browser, PATH)
    assert page.text.index("Firefox on Linux") < page.text.index("Safari on iPhone")
    assert page.text.count("This device") == 1
    assert "192.0.2.0/24" in page.text
    assert "2001:db8:7::/48" in page.text
    assert "192.0.2.1" not in page.text
    assert "2001:db8:7:8" not in page.text


async def test_one_is_signed_out(browser, phone) -> None:
    page = await enter(browser, PATH)
    (other,) = await phone.sessions()
    page = await follow(browser, await send(browser, page, "session", other.id))
    assert "That device is signed out" in page.text
    assert other.id not in page.text
    assert (await visit(phone)).url.path == "/login"
    assert (await visit(browser)).url.path == "/account"
    (event,) = await browser.instance.events("session.revoked")
    assert (event.session_id, event.actor_id) == (other.id, "user-alice")


async def test_all_others_are_signed_out_at_once(browser, phone, instance) -> None:
    tablet = instance.browser()
    await enter(tablet)
    page = await enter(browser, PATH)
    page = await follow(browser, await send(browser, page, "others"))
    assert "All other devices are signed out" in page.text
    for other in (phone, tablet):
        assert (await visit(other)).url.path == "/login"
    assert (await visit(browser)).url.path == "/account"
    messages = await instance.store.claim_messages(instance.clock.time, 10, 60)
    assert [one.topic for one in messages] == [SESSION_ENDED] * 2


async def test_a_session_of_somebody_else_is_not_found(browser, instance) -> None:
    await instance.add_user("bob")
    bobs = instance.browser()
    await enter(bobs, "/account", "bob")
    (foreign,) = await bobs.sessions()
    page = await enter(browser, PATH)
    for session_id in (foreign.id, "nothing", ""):
        answer = await send(browser, page, "session", session=session_id)
        assert answer.status_code == 404
    assert (await visit(bobs)).url.path == "/account"


async def test_the_present_one_is_signed_out_like_any(browser) -> None:
    page = await enter(browser, PATH)
    (session,) = await browser.sessions()
    answer = await send(browser, page, "session", session.id)
    assert answer.status_code == 200
    assert "You are signed out" in answer.text
    assert (await visit(browser)).url.path == "/login"
    assert len(await browser.instance.events("auth.logout")) == 1


async def test_signing_out_ends_what_came_of_the_session(browser) -> None:
    tokens = await connect(browser, "notes", "openid")
    page = await visit(browser)
    answer = await browser.post("/account/sign-out", fields_of(page, "form_token"))
    assert answer.status_code == 200
    store = browser.instance.store
    user = await browser.instance.user("alice")
    assert await store.access_of(user, browser.instance.clock.time) == ()
    assert tokens["access_token"]


async def test_signing_out_needs_the_form_of_a_page(browser) -> None:
    page = await enter(browser, PATH)
    assert (await browser.get("/account/sign-out")).status_code == 405
    assert (await browser.post("/account/sign-out", {"form_token": "x"})).status_code == 403
    other_form = fields_of(page, "session")
    assert (await browser.post("/account/sign-out", other_form)).status_code == 403
    assert (await visit(browser)).url.path == "/account"
