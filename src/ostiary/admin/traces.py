"""Traces of protocol exchanges, as far as whoever asks administers the application."""

import re
from collections.abc import Sequence
from typing import Protocol

import msgspec

from ostiary.admin import projects
from ostiary.admin.actor import Actor, Area, Level
from ostiary.admin.errors import NotFound
from ostiary.admin.store import PAGE, Admin
from ostiary.model.client import Client
from ostiary.model.trace import Trace
from ostiary.store.reads.traces import TraceFilter

WHAT = "trace"
Position = tuple[int, int, str]


_POSITION = re.compile(r"([0-9]{1,12})\.([0-9]{1,18})\.([0-9A-Za-z_-]{1,64})")


class TraceReads(Protocol):
    """The reads of traces."""

    async def read_trace(self, trace_id: str) -> Trace | None:
        """Return the trace of a request, unless it was not kept, or no longer is."""
        ...

    async def list_traces(
        self, filters: TraceFilter, before: Position | None, limit: int
    ) -> tuple[Trace, ...]:
        """Return traces, the newest first, from before a position on: time, turn and id."""
        ...

    async def linked_traces(self, trace: Trace) -> tuple[Trace, ...]:
        """Return the hops that a trace is one of, itself included, the first one first."""
        ...


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A trace, the hops that it is one of, and its application as it is now."""

    trace: Trace
    hops: tuple[Trace, ...]
    client: Client | None


def write_position(trace: Trace) -> str:
    """Return where a list goes on after a trace."""
    return f"{trace.at}.{trace.turn}.{trace.id}"


def read_position(text: str) -> Position | None:
    """Return the position that a text stands for, or None."""
    parts = _POSITION.fullmatch(text)
    return None if parts is None else (int(parts[1]), int(parts[2]), parts[3])


async def list_all(  # noqa: PLR0913 - which traces, and which page of them
    admin: Admin,
    reads: TraceReads,
    actor: Actor,
    filters: TraceFilter,
    *,
    before: Position | None = None,
    limit: int = PAGE,
) -> Sequence[Trace]:
    """Return traces, the newest first.

    Those of requests that name no application here are shown to whoever sees all the
    instance.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not see the whole instance, and named no organization.
    """
    await projects.find_place(admin, actor, filters.organization_id, filters.project_id)
    if filters.project_id is not None:
        # The project says it all, and has an index.
        filters = msgspec.structs.replace(filters, organization_id=None)
    return await reads.list_traces(filters, before, limit)


async def show(admin: Admin, reads: TraceReads, actor: Actor, trace_id: str) -> Shown:
    """Return a trace with its hops.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await reads.read_trace(trace_id)
    if found is None or not may_see(actor, found):
        raise NotFound(WHAT, trace_id)
    client = None if found.client_id is None else await admin.store.read_client(found.client_id)
    hops = tuple(one for one in await reads.linked_traces(found) if may_see(actor, one))
    return Shown(trace=found, hops=hops, client=client)


def may_see(actor: Actor, trace: Trace) -> bool:
    """Tell whether somebody administers the application that a trace is of."""
    return actor.may(Area.PROJECT, Level.READ, trace.organization_id, trace.project_id)
