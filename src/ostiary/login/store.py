"""What signing in needs of the store. The store fits this Protocol structurally."""

from typing import Protocol

from ostiary.identity.factors import FactorReader
from ostiary.identity.tickets import TicketStore
from ostiary.model.session import Session
from ostiary.model.ticket import Purpose, Ticket
from ostiary.oauth.effects import Effects
from ostiary.oauth.reader import BrowserReader, ConfigurationReader, MemberReader, UserReader


class LoginStore(
    ConfigurationReader,
    MemberReader,
    BrowserReader,
    UserReader,
    FactorReader,
    TicketStore,
    Protocol,
):
    """The reads of signing in, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none.

        Raises:
            Conflict: a precondition did not hold.
            Unavailable: the store cannot answer now.
        """
        ...


class RecoveryStore(LoginStore, TicketStore, Protocol):
    """What recovering an account and joining need besides."""

    async def ticket_of_flow(self, flow: bytes, purpose: Purpose) -> Ticket | None:
        """Return the last ticket that was asked for in a flow, used up or not."""
        ...

    async def list_sessions(self, user_id: str, after: str, limit: int) -> tuple[Session, ...]:
        """Return the sessions of a user that were not ended, ordered by id."""
        ...
