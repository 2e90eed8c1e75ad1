"""The audit trail, read in either direction."""

from functools import lru_cache

import msgspec

from ostiary.model.event import Event
from ostiary.store.codec import EVENT_COLUMNS, decode_event
from ostiary.store.engine import Query, Value, query
from ostiary.store.reads.reads import Reads


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted: those that fit everything that is given.

    `since` and `before` bound the time, in seconds since the epoch; `before` excludes.
    """

    types: tuple[str, ...] = ()
    user_id: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    session_id: str | None = None
    since: int | None = None
    before: int | None = None


_CONDITIONS = {
    "types": "e.type among({0})",
    "since": "e.at >= {0}",
    "before": "e.at < {0}",
}


@lru_cache(maxsize=256)
def _page(filters: tuple[str, ...], *, backwards: bool) -> Query:
    conditions = "".join(
        "AND " + _CONDITIONS.get(name, f"e.{name} = {{0}}").format(f"?{n}") + " "
        for n, name in enumerate(filters, 3)
    )
    columns = ", ".join(f"e.{name}" for name in EVENT_COLUMNS)
    compare, order = ("<", "DESC") if backwards else (">", "ASC")
    return query(
        f"SELECT e.seq, {columns} FROM events e WHERE e.seq {compare} ?1 {conditions}"
        f"ORDER BY e.seq {order} LIMIT ?2"
    )


_END = 2**63 - 1


class EventReads(Reads):
    """Reads of the audit trail.

    On PostgreSQL a step that commits late can put an event before one that was already
    returned. A reader that must see each event once asks for those `before` a time some
    ten seconds ago: no step takes that long.
    """

    async def events(
        self, after: int = 0, limit: int = 100, filters: EventFilter | None = None
    ) -> tuple[tuple[int, Event], ...]:
        """Return events with their position, oldest first, from behind a position on."""
        return await self._events(after, limit, filters or EventFilter(), backwards=False)

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[tuple[int, Event], ...]:
        """Return events with their position, newest first, optionally of some types only.

        `before` is the position to go on from.
        """
        wanted = msgspec.structs.replace(filters or EventFilter(), types=types)
        return await self._events(_END if before is None else before, limit, wanted, backwards=True)

    async def _events(
        self, position: int, limit: int, filters: EventFilter, *, backwards: bool
    ) -> tuple[tuple[int, Event], ...]:
        given: dict[str, Value] = {
            name: self._engine.array(value) if name == "types" else value
            for name, value in msgspec.structs.asdict(filters).items()
            if value is not None and value != ()
        }
        page = _page(tuple(given), backwards=backwards)
        rows = await self._engine.listing(page, position, limit, *given.values())
        return tuple((row[0], decode_event(row[1:])) for row in rows)
