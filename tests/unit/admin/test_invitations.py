"""Invitations, and links for new passwords, as administrators send them."""

import pytest

from ostiary.admin import apply as applying
from ostiary.admin import clients, invitations, recovery, user_passwords, users
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.document import read
from ostiary.admin.errors import AlreadyExists, Contended, Invalid, NotAllowed, NotFound
from ostiary.admin.invitations import InvitationFields, NotPending, Standing
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.mail import MAIL
from ostiary.model.ticket import Purpose
from ostiary.model.user import UserState
from support.desk import ISSUER


async def invite(admin, actor, email="guest@acme.test", **fields):
    request = decode(InvitationFields, {"email": email, **fields})
    return await invitations.invite(admin, actor, "acme", request)


async def mails(desk) -> list[dict]:
    return [one.payload for one in await desk.list_messages(MAIL, 0, 99, failed=False)]


async def test_an_account_is_prepared_and_a_mail_is_written(desk, admin, actor, acme):
    invited = await invite(admin, actor, profile={"given_name": "Gus", "locale": "de"})
    user = await desk.read_user_by_login_name("guest@acme.test")
    assert user.id == invited.user.id
    assert (user.state, user.password_hash, user.email_verified) == (
        UserState.PENDING,
        None,
        False,
    )
    (mail,) = await mails(desk)
    assert mail == {
        "template": "invitation",
        "to": "guest@acme.test",
        "organization_id": "acme",
        "user_id": user.id,
        "language": "de",
        "ticket_id": invited.ticket.id,
    }
    link = await invitations.link_of(admin, invited)
    assert link.startswith(f"{ISSUER}/login/invitation?ticket=ost_rc_")
    assert desk.events[-1].type == "invite.created"


async def test_a_user_name_and_an_application_of_choice(desk, admin, actor, acme):
    metadata = decode(
        ClientMetadata, {"client_id": "web", "redirect_uris": ["https://app.test/cb"]}
    )
    await clients.create(admin, actor, "shop", metadata)
    invited = await invite(admin, actor, username="gus", client_id="web")
    assert invited.user.username == "gus"
    assert invited.ticket.values == {"client_id": "web"}
    again = await invitations.resend(admin, actor, invited.user.id)
    assert again.ticket.values == {"client_id": "web"}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "no address"}, Invalid),
        ({"email": "a@b@acme.test"}, Invalid),
        ({"email": "a@acme.test\nBcc: x@evil.test"}, Invalid),
        ({"username": "with space"}, Invalid),
        ({"client_id": "nothing"}, NotFound),
        ({"profile": {"website": "javascript:alert(1)"}}, Invalid),
    ],
    ids=str,
)
@pytest.mark.usefixtures("acme")
async def test_what_cannot_be_is_refused(desk, admin, actor, fields, error):
    writes = desk.writes
    with pytest.raises(error):
        await invite(admin, actor, **fields)
    assert desk.writes == writes


async def test_an_address_is_invited_once(desk, admin, actor, acme):
    await invite(admin, actor)
    with pytest.raises(AlreadyExists):
        await invite(admin, actor, "GUEST@acme.test")
    assert len(await mails(desk)) == 1


async def test_a_new_link_ends_the_one_before(desk, admin, actor, acme):
    first = await invite(admin, actor)
    desk.now_ += 10
    second = await invitations.resend(admin, actor, first.user.id)
    old = await desk.ticket_by_id(first.ticket.id)
    assert old.consumed_at == desk.now_
    assert await desk.unused_ticket(first.user.id, Purpose.INVITATION) == second.ticket
    assert len(await mails(desk)) == 2


async def test_the_list_tells_which_are_open(desk, admin, actor, acme):
    first = await invite(admin, actor, "one@acme.test")
    desk.now_ += 3 * 86400
    second = await invite(admin, actor, "two@acme.test")
    desk.now_ += 1
    accepted = [await invite(admin, actor, f"{n}@acme.test") for n in range(3)]
    for one in accepted:
        await users.set_state(admin, actor, one.user.id, UserState.ACTIVE)
    desk.now_ += 1
    third = await invite(admin, actor, "three@acme.test")
    for place in ("acme", None):
        found = await invitations.list_all(admin, actor, place)
        assert [(one.user.id, one.standing) for one in found] == [
            (first.user.id, Standing.EXPIRED),
            (second.user.id, Standing.OPEN),
            (third.user.id, Standing.OPEN),
        ]
    rest = await invitations.list_all(admin, actor, None, after=first.ticket.id, limit=1)
    assert [one.user.id for one in rest] == [second.user.id]
    rest = await invitations.list_all(admin, actor, "acme", after=second.ticket.id, limit=1)
    assert [one.user.id for one in rest] == [third.user.id]
    assert await invitations.list_all(admin, actor, None, after=third.ticket.id) == ()


async def test_revoking_ends_the_link_and_the_account(desk, admin, actor, acme):
    invited = await invite(admin, actor)
    await invitations.revoke(admin, actor, invited.user.id)
    assert await desk.ticket_by_id(invited.ticket.id) is None
    assert (await desk.read_user(invited.user.id)).state is UserState.DELETED
    assert await invitations.list_all(admin, actor, "acme") == ()
    assert (await invite(admin, actor)).user.id != invited.user.id


@pytest.mark.parametrize("operation", [invitations.resend, invitations.revoke])
async def test_an_account_in_use_is_left_alone(desk, admin, actor, acme, operation):
    invited = await invite(admin, actor)
    await users.set_state(admin, actor, invited.user.id, UserState.ACTIVE)
    with pytest.raises(NotPending):
        await operation(admin, actor, invited.user.id)
    with pytest.raises(NotFound):
        await operation(admin, actor, "nobody")
    assert (await desk.read_user(invited.user.id)).state is UserState.ACTIVE


class TestAdministrators:
    """AD-05: nobody invites where they do not administer."""

    async def test_ad_05_of_another_organization(self, admin, actor, acme):
        invited = await invite(admin, actor)
        held = Holding(role=AdministratorRole.ORG_OWNER, organization_id="other")
        stranger = Actor(type="user", id="eve", holds=(held,))
        with pytest.raises(NotFound):
            await invite(admin, stranger, "eve@acme.test")
        for operation in (invitations.resend, invitations.revoke, recovery.send_reset_link):
            with pytest.raises(NotFound):
                await operation(admin, stranger, invited.user.id)
        with pytest.raises(NotFound):
            await invitations.list_all(admin, stranger, "acme")
        with pytest.raises(NotAllowed):
            await invitations.list_all(admin, stranger, None)

    async def test_who_may_only_read(self, admin, actor, acme):
        invited = await invite(admin, actor)
        held = Holding(role=AdministratorRole.ORG_VIEWER, organization_id="acme")
        reader = Actor(type="user", id="r", holds=(held,))
        with pytest.raises(NotAllowed):
            await invite(admin, reader, "r@acme.test")
        for operation in (invitations.resend, invitations.revoke, recovery.send_reset_link):
            with pytest.raises(NotAllowed):
                await operation(admin, reader, invited.user.id)
        assert len(await invitations.list_all(admin, reader, "acme")) == 1


async def test_a_lost_race_is_run_once_more(race, actor, acme):
    assert (await invite(race(1), actor)).user.username == "guest@acme.test"
    with pytest.raises(Contended):
        await invite(race(2), actor, "other@acme.test")


class TestResetLink:
    """A link for a new password, on behalf of a person."""

    @pytest.fixture
    async def alice(self, admin, actor, acme):
        fields = {
            "username": "alice",
            "password": {"plain": "x"},
            "email": {"address": "alice@acme.test"},
        }
        return await users.create(admin, actor, "acme", decode(UserFields, fields))

    async def test_it_is_mailed_and_changes_nothing(self, desk, admin, actor, alice):
        await recovery.send_reset_link(admin, actor, alice.id)
        await recovery.send_reset_link(admin, actor, alice.id)
        assert await desk.read_user(alice.id) == alice
        first, second = await mails(desk)
        assert first["template"] == "password_reset"
        assert (await desk.ticket_by_id(first["ticket_id"])).consumed_at is not None
        assert (await desk.ticket_by_id(second["ticket_id"])).consumed_at is None
        assert desk.events[-1].type == "password.reset.requested"

    @pytest.mark.parametrize("case", ["locked", "no address", "no password"])
    async def test_who_gets_none(self, desk, admin, actor, alice, case):
        match case:
            case "locked":
                await users.set_state(admin, actor, alice.id, UserState.LOCKED)
            case "no address":
                await users.update(admin, actor, alice.id, UserFields(email=None))
            case "no password":
                request = decode(
                    UserFields, {"username": "bob", "email": {"address": "b@acme.test"}}
                )
                alice = await users.create(admin, actor, "acme", request)
        with pytest.raises(Invalid):
            await recovery.send_reset_link(admin, actor, alice.id)
        assert await mails(desk) == []


async def test_a_new_password_is_told_to_its_owner(desk, admin, actor, acme):
    fields = {"username": "alice", "email": {"address": "alice@acme.test"}}
    alice = await users.create(admin, actor, "acme", decode(UserFields, fields))
    await user_passwords.set_password(admin, actor, alice.id)
    (mail,) = await mails(desk)
    assert (mail["template"], mail["to"]) == ("password_changed", "alice@acme.test")


async def test_who_is_deleted_is_told_and_who_never_came_is_not(desk, admin, actor, acme):
    fields = {"username": "alice", "email": {"address": "alice@acme.test"}}
    alice = await users.create(admin, actor, "acme", decode(UserFields, fields))
    await users.delete(admin, actor, alice.id)
    (mail,) = await mails(desk)
    assert (mail["template"], mail["to"]) == ("account_deleted", "alice@acme.test")
    # The mail of an account that is gone would not be sent.
    assert "user_id" not in mail
    assert mail["values"]["login"] == "alice"
    invited = await invite(admin, actor)
    await invitations.revoke(admin, actor, invited.user.id)
    # Nor is that of an invitation that was taken back.
    assert [one["template"] for one in await mails(desk)] == ["account_deleted"]


class TestVerification:
    """Links that prove the address of an account that an administrator made."""

    async def create(self, admin, actor, *, verified=False, verify_email=True):
        email = {"address": "alice@acme.test", "verified": verified}
        request = decode(UserFields, {"username": "alice", "email": email})
        return await users.create(admin, actor, "acme", request, verify_email=verify_email)

    async def test_one_is_mailed_where_that_is_wished_for(self, desk, admin, actor, acme):
        alice = await self.create(admin, actor)
        (mail,) = await mails(desk)
        assert (mail["template"], mail["to"]) == ("email_verification", "alice@acme.test")
        ticket = await desk.ticket_by_id(mail["ticket_id"])
        assert (ticket.purpose, ticket.user_id) == (Purpose.EMAIL_VERIFICATION, alice.id)

    async def test_none_is_mailed_otherwise(self, desk, admin, actor, acme):
        await self.create(admin, actor, verify_email=False)
        assert await mails(desk) == []

    async def test_nobody_is_made_whose_address_cannot_be_proven(self, desk, admin, actor, acme):
        with pytest.raises(Invalid, match="verified already"):
            await self.create(admin, actor, verified=True)
        with pytest.raises(Invalid, match="nowhere to mail to"):
            await users.create(admin, actor, "acme", UserFields(username="bob"), verify_email=True)
        assert await desk.read_user_by_login_name("alice") is None
        assert await mails(desk) == []

    async def test_a_new_link_takes_the_place_of_the_last_one(self, desk, admin, actor, acme):
        alice = await self.create(admin, actor)
        await recovery.send_verification_link(admin, actor, alice.id)
        first, second = [await desk.ticket_by_id(one["ticket_id"]) for one in await mails(desk)]
        assert (first.consumed_at is None, second.consumed_at is None) == (False, True)
        assert desk.events[-1].type == "email.verification.requested"

    async def test_only_those_who_may_sign_in_get_one(self, desk, admin, actor, acme):
        alice = await self.create(admin, actor, verify_email=False)
        await users.set_state(admin, actor, alice.id, UserState.LOCKED)
        with pytest.raises(Invalid, match="is locked"):
            await recovery.send_verification_link(admin, actor, alice.id)
        assert await mails(desk) == []


class TestDeclared:
    """Invitations in declarative files."""

    TREE = b"""
organizations:
  - id: acme
    invitations:
      - {email: bob@acme.test, profile: {given_name: Bob}}
    projects:
      - {id: shop, name: Shop, roles: [{key: buyer}]}
    role_assignments:
      - {user: bob@acme.test, project: shop, roles: [buyer]}
"""

    async def apply(self, admin, actor, tree=TREE, **options):
        return await applying.apply(admin, actor, (read("1.yaml", tree),), **options)

    async def test_each_is_sent_once(self, desk, admin, actor, acme):
        await self.apply(admin, actor, dry_run=True)
        assert await mails(desk) == []
        outcome = await self.apply(admin, actor)
        assert ("create", "invitation", "bob@acme.test") in [
            (one.action, one.kind, one.key) for one in outcome.changes
        ]
        (mail,) = await mails(desk)
        assert mail["to"] == "bob@acme.test"
        again = await self.apply(admin, actor)
        assert again.changes == []
        assert len(await mails(desk)) == 1

    async def test_who_has_an_account_is_left_alone(self, desk, admin, actor, acme):
        fields = {"username": "bob", "email": {"address": "bob@acme.test"}}
        bob = await users.create(admin, actor, "acme", decode(UserFields, fields))
        await self.apply(admin, actor)
        assert await mails(desk) == []
        assert (await desk.read_user(bob.id)).state is UserState.ACTIVE
