"""Attacks that outlast the moment in which an owner takes their account back (RC, MF, SE)."""

import base64
import sqlite3

import pytest

from ostiary.admin import factors, user_passwords
from ostiary.admin.actor import operator
from ostiary.login.addresses import Addresses
from ostiary.login.rations import Asker
from ostiary.model.event import Source
from ostiary.model.factor import PASSKEYS
from ostiary.web.administration import make_admin
from support.account import (
    application,
    connect,
    enter,
    fields_of,
    follow,
    refresh,
    send,
    userinfo,
    visit,
)
from support.authenticator import Authenticator, options_of
from support.factors import Person, form_of
from support.instance import ENTROPY, PASSWORD, Browser, hidden, open_instance
from support.postbox import Postbox, link_of

CHOSEN = "words that nobody expects here"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
def post(instance) -> Postbox:
    return Postbox(instance)


async def set_policies(instance, policies) -> None:
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies=policies)
    await instance.store.revalidate()


async def confirm(browser: Browser, link: str, **fields: str):
    """Follow a mailed link, and do what its page offers."""
    page = await browser.get(link)
    if page.status_code == 303:
        page = await browser.get(page.headers["location"])
    if page.status_code != 200:
        return page
    return await browser.post(link.partition("?")[0], {**hidden(page), **fields})


async def links_of(post: Postbox) -> dict[str, str]:
    """Return the links of the mails that wait, by address."""
    return {
        str(mail["To"]): link_of(mail)
        for mail in await post.collect()
        if "ticket=" in mail.as_string()
    }


async def forget(browser: Browser, name: str = "alice") -> None:
    """Ask for a link for a new password."""
    flow = await browser.open_flow()
    page = await browser.get(f"/login/forgot?flow={flow}")
    await browser.post(f"/login/forgot?flow={flow}", {**hidden(page), "username": name})


class TestAddressTakenBack:
    """RC-02: what a thief holds is worth nothing once the owner took the address back."""

    @pytest.fixture
    async def change(self, instance):
        addresses = Addresses(store=instance.store, clock=instance.clock, entropy=ENTROPY)
        asker = Asker(
            source=Source(ip="192.0.2.1"), organization_id="acme", client_id=None, flow=None
        )

        async def request(address: str) -> None:
            user = await instance.user("alice")
            ring = await instance.idp.keys.ring()
            await addresses.request_email_change(user, address, asker, ring)

        return request

    @pytest.mark.parametrize("passed", [0, 60])
    async def test_rc_02_the_thief_has_no_link_to_take_it_again(
        self, instance, post, change, passed
    ):
        """A second change mails an undo to the thief's own address; the first one's wins."""
        async with instance.browser() as thief, instance.browser() as owner:
            await change("mallory@evil.test")
            links = await links_of(post)
            assert (await confirm(thief, links["mallory@evil.test"])).status_code == 200
            instance.clock.time += passed
            await change("mallory@elsewhere.test")
            more = await links_of(post)
            assert (await confirm(owner, links["alice@acme.test"])).status_code == 200
            assert (await confirm(thief, more["mallory@evil.test"])).status_code == 410
            assert (await confirm(thief, more["mallory@elsewhere.test"])).status_code == 410
        user = await instance.user("alice")
        assert (user.email, user.email_verified) == ("alice@acme.test", True)

    async def test_the_first_owner_wins_also_where_the_thief_was_faster(
        self, instance, post, change
    ):
        async with instance.browser() as thief, instance.browser() as owner:
            await change("mallory@evil.test")
            links = await links_of(post)
            await confirm(thief, links["mallory@evil.test"])
            await change("mallory@elsewhere.test")
            more = await links_of(post)
            await confirm(thief, more["mallory@elsewhere.test"])
            assert (await confirm(thief, more["mallory@evil.test"])).status_code == 200
            assert (await confirm(owner, links["alice@acme.test"])).status_code == 200
        assert (await instance.user("alice")).email == "alice@acme.test"

    async def test_rc_04_a_mailbox_gets_nobody_past_a_second_factor(self, instance, post, change):
        """Neither by taking an address back nor by the link that is mailed then."""
        async with instance.browser() as owner, instance.browser() as reader:
            await change("alice@new.test")
            links = await links_of(post)
            await confirm(owner, links["alice@new.test"])
            person = await Person.begin(owner, prompts=("enrol",))
            await person.sign_in()
            await person.enrol_totp()
            assert (await confirm(reader, links["alice@acme.test"])).status_code == 200
            reset = (await links_of(post))["alice@acme.test"]
            assert (await confirm(reader, reset, new_password=CHOSEN)).status_code == 200
            flow = await reader.open_flow("blog")
            assert (await reader.sign_in("alice", CHOSEN, flow=flow)).status_code == 303
            inside = await Person(reader, flow).go_on()
        assert inside == "/login/totp"


class TestPasswordChanged:
    """RC-02: a change of the password ends every link that was mailed before."""

    async def change_password(self, browser: Browser, *, others: bool) -> None:
        page = await enter(browser, "/account/password")
        fields = fields_of(page, "new_password")
        fields |= {"password": PASSWORD, "new_password": CHOSEN}
        if not others:
            del fields["others"]
        assert (await browser.post("/account/password", fields)).status_code == 303

    @pytest.mark.parametrize("others", [True, False])
    async def test_rc_02_a_link_for_a_new_password_ends(self, instance, post, others):
        async with instance.browser() as thief, instance.browser() as owner:
            await forget(thief)
            link = link_of(await post.only())
            instance.clock.time += 10
            await self.change_password(owner, others=others)
            assert (
                await confirm(thief, link, new_password="of mallory, chosen")
            ).status_code == 410

    @pytest.mark.parametrize("others", [True, False])
    async def test_rc_02_a_link_for_another_address_ends(self, instance, post, others):
        async with instance.browser() as thief, instance.browser() as owner:
            page = await enter(thief, "/account/email")
            fields = {**fields_of(page, "email"), "email": "mallory@evil.test"}
            assert (await thief.post("/account/email", fields)).status_code == 303
            links = await links_of(post)
            instance.clock.time += 10
            await self.change_password(owner, others=others)
            assert (await confirm(thief, links["mallory@evil.test"])).status_code == 410
        assert (await instance.user("alice")).email == "alice@acme.test"

    async def test_rc_02_an_address_that_an_administrator_corrected_stays(self, instance, post):
        async with instance.browser() as thief:
            page = await enter(thief, "/account/email")
            fields = {**fields_of(page, "email"), "email": "mallory@evil.test"}
            await thief.post("/account/email", fields)
            links = await links_of(post)
            await instance.change(await instance.user("alice"), email="alice@again.test")
            assert (await confirm(thief, links["mallory@evil.test"])).status_code == 410
        assert (await instance.user("alice")).email == "alice@again.test"


async def test_rc_13_the_owner_sees_what_was_done_by_mailed_links(instance, post):
    """Whoever reads the mailbox leaves traces where the owner looks."""
    async with instance.browser() as thief, instance.browser() as owner:
        await forget(thief)
        await confirm(thief, link_of(await post.only()), new_password=CHOSEN)
        await enter(owner, "/account", password=CHOSEN)
        page = (await owner.get("/account/activity?show=changes")).text
    assert "Link for a new password asked for" in page
    assert "New password chosen by a mailed link" in page


class TestWithinTheSecond:
    """SE-04: what was opened in the very second of the change before it ends, too."""

    @pytest.fixture
    async def instance(self, tmp_path):
        async with open_instance(tmp_path) as instance:
            await instance.add(application("music"))
            yield instance

    async def end(self, instance, post, how: str) -> None:
        async with instance.browser() as owner:
            match how:
                case "reset":
                    await forget(owner)
                    link = link_of(await post.only())
                    assert (await confirm(owner, link, new_password=CHOSEN)).status_code == 200
                case "change":
                    page = await enter(owner, "/account/password")
                    fields = fields_of(page, "new_password")
                    fields |= {"password": PASSWORD, "new_password": CHOSEN}
                    assert (await owner.post("/account/password", fields)).status_code == 303
                case "undo":
                    page = await enter(owner, "/account/email")
                    fields = {**fields_of(page, "email"), "email": "mallory@evil.test"}
                    await owner.post("/account/email", fields)
                    links = await links_of(post)
                    assert (await confirm(owner, links["alice@acme.test"])).status_code == 200
                case _:
                    admin = make_admin(instance.idp)
                    await user_passwords.set_password(admin, operator("tester"), "user-alice")

    @pytest.mark.parametrize("how", ["reset", "change", "undo", "administrator"])
    async def test_se_04_no_refresh_token_outlives_a_change(self, instance, post, how):
        async with instance.browser() as thief:
            tokens = await connect(thief, "music")
            assert (await refresh(instance, "music", tokens)).status_code == 200
            tokens = await connect(thief, "music")
            await self.end(instance, post, how)
            assert (await refresh(instance, "music", tokens)).status_code == 400
            assert (await userinfo(instance, tokens)).status_code == 401
            assert (await visit(thief)).url.path == "/login"


class TestLostDevices:
    """SE-04: who removes what was lost ends what it opened."""

    @pytest.fixture
    async def lost(self, instance) -> tuple[Browser, Authenticator]:
        """A device that Alice signed in on with its own passkey."""
        device = Authenticator()
        async with instance.browser() as browser, instance.browser() as lost:
            person = await Person.begin(browser, prompts=("enrol",))
            await person.sign_in()
            await person.enrol_passkey(device)
            instance.clock.time += 600
            there = await Person.begin(lost)
            await there.use_passkey(device)
            assert (await there.go_on()).startswith("https://blog.test/")
            yield lost, device

    async def removing(self, instance, how: str) -> None:
        (factor,) = [
            one for one in await instance.store.factors("user-alice") if one.kind in PASSKEYS
        ]
        admin, actor = make_admin(instance.idp), operator("tester")
        match how:
            case "person":
                async with instance.browser() as owner:
                    page = await visit(owner, "/account/methods")
                    fields = {**fields_of(page, "password"), "username": "alice"}
                    page = await follow(
                        owner, await owner.post(str(page.url), fields | {"password": PASSWORD})
                    )
                    assert page.url.path == "/login/passkey"
                    (device,) = self.devices
                    action, given = form_of(page, "/login/passkey")
                    given["credential"] = device.get(options_of(page.text))
                    page = await follow(owner, await owner.post(action, given))
                    answer = await send(owner, page, "remove", factor.id)
                    assert answer.status_code == 303
                    assert (await visit(owner, "/account")).url.path == "/account"
            case "administrator":
                await factors.remove(admin, actor, "user-alice", factor.id)
            case _:
                await factors.remove_all(admin, actor, "user-alice")

    @pytest.mark.parametrize("how", ["person", "administrator", "all at once"])
    async def test_se_04_a_removed_passkey_takes_its_sessions_along(self, instance, lost, how):
        browser, device = lost
        self.devices = [device]
        assert len(await browser.sessions()) == 1
        await self.removing(instance, how)
        assert await browser.sessions() == []
        assert await (await Person.begin(browser)).go_on() == "/login"

    @pytest.mark.parametrize("how", ["person", "administrator"])
    async def test_mf_11_where_trust_ends_the_second_factor_is_asked_for(self, instance, how):
        async with instance.browser() as owner, instance.browser() as lost:
            person = await Person.begin(owner, prompts=("enrol",))
            await person.sign_in()
            secret, _ = await person.enrol_totp()
            instance.clock.time += 60
            first = await Person.begin(lost)
            await first.sign_in()
            await first.type_totp(secret, remember="on")
            again = await Person.begin(lost, prompts=("login",))
            assert (await again.sign_in()).startswith("https://blog.test/")
            if how == "person":
                page = await enter(owner, "/account/methods")
                assert (await send(owner, page, "distrust", distrust="on")).status_code == 303
            else:
                admin, actor = make_admin(instance.idp), operator("tester")
                (device,) = await instance.store.trusted_devices("user-alice")
                await factors.revoke_device(admin, actor, "user-alice", device.id)
            assert await (await Person.begin(lost)).go_on() == "/login/totp"


async def test_lx_06_a_copy_of_the_database_opens_nothing(tmp_path):
    """Who gets hold of a backup has no code, no cookie, no link and no token in it."""
    async with open_instance(tmp_path) as instance:
        await instance.add(application("music"))
        post = Postbox(instance)
        async with instance.browser() as browser:
            person = await Person.begin(browser, prompts=("enrol",))
            await person.sign_in()
            secret, codes = await person.enrol_totp()
            instance.clock.time += 60
            again = await Person.begin(browser, prompts=("login",))
            await again.sign_in()
            await again.type_totp(secret, remember="on")
            tokens = await connect(browser, "music")
            waiting = await browser.open_flow()
            await forget(browser)
            cookies = [cookie.value or "" for cookie in browser.http.cookies.jar]
            browser_cookie = browser.cookie
        link = link_of(next(one for one in await post.collect() if "ticket=" in one.as_string()))
        held = [
            *(secret.hex(), base64.b32encode(secret).decode(), repr(secret)[2:-1]),
            *codes,
            *(code.replace("-", "") for code in codes),
            *(tokens["access_token"], tokens["refresh_token"]),
            *(PASSWORD, waiting, browser_cookie, link.partition("ticket=")[2]),
            *(value for value in cookies if len(value) > 40),
        ]
        copy = sqlite3.connect(tmp_path / "ostiary.db")
        tables = [
            name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = "\n".join(
            str(row) for name in tables for row in copy.execute(f'SELECT * FROM "{name}"')
        )
        copy.close()
    assert "user-alice" in rows
    assert len(codes) == 10
    assert [value for value in held if value in rows] == []
