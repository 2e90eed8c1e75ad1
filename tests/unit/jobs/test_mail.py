"""Sending mail from the outbox: tried again, given up, dropped; and what is on the wire."""

import email.policy

import msgspec
import pytest

from ostiary.egress.errors import MailRefused
from ostiary.identity import notices, tickets
from ostiary.jobs.mail import PAUSES
from ostiary.model.event import Source
from ostiary.model.mail import MAIL, Mail
from ostiary.model.ticket import Purpose
from ostiary.model.user import Profile, UserState
from ostiary.oauth.effects import Enqueue, Insert
from support.instance import ENTROPY, open_instance
from support.postbox import Postbox, text_of


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


@pytest.fixture
def post(instance) -> Postbox:
    return Postbox(instance)


@pytest.fixture
def enqueue(instance):
    async def write(template: str = "test", to: str = "alice@acme.test", **fields) -> None:
        mail = Mail(template=template, to=to, organization_id="acme", **fields)
        await instance.apply(notices.enqueue(mail, instance.clock.now()))

    return write


class Refusing:
    """A mail server that takes nothing."""

    def __init__(self, *, permanent: bool = False) -> None:
        self.refusal = MailRefused("550" if permanent else "451", "no", permanent=permanent)

    async def send(self, *_: object) -> None:
        raise self.refusal


async def waiting(instance):
    return await instance.store.list_messages(MAIL, 0, 99, failed=False)


async def types(instance) -> list[str]:
    return [event.type for event in await instance.events() if event.type.startswith("mail.")]


async def test_what_is_not_taken_is_tried_again_ever_more_rarely(instance, post, enqueue):
    await enqueue()
    post.courier = _with(post.courier, Refusing())
    for pause in PAUSES:
        await post.collect()
        (one,) = await waiting(instance)
        assert one.due_at == instance.clock.now() + pause
        assert one.last_error == "451: no"
        instance.clock.time += pause - 1
        await post.collect()
        assert (await waiting(instance))[0].attempts == one.attempts
        instance.clock.time += 1
    assert sum(PAUSES) > 20 * 3600
    await post.collect()
    assert await types(instance) == ["mail.failed"] * len(PAUSES) + ["mail.given_up"]
    instance.clock.time += 10 * 86400
    await post.collect()
    assert len(await types(instance)) == len(PAUSES) + 1


async def test_what_was_given_up_can_be_tried_again(instance, post, enqueue):
    await enqueue()
    good = post.courier
    post.courier = _with(good, Refusing(permanent=True))
    await post.collect()
    assert await types(instance) == ["mail.given_up"]
    (one,) = await waiting(instance)
    post.courier = good
    assert await post.collect() == []
    assert await instance.store.retry_message(MAIL, one.id, instance.clock.now())
    assert len(await post.collect()) == 1
    assert await waiting(instance) == ()


async def test_without_a_mail_server_it_waits(instance, post, enqueue):
    await enqueue()
    post.courier = _with(post.courier, None)
    await post.collect()
    (one,) = await waiting(instance)
    assert "smtp.host" in one.last_error


@pytest.mark.parametrize("case", ["nobody", "address", "user_deleted", "template"])
async def test_what_nobody_can_get_is_dropped(instance, post, enqueue, case):
    match case:
        case "nobody":
            await enqueue(to="")
        case "address":
            await enqueue(to="a@b@c\r\nBcc: x@evil.test")
        case "user_deleted":
            user = await instance.add_user("bob", state=UserState.DELETED)
            await enqueue(user_id=user.id)
        case "template":
            await enqueue("no such mail")
    assert await post.collect() == []
    assert await waiting(instance) == ()
    events = await instance.events("mail.dropped")
    # Of a mail to nobody there is no trace: it stands for a name without an account.
    assert [event.reason for event in events] == ([] if case == "nobody" else [case])


async def test_a_message_of_a_newer_version_is_kept(instance, post):
    await instance.apply(Enqueue(MAIL, {"kind": "of the future"}, instance.clock.now()))
    assert await post.collect() == []
    (one,) = await waiting(instance)
    assert one.due_at == instance.clock.now() + 3600


async def test_a_mail_that_lacks_a_value_does_not_hold_up_others(instance, post, enqueue):
    await enqueue("password_changed")
    await enqueue("test")
    assert len(await post.collect()) == 1
    assert [event.reason for event in await instance.events("mail.dropped")] == ["template"]


async def test_the_message_is_the_same_at_each_attempt(instance, post, enqueue):
    await enqueue("password_changed", values={"login": "alice", "time": "t"}, language="de-CH")
    taken = []

    class Once:
        async def send(self, _sender: str, _recipient: str, message: bytes) -> None:
            taken.append(message)
            if len(taken) == 1:
                raise MailRefused("timeout", "after it was sent")

    post.courier = _with(post.courier, Once())
    await post.collect()
    instance.clock.time += PAUSES[0]
    await post.collect()
    first, second = (email.message_from_bytes(one, policy=email.policy.default) for one in taken)
    assert first["Message-ID"] == second["Message-ID"]
    assert str(first["Message-ID"]).endswith("@id.test>")
    assert text_of(first) == text_of(second)
    assert first["Subject"] == "Ihr Passwort für id.test wurde geändert"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Content-Language"] == "de"
    assert first.get_content_type() == "multipart/alternative"
    assert all(len(line) <= 998 for line in taken[0].splitlines())
    assert taken[0].isascii()


async def test_rc_07_no_value_reaches_a_header(instance, post, enqueue):
    organization = await instance.store.read_organization("acme")
    await instance.change(organization, name="ACME\r\nBcc: mallory@evil.test")
    await instance.store.revalidate()
    ring = await instance.idp.keys.ring()
    request = tickets.Request(
        purpose=Purpose.INVITATION,
        user_id="user-alice",
        organization_id="acme",
        email="alice@acme.test",
        lifetime=60,
    )
    ticket = tickets.issue(ring, request, instance.clock.now(), ENTROPY)
    user = await instance.user("alice")
    await instance.apply(
        Insert(ticket), notices.send_ticket("invitation", ticket, user, instance.clock.now())
    )
    mail = await post.only()
    assert mail["Bcc"] is None
    assert str(mail["Subject"]) == "ACME  Bcc: mallory @ evil. test invites you to id.test"


class TestNotices:
    """What other parts of the server tell people about."""

    async def collect(self, instance, post, effects):
        await instance.apply(*effects)
        return await post.only()

    async def test_each_has_its_mail(self, instance, post):
        user = await instance.user("alice")
        now = instance.clock.now()
        agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0 http://evil.test"
        source = Source(ip="192.0.2.7", user_agent=agent)
        told = {
            "new_device": notices.new_device(user, source, now),
            "password_changed": notices.password_changed(user, now),
            "factor_added": notices.factor_added(user, "passkey", now),
            "factor_removed": notices.factor_removed(user, "totp", now),
            "account_deleted": notices.account_deleted(user, now),
            "email_changed": notices.email_changed(user, "new@acme.test", now),
        }
        for template, effects in told.items():
            (effect,) = effects
            assert effect.payload["template"] == template
            text = text_of(await self.collect(instance, post, effects))
            assert "2027-01-15" in text or "new@acme.test" in text
            assert "evil" not in text
            if template == "new_device":
                assert "Firefox, Linux" in text
                assert "192.0.2.7" in text
            if template == "factor_added":
                assert "a passkey" in text

    async def test_the_last_one_goes_out_though_the_account_is_gone(self, instance, post):
        user = await instance.user("alice")
        effects = notices.account_deleted(user, instance.clock.now())
        await instance.change(user, state=UserState.DELETED, email=None, username="")
        text = text_of(await self.collect(instance, post, effects))
        assert "alice" in text
        assert "deleted" in text

    async def test_in_the_language_of_the_person(self, instance, post):
        user = await instance.add_user(
            "bob", email="bob@acme.test", profile=Profile(locale="de-AT", given_name="Bob")
        )
        effects = notices.factor_added(user, "totp", instance.clock.now())
        text = text_of(await self.collect(instance, post, effects))
        assert text.startswith("Guten Tag Bob,")
        assert "eine Authenticator-App" in text

    async def test_who_has_no_address_gets_none(self, instance):
        user = await instance.add_user("bob")
        assert notices.password_changed(user, 1) == ()


def _with(courier, server):
    return msgspec.structs.replace(courier, server=lambda: server)
