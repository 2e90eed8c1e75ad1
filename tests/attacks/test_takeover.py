"""Attacks that outlast the moment in which an owner takes their account back (RC, MF, SE)."""

import pytest

from ostiary.admin import users
from ostiary.admin.actor import operator
from ostiary.login.addresses import Addresses
from ostiary.login.rations import Asker
from ostiary.model.event import Source
from ostiary.model.factor import FactorKind
from ostiary.web.administration import make_admin
from support.account import (
    application,
    connect,
    enter,
    fields_of,
    refresh,
    userinfo,
    visit,
)
from support.factors import Person
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

    async def test_rc_02_factors_that_the_thief_added_go_and_the_owners_stay(
        self, instance, post, change
    ):
        async with instance.browser() as thief, instance.browser() as owner:
            person = await Person.begin(owner, prompts=("enrol",))
            await person.sign_in()
            own, _ = await person.enrol_passkey()
            instance.clock.time += 600
            stolen = await Person.begin(thief, prompts=("enrol",))
            await stolen.use_passkey(own)
            await change("mallory@evil.test")
            links = await links_of(post)
            foreign, _ = await stolen.enrol_passkey()
            await stolen.get("/login/enrol")
            assert len(await instance.store.factors("user-alice")) == 3
            assert (await confirm(owner, links["alice@acme.test"])).status_code == 200
            user = await instance.user("alice")
            kinds = {one.kind for one in await instance.store.factors(user.id)}
            assert kinds == set(user.factors) == {FactorKind.PASSKEY, FactorKind.RECOVERY_CODE}
            again = await Person.begin(thief)
            assert (await again.use_passkey(foreign)).status_code == 403
            back = await Person.begin(owner)
            assert (await back.use_passkey(own)).status_code == 303
        (event,) = await instance.events("factor.removed")
        assert event.user_id == "user-alice"


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
                    await users.set_password(admin, operator("tester"), "user-alice")

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
