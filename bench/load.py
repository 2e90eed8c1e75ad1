"""A closed loop: each connection sends its next request when it has the answer to the last."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from time import perf_counter, process_time
from typing import Self

from bench.profiling import Sampler
from bench.stage import Stage
from bench.works import Turn, Work
from support.tree import busy_seconds

WARM_UP = 0.8
_SLICE = 1.0


@dataclass(frozen=True)
class Measurement:
    """How often a work was done while the clock ran, and what that cost."""

    count: int
    seconds: float
    # Of the server, of a database with processes of its own, and of the load itself.
    server_cpu: float
    database_cpu: float
    load_cpu: float
    # Share of all cores that other programs took meanwhile.
    foreign: float
    # Times per CPU-second in the best of the slices: noise only ever adds to a cost.
    best: float = 0.0
    # The durable events of everything that was done, warm-up included.
    events: dict[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Times a second."""
        return self.count / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Times per CPU-second of server and database."""
        return self.count / (self.server_cpu + self.database_cpu)


class Unproven(Exception):
    """The database does not hold the events that the answers stand for."""


@dataclass
class _Loop:
    """What all connections share: how often the work was done, and whether to go on."""

    done: int = 0
    running: bool = True

    async def repeat(self, turn: Turn) -> None:
        while self.running:
            await turn.once()
            self.done += 1


async def measure(
    stage: Stage, work: Work, connections: int, seconds: float, sampler: Sampler | None = None
) -> Measurement:
    """Do a work for some seconds after a warm-up, and count its events in the database.

    Raises:
        Unexpected: the server did not do its part.
        Unproven: an answer had no durable event.
    """
    opened = [stage.connection() for _ in range(connections)]
    loop = _Loop()
    try:
        turns = await work.prepare(stage, opened)
        before = await stage.count_events()
        measurement = await _run(stage, loop, turns, seconds, sampler)
        after = await stage.count_events()
    finally:
        for connection in opened:
            connection.close()
    for kind, times in work.events.items():
        found, wanted = after.get(kind, 0) - before.get(kind, 0), loop.done * times
        if found != wanted:
            raise Unproven(f"{work.name}: {wanted} answers, but {found} events {kind}")
        measurement.events[kind] = found
    return measurement


async def _run(
    stage: Stage, loop: _Loop, turns: Sequence[Turn], seconds: float, sampler: Sampler | None
) -> Measurement:
    async with asyncio.TaskGroup() as group:
        for turn in turns:
            group.create_task(loop.repeat(turn))
        await asyncio.sleep(WARM_UP)
        if sampler is not None:
            sampler.begin()
        readings = [_Reading.take(stage, loop)]
        slices = max(1, round(seconds / _SLICE))
        for _ in range(slices):
            await asyncio.sleep(seconds / slices)
            readings.append(_Reading.take(stage, loop))
        if sampler is not None:
            sampler.end()
        loop.running = False
    measured = [begin.until(end) for begin, end in pairwise(readings)]
    best = max(measurement.per_cpu_second for measurement in measured)
    return replace(readings[0].until(readings[-1]), best=best)


@dataclass(frozen=True)
class _Reading:
    """What the meters show at one moment; seconds, but for `done`."""

    at: float
    done: int
    server: float
    database: float
    load: float
    busy: float

    @classmethod
    def take(cls, stage: Stage, loop: _Loop) -> Self:
        server, database = stage.cpu()
        return cls(perf_counter(), loop.done, server, database, process_time(), busy_seconds())

    def until(self, end: Self) -> Measurement:
        seconds = end.at - self.at
        server, database = end.server - self.server, end.database - self.database
        load = end.load - self.load
        foreign = end.busy - self.busy - server - database - load
        return Measurement(
            count=end.done - self.done,
            seconds=seconds,
            server_cpu=server,
            database_cpu=database,
            load_cpu=load,
            foreign=max(0.0, foreign / seconds / (os.cpu_count() or 1)),
        )
