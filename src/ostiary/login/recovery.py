"""Recovering an account whose password is forgotten, by a link that is mailed.

Asking says nothing about who has an account: for a name that nobody has, or somebody who
cannot be mailed, the same is read, counted and written, with a ticket that opens nothing and
a mail that goes nowhere. The answer is the same in any case, also beyond the limits.

The link gives a new password and nothing else. Nobody is signed in by it: whoever chose the
password signs in with it, and with every other factor that the account has.
"""

from functools import partial

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import notices, passwords, tickets
from ostiary.identity.hashing import HashPool
from ostiary.identity.listing import read_all
from ostiary.identity.password_policy import Refusal, check_new_password
from ostiary.identity.tickets import TicketOver
from ostiary.identity.users import canonical_name, guessable_words
from ostiary.jose.keyring import KeyRing
from ostiary.login import lockout, mac
from ostiary.login.authorship import event_of
from ostiary.login.errors import Refused
from ostiary.login.rations import Asker, count_apart, ration
from ostiary.login.store import RecoveryStore
from ostiary.model.event import Source
from ostiary.model.organization import Organization
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import (
    Clear,
    Conflict,
    Consume,
    Effects,
    Emit,
    Insert,
    RevokeAccess,
    RevokeSession,
    Unavailable,
    Update,
)
from ostiary.oauth.usable import user_refusal

_PAGE = 100
_RESET = frozenset({Purpose.PASSWORD_RESET})


class PasswordRefused(Refused):
    """The password policy refuses a new password."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.fault)
        self.refusal = refusal


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Runs the steps of recovering an account."""

    store: RecoveryStore
    pool: HashPool
    clock: Clock
    entropy: Entropy

    async def ask(self, name: str, asker: Asker, ring: KeyRing) -> None:
        """Mail a link to whoever has this user name or e-mail address.

        Raises:
            Unavailable: the store cannot answer now.
        """
        canonical = canonical_name(name)
        for _ in range(2):
            effects = await self._prepare(canonical, asker, ring)
            try:
                return await self.store.apply(effects)
            except Conflict as conflict:
                if not isinstance(conflict.effect, Consume):
                    return None  # too often: the answer is the same
        raise Unavailable

    async def _prepare(self, canonical: str, asker: Asker, ring: KeyRing) -> Effects:
        now = self.clock.now()
        user = await self.store.user_by_login_name(canonical)
        tag = mac.name_tag(ring, canonical)
        subject = tag if user is None else user.id
        home = asker.organization_id if user is None else user.organization_id
        organization = await self.store.organization(home)
        lifetimes = (await self.store.policies(home)).token_lifetimes
        reached = _reachable(user, organization)
        since = 0 if user is None else user.credentials_changed_at
        ticket = tickets.issue(
            ring,
            tickets.Request(
                purpose=Purpose.PASSWORD_RESET,
                user_id=subject,
                organization_id=home,
                email="" if reached is None else reached.email or "",
                since=since,
                lifetime=lifetimes.reset_link,
                flow=asker.flow,
            ),
            now,
            self.entropy,
        )
        values = {"login": "" if user is None else user.username}
        return (
            *ration("recovery", count_apart(subject, asker, ring, since), asker, now),
            *await tickets.use_up(self.store, subject, Purpose.PASSWORD_RESET, now),
            Insert(ticket),
            notices.send_ticket("password_reset", ticket, user, now, **values),
            Emit(asker.event("password.reset.requested", user, home, now, target=tag)),
        )

    async def find(self, token: str | None) -> tuple[Ticket, User]:
        """Return what a link stands for, and leave it good.

        Raises:
            TicketOver: it is not good (any more).
        """
        now = self.clock.now()
        ticket = await tickets.find(self.store, token, _RESET, now)
        user = tickets.require_bound(ticket, await self.store.user(ticket.user_id))
        organization = await self.store.organization(user.organization_id)
        if _reachable(user, organization) is None:
            raise TicketOver
        return ticket, user

    async def reset(self, token: str | None, password: str, source: Source) -> User:
        """Choose a new password by a link, and use the link up.

        Every session and grant of the person ends, and so does a lock.

        Raises:
            TicketOver: the link is not good (any more).
            PasswordTooLong: more than 256 characters or 1,024 bytes.
            PasswordRefused: the policy refuses it.
            Busy: too many passwords are being hashed.
            Unavailable: the store cannot answer now.
        """
        _, user = await self.find(token)
        encoded = await self.hash_new(password, user)
        for _ in range(2):
            ticket, user = await self.find(token)
            try:
                await self.store.apply(await self._finish(ticket, user, encoded, source))
            except Conflict:
                continue
            return user
        raise Unavailable

    async def hash_new(self, password: str, user: User) -> str:
        """Hold a new password to the policy of a person's organization, and hash it.

        Raises:
            PasswordTooLong, PasswordRefused, Busy: as `reset`.
        """
        secret = passwords.normalize(password)
        policy = (await self.store.policies(user.organization_id)).password
        refusal = check_new_password(password, policy, guessable_words(user))
        if refusal is not None:
            raise PasswordRefused(refusal)
        async with self.pool.slot() as slot:
            return await slot.hash(secret)

    async def _finish(self, ticket: Ticket, user: User, encoded: str, source: Source) -> Effects:
        now = self.clock.now()
        changes = {
            "password_hash": encoded,
            "credentials_changed_at": now,
            "email_verified": True,  # the link came by this very address
            "updated_at": now,
        }
        event = event_of(user, "password.reset.completed", source, now)
        return (
            tickets.consume(ticket, now),
            Update(user, changes),
            *await end_access(self.store, user.id, "password_reset", now),
            Clear(lockout.account_key(user.id)),
            Emit(event),
            *notices.password_changed(user, now),
        )


async def end_access(store: RecoveryStore, user_id: str, reason: str, now: int) -> Effects:
    """Return the effects that end all sessions and grants of a user, and tell their applications.

    That credentials changed ends what is older by a second at least; this ends the rest.
    """
    sessions = await read_all(partial(store.list_sessions, user_id))
    ended = (RevokeSession(one.id, reason, now) for one in sessions)
    return (*ended, RevokeAccess(user_id, None, reason, now))


def _reachable(user: User | None, organization: Organization | None) -> User | None:
    """Return the user if they may take part, have an address, and a password to forget.

    Who signs in by other means alone does not get a password by mail, which would be weaker.
    """
    if user is None or user_refusal(user, organization) is not None:
        return None
    return user if user.email and user.password_hash is not None else None
