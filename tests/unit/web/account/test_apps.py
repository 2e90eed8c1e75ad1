"""GET and POST /account/apps: what each application may do, and the end of one of them."""

import pytest

from ostiary.oauth.logout.notice import TOPIC
from support.account import application, connect, enter, follow, refresh, send, userinfo, visit

PATH = "/account/apps"
DAY = 86400


async def test_each_application_with_what_it_may(browser) -> None:
    await connect(browser, "music", "openid email offline_access orders.read")
    await connect(browser, "notes", "openid")
    browser.instance.clock.time += 3600
    page = await visit(browser, PATH)
    music, notes = page.text.index("<bdi>Music"), page.text.index("<bdi>Notes")
    assert music < notes
    of_music, of_notes = page.text[music:notes], page.text[notes:]
    assert "Also while you are away" in of_music
    assert "See your email address" in of_music
    assert "<code>orders.read</code>" in of_music
    assert "January 15, 2027, 8:00" in of_music
    assert 'href="https://music.test/"' in of_music
    assert "Also while you are away" not in of_notes
    assert "email" not in of_notes


async def test_when_it_was_used_last_costs_no_write_of_its_own(browser) -> None:
    instance = browser.instance
    tokens = await connect(browser, "notes")
    instance.clock.time += 2 * DAY
    tokens = (await refresh(instance, "notes", tokens)).json()
    page = await enter(browser, PATH)
    assert "<dt>Since</dt><dd><time>January 15, 2027" in page.text
    assert "<dt>Last used</dt><dd><time>January 17, 2027" in page.text
    instance.clock.time += DAY
    assert (await userinfo(instance, tokens)).status_code == 401  # expired, and no use


async def test_revoking_one_leaves_the_others(browser) -> None:
    instance = browser.instance
    music = await connect(browser, "music")
    notes = await connect(browser, "notes")
    page = await visit(browser, PATH)
    answer = await send(browser, page, "client", "music")
    page = await follow(browser, answer)
    assert "The app can no longer use your account" in page.text
    assert "Music" not in page.text
    assert "Notes" in page.text
    assert (await refresh(instance, "music", music)).json()["error"] == "invalid_grant"
    assert (await userinfo(instance, music)).status_code == 401
    assert (await refresh(instance, "notes", notes)).status_code == 200
    assert (await userinfo(instance, notes)).status_code == 200
    (event,) = await instance.events("consent.revoked")
    assert (event.client_id, event.user_id, event.actor_type) == ("music", "user-alice", "user")


async def test_the_person_is_asked_again_after_revoking(browser) -> None:
    await connect(browser, "music")
    await send(browser, await visit(browser, PATH), "client", "music")
    await connect(browser, "music")  # goes through the consent page
    granted = await browser.instance.events("consent.granted")
    assert len(granted) == 2


async def test_what_was_allowed_once_is_listed_without_use(browser) -> None:
    """An app without access now could have it again unasked: it can be removed as well."""
    instance = browser.instance
    await connect(browser, "music", "openid")
    (session,) = await browser.sessions()
    instance.clock.time = session.expires_at + 1
    page = await enter(browser, PATH)
    assert "Allowed, not in use" in page.text
    await send(browser, page, "client", "music")
    assert "No app can use your account" in (await visit(browser, PATH)).text
    consent = await instance.store.consent("user-alice", "music")
    assert consent is not None
    assert consent.revoked_at == instance.clock.time


async def test_it_is_told_where_it_wants_to_know(browser) -> None:
    instance = browser.instance
    told = application("told", backchannel_logout_uri="https://told.test/bcl")
    await instance.add(told)
    await connect(browser, "told")
    await connect(browser, "notes")
    page = await visit(browser, PATH)
    await send(browser, page, "client", "told")
    await send(browser, page, "client", "notes")
    messages = await instance.store.claim_messages(instance.clock.time, 10, 60)
    assert [(one.topic, one.payload["client_id"]) for one in messages] == [(TOPIC, "told")]
    (session,) = await browser.sessions()
    assert messages[0].payload["session_id"] == session.id


@pytest.mark.parametrize("client_id", ["notes", "nothing", "", "ostiary:account", "x" * 5000])
async def test_what_is_not_connected_is_not_found(browser, client_id) -> None:
    await connect(browser, "music")
    page = await visit(browser, PATH)
    answer = await send(browser, page, "client", "music", client=client_id)
    assert answer.status_code == 404
    assert await browser.instance.events("consent.revoked") == []


async def test_of_others_nothing_is_seen_and_nothing_ended(browser) -> None:
    instance = browser.instance
    await instance.add_user("bob")
    bobs = instance.browser()
    await enter(bobs, "/account", "bob")
    tokens = await connect(bobs, "notes")
    await connect(browser, "notes")
    await send(browser, await visit(browser, PATH), "client", "notes")
    assert (await refresh(instance, "notes", tokens)).status_code == 200
    assert "Notes" in (await visit(bobs, PATH)).text


async def test_the_same_form_sent_twice_ends_it_once(browser) -> None:
    await connect(browser, "music")
    page = await visit(browser, PATH)
    assert (await send(browser, page, "client", "music")).status_code == 303
    assert (await send(browser, page, "client", "music")).status_code == 404
    assert len(await browser.instance.events("consent.revoked")) == 1
