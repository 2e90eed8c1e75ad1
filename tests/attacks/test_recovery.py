"""Attacks on recovering an account: enumeration, hosts, links, mail, bombing."""

import asyncio
import re

import pytest

from ostiary.identity import tickets
from ostiary.identity.users import login_names
from ostiary.login.rations import PER_ACCOUNT, PER_ADDRESS, Asker
from ostiary.login.recovery import Recovery
from ostiary.model.event import Source
from ostiary.model.mail import MAIL
from ostiary.model.user import LoginName, Profile, UserState
from ostiary.oauth.effects import Delete
from support.account import application, connect, enter, fields_of, refresh, userinfo
from support.instance import (
    ENTROPY,
    ISSUER,
    PASSWORD,
    Browser,
    Recorder,
    hidden,
    open_instance,
)
from support.postbox import Postbox, link_of, text_of

NEW = "entirely different words of mine"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
def post(instance) -> Postbox:
    return Postbox(instance)


async def forget(browser: Browser, name: str = "alice", flow: str | None = None, **fields: str):
    """Ask for a link for a new password."""
    flow = flow or await browser.open_flow()
    page = await browser.get(f"/login/forgot?flow={flow}")
    return await browser.post(
        f"/login/forgot?flow={flow}", {**hidden(page), "username": name, **fields}
    )


async def follow(browser: Browser, link: str):
    """Follow a mailed link to its page."""
    moved = await browser.get(link)
    if moved.status_code != 303:
        return moved
    return await browser.get(moved.headers["location"])


async def choose(browser: Browser, link: str, password: str = NEW):
    """Choose a new password by a mailed link."""
    page = await follow(browser, link)
    if page.status_code != 200:
        return page
    return await browser.post("/login/reset", {**hidden(page), "new_password": password})


def comparable(response, name: str) -> str:
    """A response without what must differ: flow, token, typed name, trace."""
    text = re.sub(r"flow=\w+", "flow=", response.text)
    text = re.sub(r'name="form_token" value="[^"]+"', "", text)
    headers = [
        re.sub(r"(ostiary_return)=\w+", r"\1=", f"{key}: {value}")
        for key, value in response.headers.multi_items()
    ]
    return "\n".join([str(response.status_code), *headers, text.replace(name, "NAME")])


async def test_a_forgotten_password_is_replaced_and_the_flow_goes_on(instance, post):
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        sent = await forget(browser, "alice", flow)
        assert "on its way" in sent.text
        done = await choose(browser, link_of(await post.only()))
        assert done.status_code == 200
        assert f'href="/login?flow={flow}"' in done.text
        refused = await browser.sign_in("alice", PASSWORD, flow=flow)
        assert refused.status_code == 403
        signed_in = await browser.sign_in("alice", NEW, flow=flow)
        assert signed_in.headers["location"] == f"/oauth/v2/authorize/continue?flow={flow}"
    (notice,) = await post.collect()
    assert notice["Subject"] == "Your password for id.test was changed"
    (event,) = await instance.events("password.reset.completed")
    assert event.user_id == "user-alice"


@pytest.mark.parametrize(
    "case",
    ["unknown", "no address", "no password", "locked", "deactivated", "pending", "mail elsewhere"],
)
class TestEnumeration:
    """LO-02: who has no account, or none that can be mailed, is met like who has one."""

    async def prepare(self, instance, case: str) -> str:
        match case:
            case "no address":
                await instance.add_user("bob")
            case "no password":
                await instance.add_user("bob", password=None, email="bob@acme.test")
            case "locked" | "deactivated" | "pending":
                await instance.add_user("bob", email="bob@acme.test", state=UserState(case))
            case "mail elsewhere":
                return "alice@other.test"
        return "bob"

    async def test_lo_02_the_same_is_answered(self, instance, post, case):
        answers = []
        for number, name in enumerate(("alice", await self.prepare(instance, case))):
            async with instance.browser(ip=f"192.0.2.{number}") as browser:
                answers.append(comparable(await forget(browser, name), name))
        assert answers[0] == answers[1]
        assert [str(mail["To"]) for mail in await post.collect()] == ["alice@acme.test"]
        assert await instance.store.list_messages(MAIL, 0, 9, failed=False) == ()
        assert await instance.events("mail.dropped") == []

    async def test_lo_02_the_same_is_read_counted_and_written(self, instance, case):
        ring = await instance.idp.keys.ring()
        works = []
        for name in ("alice", await self.prepare(instance, case)):
            recorder = Recorder(instance.store)
            recovery = Recovery(
                store=recorder, pool=instance.pool, clock=instance.clock, entropy=ENTROPY
            )
            for number in range(PER_ACCOUNT + 1):
                source = Source(ip=f"192.0.2.{number}")
                asker = Asker(source=source, organization_id="acme", client_id="shop", flow=None)
                await recovery.ask(name, asker, ring)
            works.append(recorder.calls)
        assert works[0] == works[1]
        first = "Count Count Count Insert Enqueue Emit"
        assert [call for call in works[0] if call.startswith("apply")] == [
            f"apply {first}",
            *["apply Count Count Count Consume Insert Enqueue Emit"] * PER_ACCOUNT,
        ]

    async def test_lx_02_an_unknown_name_is_not_kept(self, instance, case):
        name = await self.prepare(instance, case)
        async with instance.browser() as browser:
            await forget(browser, f"{name} secret")
        (event,) = await instance.events("password.reset.requested")
        assert "secret" not in str(event)
        (waiting,) = await instance.store.list_messages(MAIL, 0, 9, failed=False)
        assert "secret" not in str(waiting)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.test"},
        {"Forwarded": "host=evil.test;proto=http"},
        {"X-Original-Host": "evil.test", "X-Forwarded-Proto": "http"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_rc_01_links_lead_to_the_configured_origin(instance, post, headers):
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        page = await browser.get(f"/login/forgot?flow={flow}", **headers)
        fields = {**hidden(page), "username": "alice"}
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        assert (await browser.post(f"/login/forgot?flow={flow}", fields, sent)).status_code == 200
        mail = await post.only()
    assert f"{ISSUER}/login/reset?ticket=" in text_of(mail)
    assert "evil.test" not in mail.as_string()


async def test_rc_01_another_host_is_not_ours(instance, post):
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        response = await browser.get(f"/login/forgot?flow={flow}", Host="evil.test")
        assert response.status_code == 421
    assert await post.collect() == []


class TestLink:
    """RC-02: a link is good once, for its time, and only until something changes."""

    @pytest.fixture
    async def link(self, instance, post) -> str:
        async with instance.browser() as browser:
            await forget(browser)
        return link_of(await post.only())

    async def refused(self, instance, link: str) -> bool:
        async with instance.browser() as browser:
            return (
                await choose(browser, link, "words nobody has ever put together")
            ).status_code == 410

    async def test_rc_02_it_works_once(self, instance, link):
        async with instance.browser() as browser:
            assert (await choose(browser, link)).status_code == 200
        assert await self.refused(instance, link)

    async def test_rc_02_of_many_at_once_one_works(self, instance, link):
        async with instance.browser() as browser:
            page = await follow(browser, link)
            fields = {**hidden(page), "new_password": NEW}
            answers = await asyncio.gather(
                *(browser.post("/login/reset", fields) for _ in range(8))
            )
        assert sorted(answer.status_code for answer in answers) == [200, *[410] * 7]
        assert len(await instance.events("password.reset.completed")) == 1

    async def test_rc_02_a_second_request_ends_the_first(self, instance, post, link):
        async with instance.browser() as browser:
            await forget(browser)
            assert await self.refused(instance, link)
            assert (await choose(browser, link_of(await post.only()))).status_code == 200

    @pytest.mark.parametrize("change", ["password", "address", "lock", "delete", "time"])
    async def test_rc_02_any_change_ends_it(self, instance, link, change):
        user = await instance.user("alice")
        match change:
            case "password":
                await instance.change(user, credentials_changed_at=instance.clock.now())
            case "address":
                await instance.change(user, email="alice@elsewhere.test")
            case "lock":
                await instance.change(user, state=UserState.LOCKED)
            case "delete":
                names = (Delete(LoginName, one.name) for one in login_names(user))
                await instance.apply(*names)
                await instance.change(user, state=UserState.DELETED)
            case "time":
                instance.clock.time += 900
        assert await self.refused(instance, link)

    async def test_rc_02_it_works_until_its_last_second(self, instance, link):
        instance.clock.time += 899
        async with instance.browser() as browser:
            assert (await choose(browser, link)).status_code == 200

    @pytest.mark.parametrize("damage", ["cut", "longer", "letter", "case", "other"])
    async def test_rc_02_nothing_else_opens_it(self, instance, link, damage):
        path, _, token = link.partition("ticket=")
        token = {
            "cut": token[:-1],
            "longer": token + "0",
            "letter": token[:20] + ("a" if token[20] != "a" else "b") + token[21:],
            "case": token.swapcase(),
            "other": token.replace("ost_rc_", "ost_st_"),
        }[damage]
        assert await self.refused(instance, f"{path}ticket={token}")

    async def test_rc_02_a_link_for_one_thing_is_none_for_another(self, instance, link):
        async with instance.browser() as browser:
            for path in ("/login/verify", "/login/invitation"):
                page = await follow(browser, link.replace("/login/reset", path))
                assert page.status_code == 410

    async def test_rc_05_looking_at_it_uses_nothing_up(self, instance, link):
        """Mail scanners follow links, and submit nothing."""
        async with instance.browser() as scanner:
            for _ in range(3):
                page = await follow(scanner, link)
                assert page.status_code == 200
                assert page.headers["referrer-policy"] == "no-referrer"
                assert page.headers["cache-control"] == "no-store"
                assert "ost_rc_" not in page.text
                assert not re.findall(r'(?:src|href)="(?!/|data:)', page.text), "nothing foreign"
        async with instance.browser() as browser:
            assert (await choose(browser, link)).status_code == 200

    async def test_rc_05_a_form_from_elsewhere_changes_nothing(self, instance, link):
        async with instance.browser() as browser:
            page = await follow(browser, link)
            fields = {**hidden(page), "new_password": NEW}
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
                assert (await browser.post("/login/reset", fields, headers)).status_code == 403
            forged = {**fields, "form_token": "1-AAAAAAAAAAAAAAAAAAAAAA"}
            assert (await browser.post("/login/reset", forged)).status_code == 403
        assert not await instance.events("password.reset.completed")


async def test_rc_03_no_step_can_be_skipped(instance, post):
    """Without the mail, nothing that was asked for opens the page behind its link."""
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        await forget(browser, "alice", flow)
        fields = {"new_password": NEW, "username": "alice", "flow": flow}
        for path in ("/login/reset", f"/login/reset?flow={flow}"):
            assert (await browser.get(path)).status_code == 410
            assert (await browser.post(path, fields)).status_code == 410
        for token in (flow, "", "alice"):
            assert (await browser.get(f"/login/reset?ticket={token}")).status_code == 410
        assert (await browser.sign_in("alice", NEW)).status_code == 403
    assert not await instance.events("password.reset.completed")


async def test_rc_04_a_link_signs_nobody_in(instance, post):
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        await forget(browser, "alice", flow)
        await choose(browser, link_of(await post.only()))
        assert await browser.sessions() == []
        page = await browser.get(f"/oauth/v2/authorize/continue?flow={flow}")
        assert page.headers["location"] == f"/login?flow={flow}"


@pytest.mark.parametrize(
    "spelling", ["ALICE@ACME.TEST", "alice@acme.test ", "\uff41\uff4c\uff49\uff43\uff45@acme.test"]
)
async def test_rc_06_mail_goes_to_the_stored_address_alone(instance, post, spelling):
    async with instance.browser() as browser:
        await forget(browser, spelling)
        assert str((await post.only())["To"]) == "alice@acme.test"


async def test_rc_06_letters_that_fold_to_others_are_nobodys(instance, post):
    await instance.add_user("mike", email="mike@example.org")
    async with instance.browser() as browser:
        await forget(browser, "m\u0131ke@example.org")
    assert await post.collect() == []


@pytest.mark.parametrize(
    "name",
    [
        "alice@acme.test\nBcc: mallory@evil.test",
        "alice@acme.test\r\nBcc: mallory@evil.test",
        "alice@acme.test,mallory@evil.test",
        "alice@acme.test;mallory@evil.test",
        "<alice@acme.test> mallory@evil.test",
        '["alice@acme.test","mallory@evil.test"]',
    ],
)
async def test_rc_07_nothing_typed_becomes_a_recipient(instance, post, name):
    async with instance.browser() as browser:
        assert (await forget(browser, name)).status_code == 200
    assert await post.collect() == []


async def test_rc_07_a_field_is_sent_once(instance, post):
    async with instance.browser() as browser:
        flow = await browser.open_flow()
        page = await browser.get(f"/login/forgot?flow={flow}")
        token = hidden(page)["form_token"]
        body = f"form_token={token}&username=alice&username=mallory"
        response = await browser.http.post(
            f"/login/forgot?flow={flow}",
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert response.status_code == 400
    assert await post.collect() == []


async def test_rc_08_names_in_mails_are_words(instance, post):
    profile = Profile(
        given_name='<a href="https://evil.test">', family_name="Call evil.test/now", locale="de"
    )
    await instance.add_user("bob", email="bob@acme.test", profile=profile)
    async with instance.browser() as browser:
        await forget(browser, "bob")
    mail = await post.only()
    html, text = text_of(mail, "html"), text_of(mail)
    assert "&lt;a href=" in html
    assert "evil.test" not in html
    assert "evil.test" not in text
    assert "//evil" not in text
    assert text.startswith("Guten Tag")
    assert mail["Content-Language"] == "de"


async def test_rc_09_nobody_can_be_buried_in_mail(instance, post):
    answers = set()
    for number in range(PER_ACCOUNT + 4):
        async with instance.browser(ip=f"192.0.2.{number}") as browser:
            answers.add(comparable(await forget(browser), "alice"))
    assert len(answers) == 1
    # A later link ends the one before, so of three requests at once one mail is worth sending.
    assert len(await post.collect()) == 1
    assert len(await instance.events("password.reset.requested")) == PER_ACCOUNT
    instance.clock.time += 3601
    async with instance.browser() as browser:
        await forget(browser)
    assert len(await post.collect()) == 1


async def test_lo_05_no_stranger_uses_up_the_owners_links(instance, post):
    """On a device of theirs, people ask for a link whatever others asked for."""
    async with instance.browser(ip="198.51.100.7") as home:
        await home.sign_in()
        for number in range(PER_ACCOUNT + 1):
            async with instance.browser(ip=f"192.0.2.{number}") as stranger:
                await forget(stranger)
        instance.clock.time += 901  # the last of those links is over
        assert await post.collect() == []
        # Nor is it without a limit, or for anybody else.
        for _ in range(PER_ACCOUNT + 1):
            await forget(home)
        assert len(await instance.events("password.reset.requested")) == 2 * PER_ACCOUNT
        assert (await choose(home, link_of(await post.only()))).status_code == 200
        await instance.add_user("bob", email="bob@acme.test")
        for number in range(PER_ACCOUNT):
            async with instance.browser(ip=f"192.0.2.{number}") as stranger:
                await forget(stranger, "bob")
        before = len(await instance.events("password.reset.requested"))
        await forget(home, "bob")
        assert len(await instance.events("password.reset.requested")) == before


async def test_rc_09_nobody_can_have_many_mailed(instance, post):
    async with instance.browser() as browser:
        for number in range(PER_ADDRESS + 3):
            name = f"user-{number}"
            await instance.add_user(name, email=f"{name}@acme.test")
            assert (await forget(browser, name)).status_code == 200
    assert len(await post.collect()) == PER_ADDRESS


async def test_rc_13_whoever_was_signed_in_is_signed_out(instance, post):
    async with instance.browser() as thief, instance.browser() as browser:
        waiting = await thief.open_flow(prompts=("consent",))
        await thief.sign_in(flow=waiting)
        assert len(await thief.sessions()) == 1
        instance.clock.time += 1
        await forget(browser)
        await choose(browser, link_of((await post.collect())[-1]))
        assert await thief.sessions() == []
        page = await thief.get(f"/oauth/v2/authorize/continue?flow={waiting}")
        assert page.headers["location"] == f"/login?flow={waiting}"


@pytest.mark.parametrize("others", [True, False], ids=["alone", "with others"])
async def test_rc_02_a_link_is_over_once_the_password_is_another_one(instance, post, others):
    """Also where the person lets their other sessions be."""
    async with instance.browser() as browser:
        await forget(browser)
        link = link_of((await post.collect())[-1])
        page = await enter(browser, "/account/password")
        fields = fields_of(page, "new_password") | {"password": PASSWORD, "new_password": NEW}
        if not others:
            del fields["others"]
        assert (await browser.post("/account/password", fields)).status_code == 303
        answer = await choose(browser, link, "a third one that nobody has")
        assert answer.status_code == 410
        assert (await instance.browser().sign_in("alice", NEW)).status_code == 303


async def test_rc_13_what_was_given_in_the_same_second_ends_too(instance, post):
    """Whoever has a session asks for tokens without end, and one second is that of the reset."""
    await instance.add(application("stolen"))
    async with instance.browser() as thief, instance.browser() as browser:
        await forget(browser)
        tokens = await connect(thief, "stolen")
        assert (await userinfo(instance, tokens)).status_code == 200
        await choose(browser, link_of((await post.collect())[-1]))
        assert (await userinfo(instance, tokens)).status_code == 401
        assert (await refresh(instance, "stolen", tokens)).status_code == 400


async def test_lo_05_a_link_opens_what_failures_closed(instance, post):
    async with instance.browser() as browser:
        for _ in range(120):
            await browser.sign_in("alice", "not the password of anybody")
            instance.clock.time += 1000
        assert (await browser.sign_in()).status_code == 429
        await forget(browser)
        await choose(browser, link_of(await post.only()))
        assert (await browser.sign_in("alice", NEW)).status_code == 303


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "too short"),
        ("alice alice alice alice", "easy to guess"),
        ("x" * 300, "at most 256"),
        ("", "too short"),
    ],
)
async def test_a_weak_password_is_refused_and_the_link_stays_good(
    instance, post, password, problem
):
    async with instance.browser() as browser:
        await forget(browser)
        link = link_of(await post.only())
        page = await choose(browser, link, password)
        assert page.status_code == 422
        assert problem in page.text
        assert (await choose(browser, link)).status_code == 200


async def test_neither_database_nor_outbox_holds_the_secret(instance, post, tmp_path):
    async with instance.browser() as browser:
        await forget(browser)
    (waiting,) = await instance.store.list_messages(MAIL, 0, 9, failed=False)
    link = link_of(await post.only())
    token = link.partition("ticket=")[2]
    assert token not in str(waiting)
    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes()
        assert token[7:50].encode() not in file.read_bytes()


async def test_a_ticket_for_nobody_opens_nothing(instance):
    """What is kept of a request about nobody cannot be turned into a link, either."""
    async with instance.browser() as browser:
        await forget(browser, "nobody")
        ring = await instance.idp.keys.ring()
        (waiting,) = await instance.store.list_messages(MAIL, 0, 9, failed=False)
        ticket = await instance.store.ticket_by_id(waiting.payload["ticket_id"])
        page = await follow(browser, f"/login/reset?ticket={tickets.token_of(ring, ticket)}")
        assert page.status_code == 410


async def test_a_link_is_not_sent_once_it_is_worthless(instance, post):
    async with instance.browser() as browser:
        await forget(browser)
    instance.clock.time += 901
    assert await post.collect() == []
    (event,) = await instance.events("mail.dropped")
    assert event.reason == "ticket_over"
