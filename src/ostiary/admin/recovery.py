"""Mailing people links, on their behalf: for a new password, and to prove their address."""

from ostiary.admin import policies, users, verification
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import Invalid
from ostiary.admin.store import Admin
from ostiary.identity import notices, tickets
from ostiary.model.ticket import Purpose
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Effects, Insert


async def send_reset_link(admin: Admin, actor: Actor, user_id: str) -> User:
    """Mail a user a link for a new password; until it is used, nothing changes for them.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the user has no address, no password to replace, or may not sign in.
        NoSigningKey: the instance has no keys yet; the server makes them.
    """

    async def step() -> tuple[User, Effects]:
        now = admin.clock.now()
        present = await users.require(admin, actor, user_id)
        if present.state is not UserState.ACTIVE:
            raise Invalid.at("user", f"is {present.state}: only active users get one")
        if not present.email:
            raise Invalid.at("email", "is missing: there is nowhere to mail to")
        if present.password_hash is None:
            raise Invalid.at("password", "is missing: this user signs in by other means")
        lifetimes = policies.in_force(await admin.store.read_configuration()).token_lifetimes
        request = tickets.Request(
            purpose=Purpose.PASSWORD_RESET,
            user_id=present.id,
            organization_id=present.organization_id,
            email=present.email,
            since=present.credentials_changed_at,
            lifetime=lifetimes.reset_link,
        )
        ticket = tickets.issue(await admin.keys.ring(), request, now, admin.entropy)
        used = await tickets.use_up(admin.store, present.id, Purpose.PASSWORD_RESET, now)
        mail = notices.send_ticket("password_reset", ticket, present, now, login=present.username)
        event = tell(
            "password.reset.requested",
            actor,
            now,
            organization_id=present.organization_id,
            user_id=present.id,
        )
        return present, (*used, Insert(ticket), mail, event)

    return await commit(admin, step)


async def send_verification_link(admin: Admin, actor: Actor, user_id: str) -> User:
    """Mail a user a link that proves their address.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the user has no address, or it is verified, or they may not sign in.
        NoSigningKey: the instance has no keys yet; the server makes them.
    """

    async def step() -> tuple[User, Effects]:
        present = await users.require(admin, actor, user_id)
        if present.state is not UserState.ACTIVE:
            raise Invalid.at("user", f"is {present.state}: only active users get one")
        event = tell(
            "email.verification.requested",
            actor,
            admin.clock.now(),
            organization_id=present.organization_id,
            user_id=present.id,
        )
        return present, (*await verification.mail_link(admin, present), event)

    return await commit(admin, step)
