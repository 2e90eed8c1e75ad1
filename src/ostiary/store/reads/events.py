"""The audit trail, read in either direction."""

import heapq
from functools import lru_cache
from typing import NamedTuple

import msgspec

from ostiary.model.event import ISSUANCE, Event, Result
from ostiary.store.codec import EVENT_COLUMNS, decode_event
from ostiary.store.engine import Query, Value, query
from ostiary.store.reads.reads import Reads

Positioned = tuple[int, Event]


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted: those that fit everything that is given.

    `since` and `before` bound the time, in seconds since the epoch; `before` excludes.
    `actor_id` is that of a person, an operator or a part of the server; what applications
    do is found by `client_id`.
    """

    types: tuple[str, ...] = ()
    user_id: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    session_id: str | None = None
    actor_id: str | None = None
    result: Result | None = None
    trace_id: str | None = None
    ip: str | None = None
    since: int | None = None
    before: int | None = None


_CONDITIONS = {
    "types": "e.type among({0})",
    "since": "e.at >= {0}",
    "before": "e.at < {0}",
    # The far end of what is read.
    "until": "e.seq {1} {0}",
}
# What has an index of its own, the one that leaves fewest first, and the condition of that
# index in its words. A type may be rare; of one organization or application it has an index too.
_INDEXED = {
    "trace_id": "e.trace_id <> ''",
    "session_id": "e.session_id IS NOT NULL",
    "ip": "e.ip <> ''",
    "user_id": "e.user_id IS NOT NULL",
    "actor_id": "e.actor_id IS NOT NULL AND e.actor_type <> 'client'",
    "type": "e.type NOT IN ({})".format(", ".join(f"'{name}'" for name in sorted(ISSUANCE))),
    "client_id": "e.client_id IS NOT NULL",
    "organization_id": "e.organization_id IS NOT NULL",
}
# Conditions without a value; failures have an index, which has to be named in its words.
_FIXED = {Result.FAILURE: "e.result = 'failure'", Result.SUCCESS: "e.result = 'success'"}
# Filters that leave few enough events for their types to be looked at one by one.
_SELECTIVE = ("user_id", "session_id", "actor_id", "trace_id", "ip")
_MAX_APART = 24
_ENDS = query("SELECT (SELECT min(e.seq) FROM events e), (SELECT max(e.seq) FROM events e)")
_AT = query("SELECT e.seq, e.at FROM events e WHERE e.seq >= ?1 ORDER BY e.seq LIMIT 1")
# Positions rise with time, but for clocks that differ and steps that commit late, in seconds.
_DISORDER = 120
_END = 2**63 - 1


@lru_cache(maxsize=1024)
def _page(filters: tuple[str, ...], result: Result | None, *, backwards: bool) -> Query:
    marks = {name: f"?{n}" for n, name in enumerate(filters, 3)}
    order = _Order("<", ">=", "DESC") if backwards else _Order(">", "<=", "ASC")
    leading = next((name for name in _INDEXED if name in marks), None)
    if leading is None:
        return query(_write(f"e.seq {order.behind} ?1", marks, result, order))
    mark, until = marks.pop(leading), marks.pop("until", None)
    conditions = (_equal(leading, mark, until, order), _bounds(leading, mark, until, order))
    sqlite, postgres = (query(_write(one, marks, result, order, leading)) for one in conditions)
    return Query(sqlite=sqlite.sqlite, postgres=postgres.postgres)


class _Order(NamedTuple):
    """How positions compare with the last one that was read, and with the far end."""

    behind: str
    far: str
    direction: str


def _write(
    conditions: str,
    marks: dict[str, str],
    result: Result | None,
    order: _Order,
    leading: str | None = None,
) -> str:
    conditions += "".join(
        " AND " + _CONDITIONS.get(name, f"e.{name} = {{0}}").format(mark, order.far)
        for name, mark in marks.items()
    )
    if result is not None:
        conditions += " AND " + _FIXED[result]
    columns = ", ".join(f"e.{name}" for name in EVENT_COLUMNS)
    ordered = ("seq",) if leading is None else (leading, "seq")
    by = ", ".join(f"e.{name} {order.direction}" for name in ordered)
    return f"SELECT e.seq, {columns} FROM events e WHERE {conditions} ORDER BY {by} LIMIT ?2"


def _equal(column: str, mark: str, until: str | None, order: _Order) -> str:
    """Return the condition of a page of what has one value, which an index of SQLite answers."""
    end = "" if until is None else f" AND e.seq {order.far} {until}"
    return f"e.{column} = {mark} AND e.seq {order.behind} ?1{end} AND {_INDEXED[column]}"


def _bounds(column: str, mark: str, until: str | None, order: _Order) -> str:
    """Return the same as bounds in the order of the index.

    Of a column that equals a value PostgreSQL knows that it needs no order. It then reads the
    trail from its end where it expects many that fit, and to the other end where there are none.
    """
    end = f"e.{column} {order.far} {mark}"
    if until is not None:
        end = f"(e.{column}, e.seq) {order.far} ({mark}, {until})"
    return f"(e.{column}, e.seq) {order.behind} ({mark}, ?1) AND {end} AND {_INDEXED[column]}"


class EventReads(Reads):
    """Reads of the audit trail.

    On PostgreSQL a step that commits late can put an event before one that was already
    returned. A reader that must see each event once reads up to `settled_position`, and
    goes on from there.
    """

    async def settled_position(self) -> int:
        """Return the end of the trail: no event will come to stand at or before it.

        Raises:
            Unavailable: a step that began before does not end.
        """
        return await self._engine.settled_position()

    async def events(
        self,
        after: int = 0,
        limit: int = 100,
        filters: EventFilter | None = None,
        *,
        until: int | None = None,
    ) -> tuple[Positioned, ...]:
        """Return events with their position, oldest first, from behind a position on.

        `until` is the last position that is wanted.
        """
        wanted = filters or EventFilter()
        return await self._events(after, limit, wanted, backwards=False, until=until)

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[Positioned, ...]:
        """Return events with their position, newest first, optionally of some types only.

        `before` is the position to go on from.
        """
        wanted = msgspec.structs.replace(filters or EventFilter(), types=types)
        return await self._events(_END if before is None else before, limit, wanted, backwards=True)

    async def find_position(self, at: int) -> int:
        """Return a position that is before all events from a time on, and not long before."""
        return max(0, await self._find(at - _DISORDER) - 1)

    async def _events(
        self,
        position: int,
        limit: int,
        filters: EventFilter,
        *,
        backwards: bool,
        until: int | None = None,
    ) -> tuple[Positioned, ...]:
        given: dict[str, Value] = {
            name: value
            for name, value in msgspec.structs.asdict(filters).items()
            if value is not None and name not in {"types", "result"}
        }
        first = last = None
        if filters.since is not None:
            first = await self._find(filters.since - _DISORDER)
        if filters.before is not None:
            last = await self._find(filters.before + _DISORDER)
        if until is not None:
            last = until if last is None else min(last, until)
        near, far = (last, first) if backwards else (first, last)
        if near is not None:
            position = min(position, near + 1) if backwards else max(position, near - 1)
        if far is not None:
            given["until"] = far
        found: list[Positioned] = []
        for types in self._split_types(filters):
            page = _page((*given, *types), filters.result, backwards=backwards)
            values = (*given.values(), *types.values())
            rows = await self._engine.listing(page, position, limit, *values)
            found += ((row[0], decode_event(row[1:])) for row in rows)
        choose = heapq.nlargest if backwards else heapq.nsmallest
        return tuple(choose(limit, found, key=lambda one: one[0]))

    def _split_types(self, filters: EventFilter) -> tuple[dict[str, Value], ...]:
        """Return the conditions on the type, each for a statement of its own.

        A rare type among a million events is found by its index, and that is one for
        each type. Everyday issuance has none, and is among the newest anyway.
        """
        types = filters.types
        if not types:
            return ({},)
        rare = [name for name in types if name not in ISSUANCE]
        selective = any(getattr(filters, name) is not None for name in _SELECTIVE)
        if selective or len(rare) > _MAX_APART:
            return ({"types": self._engine.array(types)},)
        common = [name for name in types if name in ISSUANCE]
        apart: list[dict[str, Value]] = [{"type": name} for name in rare]
        if common:
            apart.append({"types": self._engine.array(common)})
        return tuple(apart)

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
