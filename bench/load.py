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
# Seconds of CPU time: the kernel counts it in ticks of up to 0.01 s, and on a machine that is
# busy with something else the server may get none of it for a while.
_LEAST_CPU = 0.1
# Of a work that is sampled, it is enough to see where the time goes.
_LEAST_SAMPLED = 0.5
_PATIENCE = 30.0


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


class Unmeasured(Exception):
    """The machine was too busy with something else."""


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
        Unmeasured: the server got next to no CPU time.
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
        least = _LEAST_CPU if sampler is None else _LEAST_SAMPLED
        for _ in range(slices):
            readings.append(await _read_slice(stage, loop, readings[-1], seconds / slices, least))
        if sampler is not None:
            sampler.end()
        loop.running = False
    measured = [begin.until(end) for begin, end in pairwise(readings)]
    best = max(measurement.per_cpu_second for measurement in measured)
    return replace(readings[0].until(readings[-1]), best=best)


async def _read_slice(
    stage: Stage, loop: _Loop, begin: "_Reading", seconds: float, least: float
) -> "_Reading":
    """Return the reading after some seconds, or after more where they held too little work.

    `least` is how much CPU time of the server is enough, in seconds.
    """
    while True:
        await asyncio.sleep(seconds)
        end = _Reading.take(stage, loop)
        if end.server - begin.server >= least:
            return end
        if end.at - begin.at > _PATIENCE:
            raise Unmeasured(
                f"the server got {end.server - begin.server:.2f} s of CPU time in "
                f"{end.at - begin.at:.0f} s: the machine is busy with something else"
            )


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
