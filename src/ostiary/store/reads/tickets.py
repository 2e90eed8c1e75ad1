"""Tickets: what mailed links and codes stand for."""

from ostiary.model.ticket import Purpose, Ticket
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_COLUMNS = codec_of(Ticket).select("r")
_BY_DIGEST = by_key(Ticket)
_BY_ID = query(f"SELECT {_COLUMNS} FROM tickets r WHERE r.id = ?1")
# Ids are ordered by time.
_UNUSED = query(
    f"SELECT {_COLUMNS} FROM tickets r WHERE r.user_id = ?1 AND r.purpose = ?2 "
    "AND r.consumed_at IS NULL ORDER BY r.id DESC LIMIT 1"
)
_OF_USER = query(
    f"SELECT {_COLUMNS} FROM tickets r WHERE r.user_id = ?1 AND r.purpose = ?2 "
    "AND r.id > ?3 ORDER BY r.id LIMIT ?4"
)
_OF_FLOW = query(
    f"SELECT {_COLUMNS} FROM tickets r WHERE r.flow = ?1 AND r.purpose = ?2 "
    "ORDER BY r.id DESC LIMIT 1"
)
_OF_ORGANIZATION = query(
    f"SELECT {_COLUMNS} FROM tickets r WHERE r.organization_id = ?1 AND r.purpose = ?2 "
    "AND r.id > ?3 AND r.consumed_at IS NULL ORDER BY r.id LIMIT ?4"
)
_ALL = query(
    f"SELECT {_COLUMNS} FROM tickets r WHERE r.purpose = ?1 AND r.id > ?2 "
    "AND r.consumed_at IS NULL ORDER BY r.id LIMIT ?3"
)


class TicketReads(Reads):
    """Reads of tickets, expired or not."""

    async def ticket(self, digest: bytes) -> Ticket | None:
        """Return the ticket whose secret has this digest, used up or not."""
        return await self._one(Ticket, _BY_DIGEST, digest)

    async def ticket_by_id(self, ticket_id: str) -> Ticket | None:
        """Return the ticket with this id, used up or not."""
        return await self._one(Ticket, _BY_ID, ticket_id)

    async def unused_ticket(self, user_id: str, purpose: Purpose) -> Ticket | None:
        """Return the last ticket of a user for a purpose that was not used, expired or not."""
        return await self._one(Ticket, _UNUSED, user_id, purpose.value)

    async def list_tickets_of_user(
        self, user_id: str, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return the tickets of a user for a purpose, used up or not, ordered by id."""
        return await self._page(Ticket, _OF_USER, user_id, purpose.value, after, limit)

    async def ticket_of_flow(self, flow: bytes, purpose: Purpose) -> Ticket | None:
        """Return the last ticket that was asked for in a flow, used up or not."""
        return await self._one(Ticket, _OF_FLOW, flow, purpose.value)

    async def list_tickets(
        self, organization_id: str | None, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return tickets that were not used, ordered by id: of one organization or of all."""
        if organization_id is None:
            rows = await self._engine.listing(_ALL, purpose.value, after, limit)
        else:
            rows = await self._engine.listing(
                _OF_ORGANIZATION, organization_id, purpose.value, after, limit
            )
        return tuple(map(codec_of(Ticket).decode, rows))
