"""Changing the address of an account, and proving the one that it has.

A new address takes the old one's place once its owner follows a link. The old address is
told at once, with a link that takes everything back: whoever changes the address of an
account that is not theirs has its owner on their heels, whatever else they change.
"""

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import notices, tickets
from ostiary.identity.tickets import CONFIRMATION, UNDO, Request, TicketOver
from ostiary.identity.users import canonical_name, login_names
from ostiary.jose.keyring import KeyRing
from ostiary.login.authorship import event_of
from ostiary.login.rations import Asker, ration
from ostiary.login.recovery import end_access
from ostiary.login.store import RecoveryStore
from ostiary.model.event import Source
from ostiary.model.mail import Mail
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import LoginName, User
from ostiary.oauth.effects import (
    Conflict,
    Consume,
    Delete,
    Effects,
    Emit,
    Enqueue,
    Insert,
    Unavailable,
    Update,
)
from ostiary.oauth.usable import user_refusal

# Version of the user's record when a link to take a change back was made: seconds do not tell
# which of two came first.
_VERSION = "version"
CONFIRMING = frozenset({Purpose.EMAIL_VERIFICATION, Purpose.EMAIL_CHANGE, Purpose.EMAIL_UNDO})


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Runs the steps of changing and proving addresses."""

    store: RecoveryStore
    clock: Clock
    entropy: Entropy

    async def request_email_change(
        self, user: User, address: str, asker: Asker, ring: KeyRing
    ) -> None:
        """Mail a link to a new address of a user, and a notice with an undo to the old one.

        `address` is checked for its form already. Whether somebody else has it makes no
        difference to see: its owner is told by mail. Beyond the limits no mail goes out.

        Raises:
            Unavailable: the store cannot answer now.
        """
        for _ in range(2):
            now = self.clock.now()
            owner = await self.store.user_by_login_name(canonical_name(address))
            taken = owner is not None and owner.id != user.id
            confirm = tickets.issue(
                ring,
                Request(
                    purpose=Purpose.EMAIL_CHANGE,
                    user_id=user.id,
                    organization_id=user.organization_id,
                    email=address,
                    since=user.credentials_changed_at,
                    lifetime=CONFIRMATION,
                    values={"taken": taken, "before": user.email},
                ),
                now,
                self.entropy,
            )
            effects: Effects = (
                *ration("email-change", user.id, asker, now),
                *await tickets.use_up(self.store, user.id, Purpose.EMAIL_CHANGE, now),
                Insert(confirm),
                _ask_new(confirm, user, owner if taken else None, now),
                Emit(asker.event("email.change.requested", user, user.organization_id, now)),
            )
            if user.email:
                effects += self._warn_old(user, user.email, address, ring, now)
            try:
                await self.store.apply(effects)
            except Conflict as conflict:
                if not isinstance(conflict.effect, Consume):
                    return  # too often: the answer is the same
                continue
            return
        raise Unavailable

    async def request_verification(self, user: User, asker: Asker, ring: KeyRing) -> None:
        """Mail a link that proves the address that a user has.

        Raises:
            Unavailable: the store cannot answer now.
        """
        if not user.email or user.email_verified:
            return
        now = self.clock.now()
        request = Request(
            purpose=Purpose.EMAIL_VERIFICATION,
            user_id=user.id,
            organization_id=user.organization_id,
            email=user.email,
            since=user.credentials_changed_at,
            lifetime=CONFIRMATION,
        )
        ticket = tickets.issue(ring, request, now, self.entropy)
        effects = (
            *ration("verification", user.id, asker, now),
            *await tickets.use_up(self.store, user.id, Purpose.EMAIL_VERIFICATION, now),
            Insert(ticket),
            notices.send_ticket("email_verification", ticket, user, now),
        )
        try:
            await self.store.apply(effects)
        except Conflict:
            return

    async def find(self, token: str | None) -> tuple[Ticket, User]:
        """Return what a link stands for, and leave it good.

        Raises:
            TicketOver: it is not good (any more).
        """
        ticket = await tickets.find(self.store, token, CONFIRMING, self.clock.now())
        user = await self.store.user(ticket.user_id)
        if user is None or ticket.values.get("taken"):
            raise TicketOver
        organization = await self.store.organization(user.organization_id)
        if user_refusal(user, organization) is not None:
            raise TicketOver
        if ticket.purpose is Purpose.EMAIL_VERIFICATION:
            tickets.require_bound(ticket, user)
        if ticket.purpose is Purpose.EMAIL_CHANGE and _is_overtaken(ticket, user):
            raise TicketOver
        return ticket, user

    async def confirm(self, token: str | None, source: Source, ring: KeyRing) -> Ticket:
        """Do what a link stands for, and use it up; return its ticket.

        Raises:
            TicketOver: it is not good (any more), or somebody else has the address now.
            Unavailable: the store cannot answer now.
        """
        for _ in range(2):
            ticket, user = await self.find(token)
            now = self.clock.now()
            effects = await self._effects_of(ticket, user, source, ring, now)
            try:
                await self.store.apply((tickets.consume(ticket, now), *effects))
            except Conflict:
                continue
            return ticket
        raise Unavailable

    async def _effects_of(
        self, ticket: Ticket, user: User, source: Source, ring: KeyRing, now: int
    ) -> Effects:
        if ticket.purpose is Purpose.EMAIL_VERIFICATION:
            changes = {"email_verified": True, "updated_at": now}
            return (Update(user, changes), Emit(event_of(user, "email.verified", source, now)))
        if ticket.purpose is Purpose.EMAIL_CHANGE:
            return (
                *await self._replace(user, ticket.email, {}, now),
                Emit(event_of(user, "email.changed", source, now)),
                *notices.email_changed(user, ticket.email, now),
            )
        return await self._undo(ticket, user, source, ring, now)

    async def _undo(
        self, ticket: Ticket, user: User, source: Source, ring: KeyRing, now: int
    ) -> Effects:
        """Put an address back, sign everybody out, and mail a link for a new password.

        Of two people who take it back for each other, the one wins whose address it was first:
        the links that were mailed later end. Factors stay: no mailbox gets by without them.
        """
        effects: Effects = (
            *await self._replace(user, ticket.email, {"credentials_changed_at": now}, now),
            *await self._end_later_undos(ticket, now),
            *await tickets.use_up(self.store, user.id, Purpose.EMAIL_CHANGE, now),
            *await tickets.use_up(self.store, user.id, Purpose.PASSWORD_RESET, now),
            *await end_access(self.store, user.id, "email_change_undone", now),
            Emit(event_of(user, "email.change.undone", source, now)),
        )
        if user.password_hash is None:
            return effects
        policies = await self.store.policies(user.organization_id)
        request = Request(
            purpose=Purpose.PASSWORD_RESET,
            user_id=user.id,
            organization_id=user.organization_id,
            email=ticket.email,
            since=now,
            lifetime=policies.token_lifetimes.reset_link,
        )
        reset = tickets.issue(ring, request, now, self.entropy)
        mail = notices.send_ticket("password_reset", reset, user, now, login=user.username)
        return (*effects, Insert(reset), mail)

    async def _end_later_undos(self, ticket: Ticket, now: int) -> Effects:
        """Return the effects that end the links for taking back what came after this one's."""
        found = await tickets.list_open(self.store, ticket.user_id, ticket.purpose, now)
        return tuple(
            tickets.consume(one, now)
            for one in found
            if one.values.get(_VERSION, 0) > ticket.values.get(_VERSION, 0)
        )

    async def _replace(
        self, user: User, address: str, changes: dict[str, int], now: int
    ) -> Effects:
        """Return the effects that give a user an address, which is proven, and its login name.

        Where the address was the user name as well, so is the new one.

        Raises:
            TicketOver: somebody else signs in under it.
        """
        owner = await self.store.user_by_login_name(canonical_name(address))
        if owner is not None and owner.id != user.id:
            raise TicketOver
        values: dict[str, object] = {
            "email": address,
            "email_verified": True,
            "updated_at": now,
            **changes,
        }
        if canonical_name(user.username) == canonical_name(user.email or ""):
            values["username"] = address
        changed = msgspec.structs.replace(user, **values)
        before = {one.name for one in login_names(user)}
        after = {one.name for one in login_names(changed)}
        return (
            Update(user, values),
            *(Delete(LoginName, name) for name in sorted(before - after)),
            *(Insert(LoginName(name=name, user_id=user.id)) for name in sorted(after - before)),
        )

    def _warn_old(self, user: User, old: str, address: str, ring: KeyRing, now: int) -> Effects:
        request = Request(
            purpose=Purpose.EMAIL_UNDO,
            user_id=user.id,
            organization_id=user.organization_id,
            email=old,
            lifetime=UNDO,
            values={_VERSION: user.version},
        )
        undo = tickets.issue(ring, request, now, self.entropy)
        mail = notices.send_ticket("email_change_notice", undo, user, now, address=address)
        return (Insert(undo), mail)


def _is_overtaken(ticket: Ticket, user: User) -> bool:
    """Tell whether the password or the address is another one than when a change was asked for."""
    if user.credentials_changed_at != ticket.since:
        return True
    return bool(ticket.values.get("before", user.email) != user.email)


def _ask_new(ticket: Ticket, user: User, owner: User | None, now: int) -> Enqueue:
    """Return the mail to the new address: to confirm it, or to its owner that it is taken."""
    if owner is None:
        return notices.send_ticket("email_change", ticket, user, now)
    theirs = canonical_name(owner.email or "") == canonical_name(ticket.email)
    mail = Mail(
        template="email_change_taken",
        to=(owner.email or "") if theirs else "",
        organization_id=owner.organization_id,
        user_id=owner.id,
        language=owner.profile.locale,
    )
    return notices.enqueue(mail, now)
