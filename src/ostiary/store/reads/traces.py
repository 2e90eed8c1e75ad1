"""Traces of protocol exchanges, the newest first, and the bounds that they are kept within."""

from functools import lru_cache

import msgspec

from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.store.codec import codec_of
from ostiary.store.engine import Query, query
from ostiary.store.reads.reads import Reads, by_key

_TRACE = codec_of(Trace)
_COLUMNS = _TRACE.select("t")
_BY_ID = by_key(Trace)
_END = (1 << 62, 0, "")
# Whoever starts over and over with one pushed request or grant cannot make a page endless.
_MAX_LINKED = 100

_STAGES = {
    Endpoint.PUSHED_AUTHORIZATION: 0,
    Endpoint.DEVICE_AUTHORIZATION: 0,
    Endpoint.AUTHORIZATION: 1,
    Endpoint.LOGOUT: 3,
}
_LATER = 2

_BY_LINK = {
    name: query(
        f"SELECT {_COLUMNS} FROM traces t WHERE t.{name} = ?1 "
        f"ORDER BY t.at DESC, t.turn DESC, t.id DESC LIMIT {_MAX_LINKED}"
    )
    for name in ("flow", "grant_id", "session_id")
}
# All but the newest of a client, or of those that name none.
_TRIM_CLIENT = query(
    "DELETE FROM traces WHERE id IN (SELECT t.id FROM traces t WHERE t.client_id = ?1 "
    "ORDER BY t.at DESC, t.turn DESC, t.id DESC LIMIT ?3 OFFSET ?2) RETURNING 1"
)
_TRIM_STRANGERS = query(
    "DELETE FROM traces WHERE id IN (SELECT t.id FROM traces t WHERE t.client_id IS NULL "
    "ORDER BY t.at DESC, t.turn DESC, t.id DESC LIMIT ?2 OFFSET ?1) RETURNING 1"
)


class TraceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which traces are wanted: those that fit everything that is given."""

    client_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    outcome: Result | None = None


@lru_cache(maxsize=64)
def _page(filters: tuple[str, ...]) -> Query:
    conditions = "".join(f"AND t.{name} = ?{n} " for n, name in enumerate(filters, 5))
    return query(
        f"SELECT {_COLUMNS} FROM traces t WHERE (t.at, t.turn, t.id) < (?1, ?2, ?3) {conditions}"
        "ORDER BY t.at DESC, t.turn DESC, t.id DESC LIMIT ?4"
    )


class TraceReads(Reads):
    """Reads of traces."""

    async def read_trace(self, trace_id: str) -> Trace | None:
        """Return the trace of a request, unless it was not kept, or no longer is."""
        return await self._one(Trace, _BY_ID, trace_id)

    async def list_traces(
        self, filters: TraceFilter, before: tuple[int, int, str] | None, limit: int
    ) -> tuple[Trace, ...]:
        """Return traces, the newest first, from before a position on: time, turn and id."""
        given = {
            name: value
            for name, value in msgspec.structs.asdict(filters).items()
            if value is not None
        }
        page = _page(tuple(given))
        return await self._page(Trace, page, *(before or _END), limit, *given.values())

    async def linked_traces(self, trace: Trace) -> tuple[Trace, ...]:
        """Return the hops that a trace is one of, itself included, the first one first.

        What was pushed, asked and answered shares a flow; a grant joins that to the tokens
        under it, and a session the tokens to the logout.
        """
        found = {trace.id: trace}
        wanted, seen = _links(trace), set[tuple[str, str]]()
        while wanted and len(found) <= _MAX_LINKED:
            link = wanted.pop()
            seen.add(link)
            for other in await self._page(Trace, _BY_LINK[link[0]], link[1]):
                found[other.id] = other
                wanted |= _links(other) - seen
        for session_id in {one.session_id for one in found.values()} - {None}:
            for other in await self._page(Trace, _BY_LINK["session_id"], session_id):
                # A session has hops of other applications too, which are no part of this one.
                if other.client_id == trace.client_id and _joined(trace, other):
                    found[other.id] = other
        return tuple(sorted(found.values(), key=_position))

    async def trim_traces(self, client_id: str | None, keep: int, batch: int) -> int:
        """Delete all but the newest traces of a client, or of requests that name none."""
        if client_id is None:
            return len(await self._engine.write(_TRIM_STRANGERS, keep, batch))
        return len(await self._engine.write(_TRIM_CLIENT, client_id, keep, batch))


def _links(trace: Trace) -> set[tuple[str, str]]:
    links = {(name, getattr(trace, name)) for name in ("flow", "grant_id")}
    return {(name, value) for name, value in links if value is not None}


def _joined(trace: Trace, other: Trace) -> bool:
    """Tell whether a hop of the same session belongs to what a trace is looked at for."""
    return Endpoint.LOGOUT in (trace.endpoint, other.endpoint)


def _position(trace: Trace) -> tuple[int, int, int]:
    """Order hops: within a second by what can only come after what."""
    return trace.at, _STAGES.get(trace.endpoint, _LATER), trace.turn
