"""The audit trail, as far as whoever asks may see it."""

from collections.abc import Sequence
from typing import Protocol

from ostiary.admin import organizations
from ostiary.admin.actor import Actor, Area
from ostiary.admin.store import PAGE, Admin
from ostiary.model.event import Event
from ostiary.store.reads.events import EventFilter

Positioned = tuple[int, Event]


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
        self, after: int = 0, limit: int = PAGE, filters: EventFilter | None = None
    ) -> tuple[Positioned, ...]:
        """Return events with their position, oldest first, from behind a position on."""
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
    """Return events, from a position on.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not see the whole instance, and named no organization.
    """
    await organizations.authorize_list(admin, actor, filters.organization_id, Area.EVENT)
    if oldest_first:
        return await reads.events(position or 0, limit, filters)
    return await reads.list_events(filters.types, position, limit, filters)
