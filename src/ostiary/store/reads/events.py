"""The audit trail, read in either direction."""

from functools import lru_cache

import msgspec

from ostiary.model.event import ISSUANCE, Event
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


# The condition of an index, in the words of the index.
_NO_ISSUANCE = "e.type NOT IN ({})".format(", ".join(f"'{name}'" for name in sorted(ISSUANCE)))
_CONDITIONS = {
    "types": "e.type among({0})",
    "since": "e.at >= {0}",
    "before": "e.at < {0}",
    # The far end of what is read.
    "until": "e.seq {1} {0}",
}
# Filters with an index of theirs, the one that leaves least first.
_LEADING = ("user_id", "client_id", "organization_id", "type")
_ENDS = query("SELECT (SELECT min(e.seq) FROM events e), (SELECT max(e.seq) FROM events e)")
_AT = query("SELECT e.seq, e.at FROM events e WHERE e.seq >= ?1 ORDER BY e.seq LIMIT 1")
# Positions rise with time, but for clocks that differ and steps that commit late, in seconds.
_DISORDER = 120


@lru_cache(maxsize=256)
def _page(filters: tuple[str, ...], *, backwards: bool) -> Query:
    compare, far, order = ("<", ">=", "DESC") if backwards else (">", "<=", "ASC")
    position = f"e.seq {compare} ?1"
    conditions = {
        name: _CONDITIONS.get(name, f"e.{name} = {{0}}").format(f"?{n}", far)
        for n, name in enumerate(filters, 3)
    }
    if "type" in filters:
        conditions["rare"] = _NO_ISSUANCE
    plain = _select(" AND ".join((position, *conditions.values())), f"e.seq {order}")
    leading = next((name for name in _LEADING if name in filters), None)
    if leading is None:
        return plain
    # PostgreSQL plans for any value at once, and by "equal" would count on finding enough
    # among the newest events of all. A range of the index can be nothing else.
    mark = f"?{filters.index(leading) + 3}"
    conditions[leading] = (
        f"(e.{leading}, e.seq) {compare} ({mark}, ?1) AND e.{leading} {far} {mark}"
    )
    ranged = _select(" AND ".join(conditions.values()), f"e.{leading} {order}, e.seq {order}")
    return Query(sqlite=plain.sqlite, postgres=ranged.postgres)


def _select(conditions: str, order: str) -> Query:
    columns = ", ".join(f"e.{name}" for name in EVENT_COLUMNS)
    return query(
        f"SELECT e.seq, {columns} FROM events e WHERE {conditions} ORDER BY {order} LIMIT ?2"
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
        if len(filters.types) == 1 and filters.types[0] not in ISSUANCE:
            given.pop("types")
            given["type"] = filters.types[0]
        first = last = None
        if filters.since is not None:
            first = await self._find(filters.since - _DISORDER)
        if filters.before is not None:
            last = await self._find(filters.before + _DISORDER)
        near, far = (last, first) if backwards else (first, last)
        if near is not None:
            position = min(position, near + 1) if backwards else max(position, near - 1)
        if far is not None:
            given["until"] = far
        page = _page(tuple(given), backwards=backwards)
        rows = await self._engine.listing(page, position, limit, *given.values())
        return tuple((row[0], decode_event(row[1:])) for row in rows)

    async def _find(self, at: int) -> int:
        """Return about where the events from a time on begin, by few reads."""
        row = await self._engine.row(_ENDS)
        if row is None or row[0] is None:
            return 0
        low, high = row[0], row[1] + 1
        while low < high:
            middle = (low + high) // 2
            found = await self._engine.row(_AT, middle)
            if found is None or found[1] >= at:
                high = middle
            else:
                low = found[0] + 1
        return int(low)
