"""The audit trail, as far as whoever asks may see it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from ostiary.admin import organizations
from ostiary.admin.actor import Actor, Area
from ostiary.admin.errors import Invalid
from ostiary.admin.store import PAGE, Admin
from ostiary.model.event import Event
from ostiary.model.event_types import UnknownType, expand
from ostiary.store.reads.events import EventFilter

Positioned = tuple[int, Event]
EXPORT_PAGE = 500


class EventReads(Protocol):
    """The reads of the audit trail."""

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[Positioned, ...]:
        """Return events with their position, newest first, from before a position on."""
        ...

    async def events(
        self,
        after: int = 0,
        limit: int = PAGE,
        filters: EventFilter | None = None,
        *,
        until: int | None = None,
    ) -> tuple[Positioned, ...]:
        """Return events with their position, oldest first, from behind a position on."""
        ...

    async def settled_position(self) -> int:
        """Return the end of the audit trail: no event will come to stand at or before it."""
        ...


async def list_all(  # noqa: PLR0913 - which events, and which page of them
    admin: Admin,
    reads: EventReads,
    actor: Actor,
    filters: EventFilter,
    *,
    position: int | None = None,
    oldest_first: bool = False,
    limit: int = PAGE,
) -> Sequence[Positioned]:
    """Return events, from a position on. Types may be patterns, as in `auth.*`.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not see the whole instance, and named no organization.
        Invalid: a pattern names no type of event.
    """
    await organizations.authorize_list(admin, actor, filters.organization_id, Area.EVENT)
    filters = _expanded(filters)
    if oldest_first:
        return await reads.events(position or 0, limit, filters)
    return await reads.list_events(filters.types, position, limit, filters)


async def export(
    admin: Admin, reads: EventReads, actor: Actor, filters: EventFilter, *, after: int = 0
) -> AsyncIterator[Sequence[Positioned]]:
    """Return all events up to now in pages, oldest first, from behind a position on.

    Whoever goes on behind the last position misses none and sees none twice, whatever is
    written at the same time.

    Raises:
        NotFound, NotAllowed, Invalid: as of `list_all`.
    """
    await organizations.authorize_list(admin, actor, filters.organization_id, Area.EVENT)
    filters = _expanded(filters)
    end = await reads.settled_position()
    while page := await reads.events(after, EXPORT_PAGE, filters, until=end):
        yield page
        after = page[-1][0]


def _expanded(filters: EventFilter) -> EventFilter:
    try:
        return msgspec.structs.replace(filters, types=expand(filters.types))
    except UnknownType as error:
        raise Invalid.at(
            "type", f"{str(error)!r} is no type of event, and none begins so"
        ) from error
