"""Invitations: accounts that administrators prepare, and a mailed link that makes them ready.

The account is there at once, pending: it has roles and a place in lists, and nobody can
sign in to it. A link is good until it is used, replaced by a newer one, revoked or expired.
"""

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import clients, organizations, policies, users
from ostiary.admin.actor import Actor, Area
from ostiary.admin.change import commit, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import InUse
from ostiary.admin.store import PAGE, Admin
from ostiary.admin.user_fields import EmailFields, ProfileFields, UserFields
from ostiary.identity import notices, tickets
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Effects, Insert

WHAT = "invitation"


class InvitationFields(Request, frozen=True, kw_only=True):
    """Whom to invite. The user name is the address unless given.

    `client_id` is the application that the person is led to once the account is ready.
    """

    email: str
    username: str | UnsetType = UNSET
    profile: ProfileFields | UnsetType | None = UNSET
    client_id: str | UnsetType | None = UNSET


class Standing(StrEnum):
    """What became of an invitation that was not accepted yet."""

    OPEN = "open"
    EXPIRED = "expired"


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is invited, and the ticket that makes their link."""

    user: User
    ticket: Ticket
    standing: Standing


class NotPending(InUse):
    """The account of an invitation is ready already, or was closed."""

    def __init__(self, key: str) -> None:
        super().__init__("user", key, "an account that is not pending")
        self.hint = "Only accounts that were never used can be invited again or withdrawn."


async def invite(
    admin: Admin, actor: Actor, organization_id: str, request: InvitationFields
) -> Invited:
    """Prepare an account for somebody, and mail them a link to make it ready.

    Raises:
        NotFound: there is no such organization, or no such application, for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: somebody signs in under the user name or e-mail address.
        NoSigningKey: the instance has no keys yet; the server makes them.
    """
    fields = UserFields(
        username=request.email if request.username is UNSET else request.username,
        email=EmailFields(address=request.email),
        profile=request.profile,
    )
    draft = msgspec.structs.replace(
        users.draft(admin, organization_id, fields), state=UserState.PENDING
    )
    values: dict[str, Any] = {}
    if request.client_id:
        values["client_id"] = (await clients.show(admin, actor, request.client_id)).client_id

    async def step() -> tuple[Invited, Effects]:
        await organizations.require(admin, actor, organization_id, Area.USER)
        inserts = await users.insert(admin, draft)
        invited, effects = await _send(admin, draft, values)
        event = _tell(admin, actor, draft, "invite.created")
        return invited, (*inserts, *effects, event)

    return await commit(admin, step)


async def resend(admin: Admin, actor: Actor, user_id: str) -> Invited:
    """Mail a new link to somebody who is invited; the one before is good no more.

    Raises:
        NotFound: there is no such user for the actor.
        NotAllowed: the actor may only read.
        NotPending: the account is ready already.
    """

    async def step() -> tuple[Invited, Effects]:
        present = await _require_pending(admin, actor, user_id)
        before = await admin.store.unused_ticket(present.id, Purpose.INVITATION)
        values = {} if before is None else before.values
        invited, effects = await _send(admin, present, values)
        return invited, (*effects, _tell(admin, actor, present, "invite.resent"))

    return await commit(admin, step)


async def revoke(admin: Admin, actor: Actor, user_id: str) -> User:
    """Withdraw an invitation: its link is good no more, and the account is deleted.

    Raises:
        NotFound: there is no such user for the actor.
        NotAllowed: the actor may only read.
        NotPending: the account is ready already.
    """

    async def step() -> tuple[User, Effects]:
        present = await _require_pending(admin, actor, user_id)
        now = admin.clock.now()
        used = await tickets.use_up(admin.store, present.id, Purpose.INVITATION, now)
        return present, (*used, _tell(admin, actor, present, "invite.revoked"))

    present = await commit(admin, step)
    return await users.delete(admin, actor, present.id)


async def list_all(
    admin: Admin, actor: Actor, organization_id: str | None, *, after: str = "", limit: int = PAGE
) -> tuple[Invited, ...]:
    """Return the invitations that were not accepted yet, by the id of their ticket.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    await organizations.authorize_list(admin, actor, organization_id, Area.USER)
    invited: list[Invited] = []
    while len(invited) < limit:
        page = await admin.store.list_tickets(organization_id, Purpose.INVITATION, after, limit)
        if not page:
            break
        after = page[-1].id
        for ticket in page:
            user = await admin.store.read_user(ticket.user_id)
            if user is not None and user.state is UserState.PENDING:
                invited.append(Invited(user=user, ticket=ticket, standing=_standing(admin, ticket)))
    return tuple(invited[:limit])


async def link_of(admin: Admin, invited: Invited) -> str:
    """Make the link of an invitation, to be handed over in another way than by mail.

    Raises:
        NoSigningKey: the key that it was made with is gone.
    """
    return tickets.link_of(admin.issuer, await admin.keys.ring(), invited.ticket)


async def _send(admin: Admin, user: User, values: dict[str, Any]) -> tuple[Invited, Effects]:
    now = admin.clock.now()
    lifetimes = policies.in_force(await admin.store.read_configuration()).token_lifetimes
    request = tickets.Request(
        purpose=Purpose.INVITATION,
        user_id=user.id,
        organization_id=user.organization_id,
        email=user.email or "",
        since=user.credentials_changed_at,
        lifetime=lifetimes.invitation,
        values=values,
    )
    ticket = tickets.issue(await admin.keys.ring(), request, now, admin.entropy)
    used = await tickets.use_up(admin.store, user.id, Purpose.INVITATION, now)
    mail = notices.send_ticket("invitation", ticket, user, now)
    invited = Invited(user=user, ticket=ticket, standing=Standing.OPEN)
    return invited, (*used, Insert(ticket), mail)


async def _require_pending(admin: Admin, actor: Actor, user_id: str) -> User:
    found = await users.require(admin, actor, user_id)
    if found.state is not UserState.PENDING:
        raise NotPending(found.username)
    return found


def _standing(admin: Admin, ticket: Ticket) -> Standing:
    return Standing.OPEN if tickets.is_open(ticket, admin.clock.now()) else Standing.EXPIRED


def _tell(admin: Admin, actor: Actor, user: User, event: str) -> Any:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=user.organization_id,
        user_id=user.id,
    )
