"""GET and POST /account/profile."""

import pytest

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.user import Address, Profile
from support.account import enter, fields_of, follow, send, visit
from support.instance import PASSWORD

PATH = "/account/profile"


async def save(browser, page, **filled: str):
    return await send(browser, page, "stamp", **filled)


async def test_what_is_typed_is_saved_and_told_once(browser) -> None:
    page = await enter(browser, PATH)
    answer = await save(
        browser,
        page,
        given_name="Alicia",
        nickname="Al",
        birthdate="1990-12-31",
        website="https://alice.test/",
        zoneinfo="Europe/Zurich",
        locale="de",
        street_address="Limmatquai 1\r\nHinterhaus",
        country="CH",
    )
    assert answer.status_code == 303
    page = await follow(browser, answer)
    assert 'role="status"' in page.text
    assert "Ihr Profil ist gespeichert" in page.text
    assert 'role="status"' not in (await visit(browser, PATH)).text
    user = await browser.instance.user("alice")
    assert user.profile == Profile(
        given_name="Alicia",
        nickname="Al",
        birthdate="1990-12-31",
        website="https://alice.test/",
        zoneinfo="Europe/Zurich",
        locale="de",
    )
    assert user.address == Address(street_address="Limmatquai 1\nHinterhaus", country="CH")
    (event,) = await browser.instance.events("account.updated")
    assert (event.actor_type, event.actor_id, event.user_id) == ("user", user.id, user.id)
    assert event.details == {"changed": ["address", "profile"]}
    assert "Alicia" not in str(event)


async def test_a_save_without_a_change_changes_nothing(browser) -> None:
    page = await enter(browser, PATH)
    before = await browser.instance.user("alice")
    assert (await save(browser, page)).status_code == 303
    assert await browser.instance.user("alice") == before
    assert await browser.instance.events("account.updated") == []


async def test_the_address_as_one_text_goes_with_its_parts(browser) -> None:
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, address=Address(formatted="A\nB", locality="Bern"))
    page = await enter(browser, PATH)
    assert (await save(browser, page, nickname="Al")).status_code == 303
    kept = (await browser.instance.user("alice")).address
    assert kept == Address(formatted="A\nB", locality="Bern")
    page = await visit(browser, PATH)
    assert (await save(browser, page, locality="Chur")).status_code == 303
    assert (await browser.instance.user("alice")).address == Address(locality="Chur")


async def test_a_variant_of_a_language_stays_what_it_is(browser) -> None:
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, profile=Profile(locale="de-CH"))
    page = await enter(browser, PATH)
    assert '<option value="de" lang="de" selected>' in page.text
    assert (await save(browser, page, locale="de", nickname="Al")).status_code == 303
    assert (await browser.instance.user("alice")).profile.locale == "de-CH"
    page = await visit(browser, PATH)
    assert (await save(browser, page, locale="en")).status_code == 303
    assert (await browser.instance.user("alice")).profile.locale == "en"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", "x" * 201),
        ("nickname", "right\u202eto left"),
        ("birthdate", "31.12.1990"),
        ("zoneinfo", "Mars/Olympus"),
        ("locale", "<script>"),
        ("website", "javascript:alert(1)"),
        ("picture", "not an address"),
        ("country", "a\u200bb\x07"),
    ],
)
async def test_what_does_not_fit_is_said_and_stays_in_the_form(browser, field, value) -> None:
    page = await enter(browser, PATH)
    answer = await save(browser, page, **{field: value, "family_name": "Adams"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="Adams"' in answer.text
    if field != "locale":
        assert f'aria-describedby="{field}-note"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert "<script>alert" not in answer.text
    assert (await browser.instance.user("alice")).profile == Profile(given_name="Alice")


async def test_a_stale_form_keeps_what_was_typed_and_can_be_sent_again(browser) -> None:
    page = await enter(browser, PATH)
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, profile=Profile(given_name="By an administrator"))
    answer = await save(browser, page, given_name="Mine")
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert (await browser.instance.user("alice")).profile.given_name == "By an administrator"
    assert (await save(browser, answer)).status_code == 303
    assert (await browser.instance.user("alice")).profile.given_name == "Mine"


async def test_what_was_typed_outlives_the_session(browser) -> None:
    """Nothing is lost by a page that was open for too long, and nobody else sees it."""
    instance = browser.instance
    page = await enter(browser, PATH)
    (session,) = await browser.sessions()
    instance.clock.time = session.idle_expires_at
    login = await follow(browser, await save(browser, page, nickname="Al", locale="de"))
    assert login.url.path == "/login"
    fields = {**fields_of(login, "password"), "username": "alice", "password": PASSWORD}
    page = await follow(browser, await browser.post(str(login.url), fields))
    assert page.url.path == PATH
    assert "What you typed is still here" in page.text
    assert 'value="Al"' in page.text
    assert (await instance.user("alice")).profile.nickname is None
    assert (await save(browser, page, locale="en")).status_code == 303
    assert (await instance.user("alice")).profile.nickname == "Al"
    elsewhere = instance.browser()
    await enter(elsewhere, PATH)
    shown = await visit(elsewhere, f"{PATH}?{page.url.query.decode()}")
    assert "What you typed" not in shown.text


@pytest.mark.parametrize("flow", ["", "x", "x" * 43, "%00", "../etc"])
async def test_a_draft_that_is_none_shows_the_profile(browser, flow) -> None:
    await enter(browser, PATH)
    page = await visit(browser, f"{PATH}?draft={flow}")
    assert page.url.path == PATH
    assert "What you typed" not in page.text


async def test_what_the_form_does_not_have_cannot_be_changed(browser) -> None:
    page = await enter(browser, PATH)
    before = await browser.instance.user("alice")
    filled = {"username": "root", "email": "x@evil.test", "organization_id": "other"}
    assert (await save(browser, page, state="active", email_verified="on", **filled)).is_redirect
    assert await browser.instance.user("alice") == before


async def test_an_administrator_looks_after_their_own_profile_too(browser) -> None:
    held = Administrator(id="held", user_id="user-alice", role=AdministratorRole.INSTANCE_OWNER)
    await browser.instance.add(held)
    page = await enter(browser, PATH)
    assert (await save(browser, page, nickname="Boss")).status_code == 303
    assert (await browser.instance.user("alice")).profile.nickname == "Boss"


async def test_times_and_texts_follow_the_person(browser) -> None:
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, profile=Profile(locale="de", zoneinfo="Asia/Tokyo"))
    page = await enter(browser, "/account/sessions")
    assert '<html lang="de"' in page.text
    assert "15. Januar 2027, 17:00" in page.text
    assert fields_of(page, "session")
