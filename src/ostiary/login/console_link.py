"""Signing in by the one-time link that a development server prints.

The link stands for the password, and for nothing else: whoever has a second factor is asked
for it, and the browser gets a new cookie as at every sign-in.
"""

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import tickets
from ostiary.identity.tickets import TicketOver
from ostiary.login.factors.password import Verified
from ostiary.login.flow import Flow
from ostiary.login.session import SignIn, sign_in
from ostiary.login.store import LoginStore
from ostiary.model.session import Proof, ProofKind
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import Conflict
from ostiary.oauth.usable import user_refusal

_CONSOLE = frozenset({Purpose.CONSOLE})


class ConsoleLink(msgspec.Struct, frozen=True, kw_only=True):
    """Runs the steps of signing in by the link."""

    store: LoginStore
    clock: Clock
    entropy: Entropy

    async def find(self, token: str | None) -> tuple[Ticket, User]:
        """Return what a link stands for, and leave it good.

        Raises:
            TicketOver: it is not good (any more).
        """
        ticket = await tickets.find(self.store, token, _CONSOLE, self.clock.now())
        user = await self.store.user(ticket.user_id)
        if user is None or user.credentials_changed_at != ticket.since:
            raise TicketOver
        organization = await self.store.organization(user.organization_id)
        if user_refusal(user, organization) is not None:
            raise TicketOver
        return ticket, user

    async def sign_in(self, token: str | None, flow: Flow) -> tuple[SignIn, User]:
        """Sign in by a link in a flow, and use the link up.

        Raises:
            TicketOver: it is not good (any more), or another browser was first.
            Unavailable: the store cannot answer now.
        """
        ticket, user = await self.find(token)
        proof = Proof(kind=ProofKind.CONSOLE_LINK, at=flow.now)
        used = (tickets.consume(ticket, flow.now),)
        verified = Verified(user=user, proof=proof, effects=used)
        outcome = sign_in(flow, verified, self.entropy, remember=False)
        try:
            await self.store.apply(outcome.effects)
        except Conflict:
            raise TicketOver from None
        return outcome, user
