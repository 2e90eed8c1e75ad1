"""Writes down what a worker has seen of clients, now and then and when it ends."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

import structlog

from ostiary.clock import Clock
from ostiary.model.sighting import Sighting
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.sightings import Sightings

EVERY = 30  # seconds
BATCH = 500

_log = structlog.get_logger("ostiary.watch")


class Store(Protocol):
    """Where sightings are kept."""

    async def note_sightings(self, sightings: Iterable[Sighting], now: int) -> None:
        """Write down what was seen.

        Raises:
            Unavailable: the store cannot answer now.
        """
        ...


class Watch:
    """Takes what was collected to the store."""

    def __init__(self, sightings: Sightings, store: Store, clock: Clock) -> None:
        self._sightings = sightings
        self._store = store
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write now and then."""
        self._task = asyncio.create_task(self._repeat())

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._try()

    async def flush(self) -> None:
        """Write everything that waits.

        Raises:
            Unavailable: the store cannot answer now; what was not written waits on.
        """
        while True:
            batch = self._sightings.take(BATCH)
            try:
                await self._store.note_sightings(batch, self._clock.now())
            except BaseException:
                self._sightings.put_back(batch)
                raise
            if len(batch) < BATCH:
                return

    async def _repeat(self) -> None:
        while True:
            await self._try()
            await asyncio.sleep(EVERY)

    async def _try(self) -> None:
        try:
            await self.flush()
        except Unavailable:
            _log.warning("sightings_postponed")
