"""Attacks on registering, on invitations, and on changing an address."""

import asyncio
import re

import msgspec
import pytest

from ostiary.admin import invitations
from ostiary.admin.actor import operator
from ostiary.admin.invitations import InvitationFields
from ostiary.admin.store import Admin
from ostiary.identity import tickets
from ostiary.identity.tickets import CODE_TRIES
from ostiary.identity.users import canonical_name
from ostiary.login.addresses import Addresses
from ostiary.login.rations import PER_ACCOUNT, Asker
from ostiary.login.registration import NewAccount, Registration
from ostiary.login.steps import Steps
from ostiary.model.event import Source
from ostiary.model.mail import MAIL
from ostiary.model.organization import Organization, State
from ostiary.model.ticket import Purpose
from ostiary.model.user import UserState
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.handle import digest
from support.instance import (
    ACME,
    ENTROPY,
    ISSUER,
    PASSWORD,
    Browser,
    Recorder,
    hidden,
    open_instance,
)
from support.postbox import Postbox, code_of, link_of, text_of

CHOSEN = "words that nobody expects here"
OPEN = {"user_registration": {"mode": "open"}}


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        await set_policies(instance, OPEN)
        yield instance


@pytest.fixture
def post(instance) -> Postbox:
    return Postbox(instance)


async def set_policies(instance, policies) -> None:
    configuration = await instance.store.read_configuration()
    await instance.change(configuration, policies=policies)
    await instance.store.revalidate()


async def register(
    browser: Browser,
    email: str = "new@acme.test",
    password: str = CHOSEN,
    *,
    flow: str | None = None,
    **fields: str,
):
    """Fill in the page for a new account."""
    flow = flow or await browser.open_flow()
    page = await browser.get(f"/login/register?flow={flow}")
    filled = {**hidden(page), "email": email, "new_password": password, **fields}
    return await browser.post(f"/login/register?flow={flow}", filled)


async def type_code(browser: Browser, flow: str, code: str):
    """Type a code on the page that asks for it."""
    page = await browser.get(f"/login/verify?flow={flow}")
    return await browser.post(f"/login/verify?flow={flow}", {**hidden(page), "code": code})


async def follow(browser: Browser, link: str):
    """Follow a mailed link to its page."""
    moved = await browser.get(link)
    if moved.status_code != 303:
        return moved
    return await browser.get(moved.headers["location"])


async def confirm(browser: Browser, link: str, **fields: str):
    """Follow a mailed link, and do what its page offers."""
    page = await follow(browser, link)
    if page.status_code != 200:
        return page
    return await browser.post(link.partition("?")[0], {**hidden(page), **fields})


def comparable(response, name: str) -> str:
    text = re.sub(r"flow=\w+", "flow=", response.text)
    text = re.sub(r'name="form_token" value="[^"]+"', "", text)
    headers = [
        re.sub(r"(flow|return)=\w+", r"\1=", f"{key}: {value}")
        for key, value in response.headers.multi_items()
    ]
    return "\n".join([str(response.status_code), *headers, text.replace(name, "NAME")])


class TestRegistering:
    """People join by themselves, where the policy lets them."""

    async def test_by_the_code_and_on_to_the_application(self, instance, post):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            page = await browser.get(f"/login?flow={flow}")
            assert f"/login/register?flow={flow}" in page.text
            answer = await register(
                browser, "New@Acme.test", flow=flow, given_name="Nora", family_name="New"
            )
            assert answer.headers["location"] == f"/login/verify?flow={flow}"
            assert await instance.store.user_by_login_name("new@acme.test") is None
            answer = await type_code(browser, flow, code_of(await post.only()))
            assert answer.headers["location"] == f"/oauth/v2/authorize/continue?flow={flow}"
            answer = await browser.get(answer.headers["location"])
            assert answer.headers["location"].startswith("https://blog.test/cb?code=")
        user = await instance.store.user_by_login_name("new@acme.test")
        assert user.email == "New@Acme.test"
        assert user.email_verified
        assert user.profile.given_name == "Nora"
        assert user.organization_id == "acme"

    async def test_by_the_link_in_the_same_browser(self, instance, post):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            answer = await confirm(browser, link_of(await post.only()))
            assert answer.headers["location"] == f"/oauth/v2/authorize/continue?flow={flow}"
            assert len(await browser.sessions()) == 1

    async def test_by_the_link_in_another_browser_with_the_password(self, instance, post):
        async with instance.browser() as browser, instance.browser() as other:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            link = link_of(await post.only())
            page = await confirm(other, link, password="not what was chosen")
            assert page.status_code == 422
            assert await instance.store.user_by_login_name("new@acme.test") is None
            page = await confirm(other, link, password=CHOSEN)
            assert "Your account is ready" in page.text
            answer = await browser.sign_in("new@acme.test", CHOSEN, flow=flow)
            assert answer.status_code == 303

    async def test_nobody_finishes_what_a_stranger_began_with_their_address(self, instance, post):
        """Whoever gets the mail does not know the password, and the stranger not the code."""
        async with instance.browser() as stranger, instance.browser() as owner:
            flow = await stranger.open_flow("blog")
            await register(stranger, "victim@acme.test", flow=flow)
            link = link_of(await post.only())
            for _ in range(CODE_TRIES):
                assert (await confirm(owner, link, password="guessed words")).status_code == 422
            page = await confirm(owner, link, password=CHOSEN)
            assert page.status_code == 422
            assert "too often" in page.text
        assert await instance.store.user_by_login_name("victim@acme.test") is None

    async def test_mf_10_a_code_is_guessed_five_times_at_most(self, instance, post):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            code = code_of(await post.only())
            wrong = f"{(int(code) + 1) % 10**6:06}"
            page = await browser.get(f"/login/verify?flow={flow}")
            fields = {**hidden(page), "code": wrong}
            answers = await asyncio.gather(
                *(browser.post(f"/login/verify?flow={flow}", fields) for _ in range(12))
            )
            texts = ["too often" in answer.text for answer in answers]
            assert texts.count(False) == CODE_TRIES
            assert (await type_code(browser, flow, code)).status_code == 422

    async def test_mf_10_a_code_is_good_in_its_flow_and_its_time(self, instance, post):
        async with instance.browser() as browser, instance.browser() as other:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            code = code_of(await post.only())
            elsewhere = await other.open_flow("blog")
            assert (await type_code(other, elsewhere, code)).status_code == 422
            assert (await other.get(f"/login/verify?flow={flow}")).status_code == 403
            instance.clock.time += 601
            assert (await type_code(browser, flow, code)).status_code == 422
        assert await instance.store.user_by_login_name("new@acme.test") is None

    async def test_it_is_finished_once(self, instance, post):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            mail = await post.only()
            page = await browser.get(f"/login/verify?flow={flow}")
            fields = {**hidden(page), "code": code_of(mail)}
            answers = await asyncio.gather(
                *(browser.post(f"/login/verify?flow={flow}", fields) for _ in range(4))
            )
            assert [answer.status_code for answer in answers].count(303) == 1
            assert (await confirm(browser, link_of(mail))).status_code == 410
        assert len(await instance.events("account.created")) == 1

    async def test_of_two_who_prove_an_address_one_gets_it(self, instance, post):
        async with instance.browser() as one, instance.browser() as two:
            flows = await one.open_flow("blog"), await two.open_flow("blog")
            await register(one, flow=flows[0])
            first = code_of(await post.only())
            await register(two, flow=flows[1])
            second = code_of(await post.only())
            assert (await type_code(two, flows[1], second)).status_code == 303
            assert (await type_code(one, flows[0], first)).status_code == 422

    async def test_without_proof_of_the_address_first(self, instance, post):
        await set_policies(instance, {"user_registration": {"mode": "open", "verify_email": False}})
        async with instance.browser() as browser, instance.browser() as other:
            flow = await browser.open_flow("blog")
            answer = await register(browser, flow=flow)
            assert answer.headers["location"] == f"/oauth/v2/authorize/continue?flow={flow}"
            user = await instance.store.user_by_login_name("new@acme.test")
            assert not user.email_verified
            page = await confirm(other, link_of(await post.only()))
            assert "Your address is confirmed" in page.text
        user = await instance.store.user_by_login_name("new@acme.test")
        assert user.email_verified
        assert (await instance.events("email.verified"))[0].user_id == user.id


class TestEnumeration:
    """LO-02: an address that has an account is met like one that has none."""

    async def test_lo_02_the_page_says_the_same_and_the_owner_is_told(self, instance, post):
        answers = []
        for number, email in enumerate(("new@acme.test", "alice@acme.test")):
            async with instance.browser(ip=f"192.0.2.{number}") as browser:
                flow = await browser.open_flow()
                answers.append(comparable(await register(browser, email, flow=flow), email))
                page = await browser.get(f"/login/verify?flow={flow}")
                answers.append(comparable(page, email))
                answers.append(comparable(await type_code(browser, flow, "000000"), email))
        assert answers[:3] == answers[3:]
        first, second = await post.collect()
        assert str(first["To"]) == "new@acme.test"
        assert str(second["To"]) == "alice@acme.test"
        assert "have an account" in str(second["Subject"])
        assert "http" not in text_of(second)

    async def test_lo_02_the_same_is_read_hashed_and_written(self, instance):
        ring = await instance.idp.keys.ring()
        works = []
        for email in ("new@acme.test", "alice@acme.test"):
            async with instance.browser() as browser:
                flow_id = await browser.open_flow()
                visit = Visit(cookie=browser.cookie, source=Source(), now=instance.clock.now())
            steps = Steps(instance.store, None, None, instance.clock, ENTROPY)
            flow = await steps.load(flow_id, visit)
            recorder = Recorder(instance.store)
            registration = Registration(
                store=recorder, pool=instance.pool, clock=instance.clock, entropy=ENTROPY
            )
            asker = Asker(
                source=Source(ip="192.0.2.1"),
                organization_id="acme",
                client_id="shop",
                flow=flow.interaction.digest,
            )
            for _ in range(PER_ACCOUNT + 1):
                account = NewAccount(email=email, password=CHOSEN)
                assert await registration.begin(flow, account, asker, ring) is None
            works.append(recorder.calls)
        assert works[0] == works[1]
        written = [call for call in works[0] if call.startswith("apply")]
        assert written == ["apply Count Count Count Insert Enqueue Emit"] * (PER_ACCOUNT + 1)

    async def test_lo_02_a_name_that_looks_like_an_address_is_nobodys_mailbox(self, instance, post):
        await instance.add_user("odd@acme.test", email="odd@elsewhere.test")
        async with instance.browser() as browser:
            await register(browser, "odd@acme.test")
        assert await post.collect() == []

    async def test_a_code_never_opens_an_account_that_exists(self, instance, post):
        """Nobody gets the code of such a request; should it be guessed, it opens nothing."""
        async with instance.browser() as browser:
            flow = await browser.open_flow()
            await register(browser, "alice@acme.test", flow=flow)
            found = await instance.store.list_messages(MAIL, 0, 9, failed=False)
            assert "ticket_id" not in found[0].payload
            ring = await instance.idp.keys.ring()
            ticket = await instance.store.ticket_of_flow(digest(flow), Purpose.REGISTRATION)
            assert (
                await type_code(browser, flow, tickets.code_of(ring, ticket))
            ).status_code == 422
            link = f"/login/verify?ticket={tickets.token_of(ring, ticket)}"
            assert (await follow(browser, link)).status_code == 410
            assert await browser.sessions() == []


class TestPolicy:
    """LO-17: where nobody registers, no way leads in."""

    @pytest.mark.parametrize("mode", ["off", "invitation"])
    async def test_lo_17_registration_is_closed(self, instance, post, mode):
        async with instance.browser() as browser:
            flow = await browser.open_flow("blog")
            page = await browser.get(f"/login/register?flow={flow}")
            await set_policies(instance, {"user_registration": {"mode": mode}})
            filled = {**hidden(page), "email": "new@acme.test", "new_password": CHOSEN}
            refused = await browser.post(f"/login/register?flow={flow}", filled)
            assert refused.status_code == 403
            assert (await browser.get(f"/login/register?flow={flow}")).status_code == 403
            page = await browser.get(f"/login?flow={flow}")
            assert "/login/register" not in page.text
        assert await post.collect() == []
        assert await instance.store.user_by_login_name("new@acme.test") is None

    async def test_lo_17_it_closes_for_those_who_have_begun(self, instance, post):
        async with instance.browser() as browser, instance.browser() as other:
            flow = await browser.open_flow("blog")
            await register(browser, flow=flow)
            mail = await post.only()
            await set_policies(instance, {})
            assert (await type_code(browser, flow, code_of(mail))).status_code == 403
            assert (await confirm(browser, link_of(mail))).status_code == 410
            assert (await confirm(other, link_of(mail), password=CHOSEN)).status_code == 410
        assert await instance.store.user_by_login_name("new@acme.test") is None

    @pytest.mark.parametrize(
        "email",
        [
            "mallory@evil.test",
            "mallory@acme.test.evil.test",
            "mallory@evilacme.test",
            "mallory@sub.acme.test",
        ],
    )
    async def test_lo_19_addresses_of_other_domains(self, instance, post, email):
        policy = {"mode": "open", "allowed_domains": ["acme.test"]}
        await set_policies(instance, {"user_registration": policy})
        async with instance.browser() as browser:
            assert (await register(browser, email)).status_code == 422
            assert (await register(browser, "new@ACME.test")).status_code == 303
        assert [str(mail["To"]) for mail in await post.collect()] == ["new@ACME.test"]

    @pytest.mark.parametrize(
        "email",
        [
            "mallory@evil.test@acme.test",
            '"a@b"@acme.test',
            "mallory(comment)@acme.test",
            "mallory@acme.test(comment)",
            "mallory@\u0430cme.test",
            "new@acme.test\r\nBcc: x@evil.test",
            "new@acme.test,x@evil.test",
            "Name <new@acme.test>",
            "new@[192.0.2.1]",
            "",
            "x" * 250 + "@acme.test",
        ],
    )
    async def test_lo_19_only_plain_addresses(self, instance, post, email):
        async with instance.browser() as browser:
            page = await register(browser, email)
            assert page.status_code == 422
        assert await post.collect() == []

    async def test_rc_09_nobody_is_buried_in_mail_by_others(self, instance, post):
        for number in range(PER_ACCOUNT + 3):
            async with instance.browser(ip=f"192.0.2.{number}") as browser:
                assert (await register(browser)).status_code == 303
        assert len(await post.collect()) == PER_ACCOUNT


class TestInvitations:
    """Joining by invitation."""

    @pytest.fixture
    def admin(self, instance) -> Admin:
        async def hash_password(_password: bytes) -> str:
            raise AssertionError

        async def check_address(_address: str) -> str | None:
            raise AssertionError

        return Admin(
            issuer=ISSUER,
            store=instance.store,
            clock=instance.clock,
            entropy=ENTROPY,
            hash_password=hash_password,
            check_address=check_address,
            keys=instance.idp.keys,
        )

    @pytest.fixture
    async def invited(self, admin):
        request = InvitationFields(email="guest@acme.test", client_id="shop")
        return await invitations.invite(admin, operator("tester"), "acme", request)

    async def accept(self, instance, link: str, password: str = CHOSEN, **fields: str):
        async with instance.browser() as browser:
            return await confirm(browser, link, new_password=password, **fields)

    async def test_an_invitation_is_accepted(self, instance, post, invited):
        assert invited.user.state is UserState.PENDING
        mail = await post.only()
        assert str(mail["Subject"]) == "ACME invites you to id.test"
        link = link_of(mail)
        assert link.startswith("/login/invitation?ticket=")
        page = await self.accept(instance, link, given_name="Gus", family_name="Guest")
        assert 'href="https://shop.test/"' in page.text
        user = await instance.store.user(invited.user.id)
        assert (user.state, user.email_verified) == (UserState.ACTIVE, True)
        assert user.profile.given_name == "Gus"
        async with instance.browser() as browser:
            assert (await browser.sign_in("guest@acme.test", CHOSEN)).status_code == 303

    async def test_nobody_signs_in_before(self, instance, invited):
        async with instance.browser() as browser:
            assert (await browser.sign_in("guest@acme.test", CHOSEN)).status_code == 403

    @pytest.mark.parametrize(
        "case", ["used", "expired", "resent", "revoked", "address", "state", "organization"]
    )
    async def test_lo_18_it_is_good_once_for_one_address(
        self, instance, post, admin, invited, case
    ):
        link = link_of(await post.only())
        user, actor = invited.user, operator("tester")
        match case:
            case "used":
                assert (await self.accept(instance, link)).status_code == 200
            case "expired":
                instance.clock.time += 3 * 86400
            case "resent":
                await invitations.resend(admin, actor, user.id)
            case "revoked":
                await invitations.revoke(admin, actor, user.id)
                assert await instance.store.user_by_login_name("guest@acme.test") is None
            case "address":
                await instance.change(user, email="other@acme.test")
            case "state":
                await instance.change(user, state=UserState.DEACTIVATED)
            case "organization":
                organization = await instance.store.read_organization("acme")
                await instance.change(organization, state=State.INACTIVE)
                await instance.store.revalidate()
        assert (
            await self.accept(instance, link, "other words that were chosen")
        ).status_code == 410

    async def test_lo_18_it_is_good_until_its_last_second(self, instance, post, invited):
        link = link_of(await post.only())
        instance.clock.time += 3 * 86400 - 1
        assert (await self.accept(instance, link)).status_code == 200

    async def test_lo_18_of_many_at_once_one_is_taken(self, instance, post, invited):
        link = link_of(await post.only())
        answers = await asyncio.gather(
            *(self.accept(instance, link, f"{CHOSEN} number {n}") for n in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [200, *[410] * 5]

    async def test_lo_17_an_invitation_leads_into_its_own_organization(
        self, instance, post, invited
    ):
        await instance.add(Organization(id="other", name="Other"))
        link = link_of(await post.only())
        fields = {"organization": "other", "organization_id": "other", "email": "x@evil.test"}
        await self.accept(instance, link, **fields)
        user = await instance.store.user(invited.user.id)
        assert (user.organization_id, user.email) == ("acme", "guest@acme.test")

    async def test_a_forgotten_password_is_none_for_who_is_only_invited(
        self, instance, post, invited
    ):
        await post.collect()
        async with instance.browser() as browser:
            flow = await browser.open_flow()
            page = await browser.get(f"/login/forgot?flow={flow}")
            filled = {**hidden(page), "username": "guest@acme.test"}
            await browser.post(f"/login/forgot?flow={flow}", filled)
        assert await post.collect() == []


class TestAddresses:
    """An address is changed by proof of the new one, and the old one can take it back."""

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

    async def mails(self, post) -> dict[str, str]:
        return {str(mail["To"]): link_of(mail) for mail in await post.collect()}

    async def test_the_new_address_is_proven_first(self, instance, post, change):
        await change("alice@new.test")
        links = await self.mails(post)
        assert (await instance.user("alice")).email == "alice@acme.test"
        async with instance.browser() as browser:
            page = await follow(browser, links["alice@new.test"])
            assert "alice@new.test" in page.text
            assert (await instance.user("alice")).email == "alice@acme.test"
            page = await confirm(browser, links["alice@new.test"])
            assert "Your address is changed" in page.text
            assert (await browser.sign_in("alice@new.test")).status_code == 303
            assert (await browser.sign_in("alice@acme.test")).status_code == 403
        user = await instance.user("alice")
        assert (user.email, user.email_verified) == ("alice@new.test", True)
        (notice,) = await post.collect()
        assert str(notice["To"]) == "alice@acme.test"

    @pytest.mark.parametrize("confirmed", [False, True])
    async def test_the_old_address_takes_it_back(self, instance, post, change, confirmed):
        async with instance.browser() as thief, instance.browser() as owner:
            await thief.sign_in()
            await change("mallory@evil.test")
            links = await self.mails(post)
            if confirmed:
                await confirm(thief, links["mallory@evil.test"])
                # Whatever else they change does not keep the owner out.
                user = await instance.user("alice")
                await instance.change(user, credentials_changed_at=instance.clock.now())
            instance.clock.time += 36000
            page = await confirm(owner, links["alice@acme.test"])
            assert "Your address stays" in page.text
            assert (await instance.user("alice")).email == "alice@acme.test"
            assert await thief.sessions() == []
            assert (await confirm(thief, links["mallory@evil.test"])).status_code == 410
            reset = (await post.collect())[-1]
            assert str(reset["To"]) == "alice@acme.test"
            page = await confirm(owner, link_of(reset), new_password=CHOSEN)
            assert "Your password is changed" in page.text
            assert (await owner.sign_in("alice@acme.test", CHOSEN)).status_code == 303
            assert (await owner.sign_in("mallory@evil.test", PASSWORD)).status_code == 403

    async def test_lo_02_an_address_that_is_taken_is_told_to_its_owner_alone(
        self, instance, post, change
    ):
        await instance.add_user("bob", email="bob@acme.test")
        await change("bob@acme.test")
        mails = await post.collect()
        to_bob = next(mail for mail in mails if str(mail["To"]) == "bob@acme.test")
        assert "http" not in text_of(to_bob)
        assert "in use" in str(to_bob["Subject"])

    async def test_two_who_want_an_address_do_not_both_get_it(self, instance, post, change):
        await change("free@acme.test")
        link = (await self.mails(post))["free@acme.test"]
        await instance.add_user("bob", email="free@acme.test")
        async with instance.browser() as browser:
            assert (await confirm(browser, link)).status_code == 410
        assert (await instance.user("alice")).email == "alice@acme.test"

    async def test_a_later_request_ends_the_one_before(self, instance, post, change):
        await change("one@new.test")
        first = (await self.mails(post))["one@new.test"]
        await change("two@new.test")
        async with instance.browser() as browser:
            assert (await confirm(browser, first)).status_code == 410

    async def test_who_signs_in_by_their_address_goes_on_to(self, instance, post):
        user = await instance.add_user("carol@acme.test", email="carol@acme.test")
        addresses = Addresses(store=instance.store, clock=instance.clock, entropy=ENTROPY)
        asker = Asker(source=Source(), organization_id="acme", client_id=None, flow=None)
        ring = await instance.idp.keys.ring()
        await addresses.request_email_change(user, "carol@new.test", asker, ring)
        links = await self.mails(post)
        async with instance.browser() as browser:
            await confirm(browser, links["carol@new.test"])
            assert (await browser.sign_in("carol@new.test")).status_code == 303
        changed = await instance.store.user(user.id)
        assert changed.username == "carol@new.test"
        assert await instance.store.user_by_login_name(canonical_name("carol@acme.test")) is None


async def test_an_organization_that_a_request_names_decides(instance, post):
    """Who registers for another organization than the application's joins that one, if it may be.

    That it may, the organization has to say itself.
    """
    opened = {"user_registration": {"mode": "open"}}
    other = msgspec.structs.replace(ACME, id="other", name="Other", policies=opened)
    await instance.add(other)
    async with instance.browser() as browser:
        flow = await browser.open_flow("blog", organization="other")
        await register(browser, flow=flow)
        await type_code(browser, flow, code_of(await post.only()))
    user = await instance.store.user_by_login_name("new@acme.test")
    assert user.organization_id == "other"


async def test_lo_17_nobody_joins_an_organization_that_was_shut(instance, post):
    """Neither does a link do it that was mailed before, and is followed elsewhere."""
    async with instance.browser() as browser, instance.browser() as other:
        await register(browser)
        organization = await instance.store.organization("acme")
        await instance.change(organization, state=State.INACTIVE)
        await instance.store.revalidate()
        answer = await confirm(other, link_of(await post.only()), password=CHOSEN)
        assert answer.status_code == 410
    assert await instance.store.user_by_login_name("new@acme.test") is None


async def test_se_01_joining_renews_all_that_signing_in_does(instance, post):
    """Applications notice it, and others who want to be remembered here stay so."""
    async with instance.browser() as browser:
        await browser.sign_in(remember="on")
        flow = await browser.open_flow("blog")
        await register(browser, flow=flow)
        code = code_of(next(one for one in await post.collect() if "new@" in str(one["To"])))
        answer = await type_code(browser, flow, code)
    assert answer.status_code == 303
    cookies = {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
    assert "Max-Age" in cookies["__Host-ostiary_browser"]
    assert "__Host-ostiary_state" in cookies
