"""Accepting an invitation: somebody whom an administrator prepared an account for joins."""

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import tickets
from ostiary.identity.hashing import HashPool
from ostiary.identity.tickets import TicketOver
from ostiary.login.authorship import event_of
from ostiary.login.recovery import Recovery
from ostiary.login.store import RecoveryStore
from ostiary.model.event import Source
from ostiary.model.organization import Organization, State
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Conflict, Effects, Emit, Unavailable, Update

_INVITATION = frozenset({Purpose.INVITATION})


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that is good, whom it is for, and who invites."""

    ticket: Ticket
    user: User
    organization: Organization


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who is invited enters; names are checked for their form already."""

    password: str
    given_name: str = ""
    family_name: str = ""

    def __repr__(self) -> str:
        """Leave the password out of messages and logs."""
        return "Acceptance(...)"


class Invitations(msgspec.Struct, frozen=True, kw_only=True):
    """Runs the steps of joining by invitation."""

    store: RecoveryStore
    pool: HashPool
    clock: Clock
    entropy: Entropy

    async def find(self, token: str | None) -> Invitation:
        """Return what a link stands for, and leave it good.

        Raises:
            TicketOver: it is not good (any more).
        """
        ticket = await tickets.find(self.store, token, _INVITATION, self.clock.now())
        user = tickets.require_bound(ticket, await self.store.user(ticket.user_id))
        organization = await self.store.organization(user.organization_id)
        if user.state is not UserState.PENDING or organization is None:
            raise TicketOver
        if organization.state is not State.ACTIVE:
            raise TicketOver
        return Invitation(ticket=ticket, user=user, organization=organization)

    async def accept(self, token: str | None, given: Acceptance, source: Source) -> User:
        """Give the account a password and make it active, and use the link up.

        Raises:
            TicketOver: the link is not good (any more).
            PasswordTooLong, PasswordRefused, Busy: the password is not taken.
            Unavailable: the store cannot answer now.
        """
        found = await self.find(token)
        named = _name(found.user, given)
        recovery = Recovery(
            store=self.store, pool=self.pool, clock=self.clock, entropy=self.entropy
        )
        encoded = await recovery.hash_new(given.password, named)
        for _ in range(2):
            found = await self.find(token)
            try:
                await self.store.apply(self._effects_of(found, given, encoded, source))
            except Conflict:
                continue
            return found.user
        raise Unavailable

    def _effects_of(
        self, found: Invitation, given: Acceptance, encoded: str, source: Source
    ) -> Effects:
        now, user = self.clock.now(), found.user
        changes = {
            "state": UserState.ACTIVE,
            "password_hash": encoded,
            "credentials_changed_at": now,
            "email_verified": True,  # the link came by this very address
            "profile": _name(user, given).profile,
            "updated_at": now,
        }
        event = event_of(user, "invite.accepted", source, now)
        return (tickets.consume(found.ticket, now), Update(user, changes), Emit(event))


def _name(user: User, given: Acceptance) -> User:
    """Return the user with the names that they gave themselves."""
    profile = msgspec.structs.replace(
        user.profile,
        given_name=given.given_name or None,
        family_name=given.family_name or None,
    )
    return msgspec.structs.replace(user, profile=profile)
