"""Waiting for the first sign-in: how far an application is, by what was seen of it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ostiary.admin import clients
from ostiary.admin.actor import Actor
from ostiary.admin.store import Admin
from ostiary.advisor.verification import ISSUANCE, OTHERS, Verification, verify
from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.sighting import Sighting
from ostiary.store.reads.events import EventFilter

_NEWEST = 100


class Observations(Protocol):
    """What is known of an application besides its registration."""

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[tuple[int, Event], ...]:
        """Return events with their position, newest first."""
        ...

    async def list_sightings(self, client_ids: Sequence[str]) -> tuple[Sighting, ...]:
        """Return everything that was seen of these clients."""
        ...


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """An application, and how far it is."""

    client: Client
    verification: Verification


async def check(admin: Admin, observations: Observations, actor: Actor, client_id: str) -> Checked:
    """Tell how far an application is.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    client = await clients.show(admin, actor, client_id)
    own = EventFilter(client_id=client.client_id)
    events = [
        event
        for types in (ISSUANCE, OTHERS)
        for _, event in await observations.list_events(types, None, _NEWEST, own)
    ]
    sightings = await observations.list_sightings((client.client_id,))
    return Checked(client=client, verification=verify(client, events, sightings))
