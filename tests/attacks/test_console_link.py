"""Attacks on the one-time link to the console, which a development server prints."""

import asyncio

import pytest

from ostiary.admin.actor import system
from ostiary.admin.console_link import create_link
from ostiary.identity import tickets
from ostiary.model.session import ProofKind
from ostiary.model.ticket import Purpose
from ostiary.model.user import UserState
from ostiary.oauth.handle import Kind, digest, make
from ostiary.web.administration import make_admin
from support.account import enter, fields_of, follow, visit
from support.console import administer, text_of
from support.factors import Person
from support.instance import ENTROPY, ISSUER, Browser, open_instance

PAGE = "/dev/console"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path, dev=True) as running:
        await administer(running, "instance_owner")
        yield running


@pytest.fixture
async def link(instance) -> str:
    return await printed(instance)


async def printed(instance, username: str = "alice") -> str:
    """Return what the server prints at its start."""
    admin = make_admin(instance.idp)
    made = await create_link(admin, system("demo"), await instance.user(username))
    return f"{PAGE}?once={made.token}"


async def press(browser: Browser, link: str, **fields: str):
    """Follow the link, press the button on its page, and go where that leads."""
    page = await visit(browser, link)
    if page.status_code != 200:
        return page
    sent = {**fields_of(page, "form_token"), **fields}
    return await follow(browser, await browser.post(PAGE, sent))


async def is_over(instance, link: str) -> bool:
    """Tell whether a link opens nothing, in a browser of its own."""
    async with instance.browser() as browser:
        answer = await press(browser, link)
        return answer.status_code in {400, 410} and await browser_is_empty(browser)


async def browser_is_empty(browser: Browser) -> bool:
    """Tell whether nobody is signed in in a browser."""
    return (await visit(browser, "/console")).url.path == "/login"


async def test_the_link_opens_the_console_in_that_browser(instance, link):
    async with instance.browser() as browser:
        page = await visit(browser, link)
        assert page.url.path == PAGE
        assert "alice" in page.text
        opened = await press(browser, link)
        assert (opened.status_code, opened.url.path) == (200, "/console")
        (session,) = await browser.sessions()
        assert session.user_id == "user-alice"
        assert [one.kind for one in session.proofs] == [ProofKind.CONSOLE_LINK]
        assert session.proofs[0].at == instance.clock.now()
        # Whoever just signed in may do what needs that.
        form = await visit(browser, "/console/do/create_registration_token")
        assert (form.status_code, form.url.path) == (200, "/console/do/create_registration_token")


async def test_the_audit_trail_tells_of_both(instance, link):
    async with instance.browser() as browser:
        await press(browser, link)
    (made,) = await instance.events("console.link_created")
    assert (made.actor_type, made.user_id) == ("system", "user-alice")
    (entered,) = await instance.events("auth.login.success")
    assert (entered.user_id, entered.client_id) == ("user-alice", "ostiary:console")
    assert entered.details["method"] == "console_link"


async def test_rc_02_it_works_once(instance, link):
    async with instance.browser() as browser:
        await press(browser, link)
    assert await is_over(instance, link)


async def test_rc_02_of_many_at_once_one_works(instance, link):
    browsers = [await instance.browser().__aenter__() for _ in range(5)]
    pages = [await visit(browser, link) for browser in browsers]
    answers = await asyncio.gather(
        *(
            browser.post(PAGE, fields_of(page, "form_token"))
            for browser, page in zip(browsers, pages, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410, 410]
    assert len(await instance.events("auth.login.success")) == 1
    for browser in browsers:
        await browser.__aexit__(None, None, None)


async def test_ad_19_it_is_over_after_fifteen_minutes(instance, link):
    instance.clock.time += 15 * 60 - 1
    async with instance.browser() as browser:
        page = await visit(browser, link)
        assert page.status_code == 200
        instance.clock.time += 1
        late = await browser.post(PAGE, fields_of(page, "form_token"))
        assert late.status_code == 410
        assert await browser_is_empty(browser)
    assert await is_over(instance, link)


async def test_ad_19_the_next_start_ends_it(instance, link):
    newer = await printed(instance)
    assert await is_over(instance, link)
    assert not await is_over(instance, newer)


@pytest.mark.parametrize(
    "damage",
    [
        lambda link: link[:-1],
        lambda link: link[:-1] + ("a" if link[-1] != "a" else "b"),
        lambda link: link + "0",
        lambda link: link.replace("ost_rc_", "ost_st_"),
        lambda _: f"{PAGE}?once={make(Kind.TICKET, ENTROPY)}",
        lambda _: f"{PAGE}?once=",
        lambda _: f"{PAGE}?once=%00%ff'\"<script>",
        lambda _: PAGE,
    ],
)
async def test_rc_02_nothing_else_opens_it(instance, link, damage):
    assert await is_over(instance, damage(link))
    assert not await is_over(instance, link)


async def test_rc_02_the_link_of_another_instance_opens_nothing(instance, tmp_path):
    (tmp_path / "other").mkdir()
    async with open_instance(tmp_path / "other", dev=True) as other:
        foreign = await printed(other)
    assert await is_over(instance, foreign)


async def test_rc_02_a_link_for_one_thing_is_none_for_another(instance, link):
    token = link.partition("=")[2]
    for path in ("/login/reset", "/login/verify", "/login/invitation"):
        async with instance.browser() as browser:
            assert (await visit(browser, f"{path}?ticket={token}")).status_code == 410
    request = tickets.Request(
        purpose=Purpose.PASSWORD_RESET,
        user_id="user-alice",
        organization_id="acme",
        email="alice@acme.test",
        lifetime=900,
    )
    reset, secret = tickets.issue_shown(request, instance.clock.now(), ENTROPY)
    await instance.add(reset)
    assert await is_over(instance, f"{PAGE}?once={secret}")


async def test_rc_05_looking_at_it_uses_nothing_up(instance, link):
    """Whatever follows links, of a chat or a terminal, presses no buttons."""
    for _ in range(3):
        async with instance.browser() as browser:
            assert (await visit(browser, link)).status_code == 200
            assert await browser_is_empty(browser)
    assert not await is_over(instance, link)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
    ],
    ids=str,
)
async def test_ad_16_a_form_from_elsewhere_signs_nobody_in(instance, link, headers):
    async with instance.browser() as browser:
        fields = fields_of(await visit(browser, link), "form_token")
        assert (await browser.post(PAGE, fields, headers)).status_code == 403
        forged = await browser.post(PAGE, {"form_token": "x" * 43})
        assert forged.status_code == 403
        assert await browser_is_empty(browser)
    assert not await is_over(instance, link)


async def test_se_06_its_secret_is_in_no_address_that_a_page_could_pass_on(instance, link):
    token = link.partition("=")[2]
    async with instance.browser() as browser:
        moved = await browser.get(link)
        assert (moved.status_code, moved.headers["location"]) == (303, PAGE)
        assert "HttpOnly" in moved.headers["set-cookie"]
        assert moved.headers["referrer-policy"] == "no-referrer"
        assert moved.headers["cache-control"] == "no-store"
        page = await browser.get(PAGE)
        assert token not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        sent = await browser.post(PAGE, fields_of(page, "form_token"))
        assert token not in sent.headers["location"]
        assert "ostiary_ticket=;" in "".join(sent.headers.get_list("set-cookie"))


async def test_se_06_neither_database_nor_log_holds_its_secret(instance, link, tmp_path, capfd):
    token = link.partition("=")[2]
    async with instance.browser() as browser:
        await press(browser, link)
    assert await is_over(instance, link)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert digest(token) in written
    assert token.encode() not in written
    assert token not in "".join(capfd.readouterr())


async def test_se_07_a_planted_cookie_is_worthless(instance, link):
    """Session fixation: whoever knew the browser's cookie before knows nothing afterwards."""
    async with instance.browser() as browser, instance.browser() as attacker:
        await visit(attacker, "/console")
        planted = attacker.cookie
        assert planted is not None
        for cookie in attacker.http.cookies.jar:
            browser.http.cookies.jar.set_cookie(cookie)
        opened = await press(browser, link)
        assert opened.url.path == "/console"
        assert browser.cookie != planted
        assert await browser_is_empty(attacker)


async def test_somebody_else_who_is_signed_in_there_stays_apart(instance, link):
    await instance.add_user("bob")
    async with instance.browser() as browser:
        await enter(browser, "/account", username="bob")
        opened = await press(browser, link)
        assert opened.url.path == "/console"
        assert "Alice" in opened.text
        assert {one.user_id for one in await browser.sessions()} == {"user-alice", "user-bob"}


async def test_a_second_factor_is_asked_for_all_the_same(instance):
    """The link stands for a password, and for nothing else."""
    async with instance.browser() as browser:
        person = await Person.begin(browser, prompts=("enrol",))
        await person.sign_in()
        secret, _ = await person.enrol_totp()
    link = await printed(instance)
    async with instance.browser() as browser:
        page = await press(browser, link)
        assert page.url.path == "/login/totp"
        assert (await visit(browser, "/console")).url.path != "/console"
        person = Person(browser, page.url.params["flow"])
        await person.type_totp(secret, later=1)
        assert (await visit(browser, "/console")).url.path == "/console"


@pytest.mark.parametrize(
    "change",
    [
        {"state": UserState.LOCKED},
        {"state": UserState.DEACTIVATED},
        {"credentials_changed_at": 1},
    ],
    ids=str,
)
async def test_rc_02_any_change_ends_it(instance, link, change):
    await instance.change(await instance.user("alice"), **change)
    assert await is_over(instance, link)


async def test_whoever_administers_nothing_any_more_is_let_in_nowhere(instance):
    await instance.add_user("bob")
    async with instance.browser() as browser:
        page = await press(browser, await printed(instance, "bob"))
        assert page.status_code == 403
        assert "alice" not in text_of(page)


async def test_ad_21_in_production_there_is_no_such_page(tmp_path):
    async with open_instance(tmp_path) as served:
        await administer(served, "instance_owner")
        link = await printed(served)
        async with served.browser() as browser:
            for answer in (
                await browser.get(link),
                await browser.get(PAGE),
                await browser.post(PAGE, {"form_token": "x"}),
            ):
                assert answer.status_code == 404
            token = link.partition("=")[2]
            for path in ("/console?once=", "/setup?token=", "/login/reset?ticket="):
                await visit(browser, path + token)
                assert await browser_is_empty(browser)
        assert ISSUER.startswith("https:")
