"""GET /account/activity: one's own events, in words, by kind and by pages."""

import pytest

from ostiary.model.event import Event, Result
from ostiary.oauth.effects import Emit
from ostiary.pages.languages import load_languages
from ostiary.web.account.activity import SEEN
from support.account import connect, enter, visit
from support.instance import PASSWORD

PATH = "/account/activity"


@pytest.mark.parametrize("tag", sorted(load_languages()))
@pytest.mark.parametrize("kind", SEEN)
def test_every_event_that_is_seen_has_words(tag, kind) -> None:
    assert load_languages()[tag].has(f"account.event.{kind}")


async def test_what_happened_in_words(browser) -> None:
    await browser.instance.browser().sign_in("alice", "wrong")
    await enter(browser)
    await connect(browser, "music")
    page = await visit(browser, PATH)
    allowed = page.text.index("Access allowed")
    signed_in = page.text.index("<h2>Signed in")
    failed = page.text.index("Sign-in failed")
    assert allowed < signed_in < failed
    assert "<dt>App</dt><dd><bdi>Music" in page.text[allowed:signed_in]
    assert PASSWORD not in page.text


async def test_it_is_filtered_by_kind(browser) -> None:
    await enter(browser)
    await connect(browser, "music")
    page = await visit(browser, f"{PATH}?show=apps")
    assert "Access allowed" in page.text
    assert "<h2>Signed in" not in page.text
    page = await visit(browser, f"{PATH}?show=sign_ins")
    assert "Access allowed" not in page.text
    assert "<h2>Signed in" in page.text
    assert "Nothing yet" in (await visit(browser, f"{PATH}?show=changes")).text


async def test_it_comes_in_pages(browser) -> None:
    instance = browser.instance
    await enter(browser)
    for n in range(60):
        event = Event(type="role.granted", at=n, actor_type="user", user_id="user-alice")
        await instance.apply(Emit(event))
    seen, path = 0, f"{PATH}?show=changes"
    for _ in range(3):
        page = await visit(browser, path)
        seen += page.text.count("<h2>Role given")
        _, found, rest = page.text.partition('">Older</a>')
        path = page.text[: -len(rest) - len(found)].rpartition('href="')[2] if found else ""
        path = path.replace("&amp;", "&")
    assert seen == 60
    assert path == ""


@pytest.mark.parametrize(
    "query",
    ["show=everything", "before=-1", "before=x", "before=" + "9" * 30, "show=%3Cscript%3E", "a=b"],
)
async def test_hostile_queries_show_the_beginning(browser, query) -> None:
    await enter(browser)
    page = await visit(browser, f"{PATH}?{query}")
    assert page.status_code == 200
    assert "<h2>Signed in" in page.text
    assert "<script>" not in page.text


async def test_nobody_sees_the_events_of_others(browser) -> None:
    instance = browser.instance
    await instance.add_user("bob")
    bobs = instance.browser()
    await enter(bobs, "/account", "bob")
    await connect(bobs, "music")
    await enter(browser)
    assert "Music" not in (await visit(browser, PATH)).text


async def test_where_an_administrator_works_from_is_not_told(browser) -> None:
    event = Event(
        type="account.locked",
        at=browser.instance.clock.time,
        result=Result.SUCCESS,
        actor_type="user",
        actor_id="user-root",
        user_id="user-alice",
        ip="203.0.113.77",
        user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
    )
    await browser.instance.apply(Emit(event))
    page = await enter(browser, PATH)
    assert "By an administrator" in page.text
    assert "203.0.113" not in page.text
    assert "Windows" not in page.text
    assert "user-root" not in page.text
