"""GET and POST /account/methods: what a person signs in with."""

from urllib.parse import parse_qs

import pytest

from ostiary.identity import totp
from ostiary.model.factor import FactorKind
from ostiary.oauth.authorization.entry import FRESH
from support.account import enter, fields_of, follow, send, visit
from support.authenticator import Authenticator
from support.factors import Person
from support.instance import hidden

PATH = "/account/methods"


async def begin(browser) -> Person:
    """Choose to add a way to sign in."""
    page = await enter(browser, PATH)
    assert "/account/methods/add" in page.text
    page = await visit(browser, f"{PATH}/add")
    assert page.url.path == "/login/enrol"
    return Person(browser, parse_qs(page.url.query.decode())["flow"][0])


async def back(browser, person: Person):
    """Go on from a page of the flow, which ends at the list."""
    page = await visit(browser, f"/oauth/v2/authorize/continue?flow={person.flow}")
    assert page.url.path == PATH
    return page


async def add_totp(browser) -> bytes:
    person = await begin(browser)
    secret, codes = await person.enrol_totp()
    assert codes
    await back(browser, person)
    return secret


async def type_totp(browser, page, secret: bytes):
    """Type the code that the app shows, on the page that asks for it."""
    assert page.url.path == "/login/totp"
    now = browser.instance.clock.time
    filled = {**hidden(page), "otp": totp.make_code(secret, now // totp.STEP)}
    return await follow(browser, await browser.post(str(page.url), filled))


async def test_adding_a_way_leads_back_to_the_list(browser) -> None:
    await add_totp(browser)
    page = await visit(browser, PATH)
    assert "Authenticator app" in page.text
    assert "<dt>Codes left</dt><dd>10" in page.text
    page = await visit(browser, "/account/activity?show=changes")
    assert "Way to sign in added" in page.text


async def test_a_passkey_is_renamed_and_removed(browser) -> None:
    person = await begin(browser)
    await person.enrol_passkey(Authenticator())
    page = await back(browser, person)
    fields = fields_of(page, "rename") | {"name": "<b>My phone</b>"}
    page = await follow(browser, await browser.post(PATH, fields))
    assert "The new name is saved" in page.text
    assert "&lt;b&gt;My phone&lt;/b&gt;" in page.text
    page = await follow(browser, await send(browser, page, "remove", fields["rename"]))
    assert "It is removed" in page.text
    assert "You have nothing besides your password" in page.text
    assert await browser.instance.store.factors("user-alice") == ()


async def test_mf_05_a_session_with_a_password_alone_changes_nothing(browser) -> None:
    """Whoever knows the password cannot rid the person of the second factor."""
    secret = await add_totp(browser)
    instance = browser.instance
    thief = instance.browser()
    page = await enter(thief, PATH)
    assert page.url.path == "/login/totp"
    for path in (PATH, f"{PATH}/add", "/account/password", "/account/delete", "/account"):
        assert (await visit(thief, path)).url.path == "/login/totp"
    assert len(await instance.store.factors("user-alice")) == 2
    instance.clock.time += 60
    page = await visit(thief, PATH)
    assert (await type_totp(thief, page, secret)).url.path == PATH


async def test_mf_05_nor_does_one_that_is_not_fresh(browser) -> None:
    await add_totp(browser)
    page = await visit(browser, PATH)
    factor_id = fields_of(page, "remove")["remove"]
    browser.instance.clock.time += FRESH + 1
    answer = await follow(browser, await send(browser, page, "remove", factor_id))
    assert answer.url.path == "/login"
    assert len(await browser.instance.store.factors("user-alice")) == 2


async def test_the_last_way_in_stays(browser) -> None:
    person = await begin(browser)
    await person.enrol_passkey(Authenticator())
    page = await back(browser, person)
    alice = await browser.instance.user("alice")
    await browser.instance.change(alice, password_hash=None)
    factors = await browser.instance.store.factors("user-alice")
    (passkey,) = [one.id for one in factors if one.kind is FactorKind.PASSKEY]
    answer = await send(browser, page, "remove", passkey)
    assert answer.status_code == 409
    assert "you could not sign in any more" in answer.text


async def test_a_second_factor_that_is_demanded_stays(browser) -> None:
    await add_totp(browser)
    page = await visit(browser, PATH)
    instance = browser.instance
    (factor_id,) = [
        one.id for one in await instance.store.factors("user-alice") if one.kind == "totp"
    ]
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies={"mfa": {"required": "always"}})
    await instance.store.revalidate()
    answer = await send(browser, page, "remove", factor_id)
    assert answer.status_code == 409
    assert "asks for a second way" in answer.text


@pytest.mark.parametrize("field", ["remove", "rename"])
async def test_a_factor_of_somebody_else_is_not_found(browser, field) -> None:
    instance = browser.instance
    await add_totp(browser)
    (alices, *_) = await instance.store.factors("user-alice")
    await instance.add_user("bob")
    bobs = instance.browser()
    await enter(bobs, PATH, "bob")
    person = Person(bobs, (await begin_as(bobs)).flow)
    await person.enrol_passkey(Authenticator())
    page = await back(bobs, person)
    fields = fields_of(page, field) | {field: alices.id, "name": "x"}
    assert (await bobs.post(PATH, fields)).status_code == 404
    assert len(await instance.store.factors("user-alice")) == 2


async def begin_as(browser) -> Person:
    """Choose to add a way to sign in, being signed in already."""
    page = await visit(browser, f"{PATH}/add")
    return Person(browser, parse_qs(page.url.query.decode())["flow"][0])
