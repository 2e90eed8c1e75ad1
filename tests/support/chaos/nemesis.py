"""The one who kills: SIGKILL at random moments, and a look at how long it takes to recover."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from support.chaos.clients import World
from support.flows import client_credentials
from support.keepalive import Connection, Lost, NotSent, write_request
from support.process import Process
from support.tree import Member, members, role_of

# The processes of a server with two workers.
CREW = Counter(supervisor=1, worker=2, jobs=1)
# From a kill to a working server; the processes share two cores with everything else here.
LONGEST_RECOVERY = 30.0
# Fresh connections that have to be answered, one after the other: the kernel spreads them.
_ENOUGH = 8


@dataclass(frozen=True)
class Kill:
    """Something to do to a server, and how often, among the others."""

    name: str
    weight: int
    strike: Callable[[], Awaitable[None]]


@dataclass
class Nemesis:
    """Strikes once a round, and waits each time until the server works again."""

    world: World
    process: Process
    random: random.Random
    recoveries: dict[str, list[float]] = field(default_factory=dict)

    def kills(self) -> list[Kill]:
        """Return what every engine has to endure."""
        return [
            Kill("worker", 6, self.kill_worker),
            Kill("jobs", 1, self.kill_jobs),
            Kill("supervisor", 1, self.kill_supervisor),
            Kill("everything", 2, self.kill_everything),
        ]

    async def strike(self, rounds: int, more: Sequence[Kill]) -> None:
        """Strike so many times, each kind of kill at least once where there are rounds enough."""
        await self._wait_for(CREW)
        kills = [*self.kills(), *more]
        order = [*kills]
        self.random.shuffle(order)
        weights = [kill.weight for kill in kills]
        order += self.random.choices(kills, weights, k=max(0, rounds - len(order)))
        for kill in order[:rounds]:
            await asyncio.sleep(self.random.uniform(0.2, 1.6))
            begin = monotonic()
            await kill.strike()
            await self._wait_for_answers()
            self.recoveries.setdefault(kill.name, []).append(monotonic() - begin)
            await self._wait_for(CREW)
        await asyncio.sleep(1.0)

    def _crew(self) -> Counter[str]:
        return Counter(role_of(member) for member in members(self.process.child.pid))

    def _find(self, role: str) -> list[Member]:
        found = members(self.process.child.pid)
        return [member for member in found if role_of(member) == role]

    async def kill_worker(self) -> None:
        """Kill one worker; the supervisor has to replace it."""
        _kill(self.random.choice(self._find("worker")).pid)

    async def kill_jobs(self) -> None:
        """Kill the process of the scheduled work; the supervisor has to replace it."""
        for member in self._find("jobs"):
            _kill(member.pid)

    async def kill_supervisor(self) -> None:
        """Kill the supervisor alone: its children have to notice and end by themselves."""
        root = self.process.child.pid
        _kill(root)
        self.process.child.wait()
        await self._wait_for_end(root)
        self.process.start()

    async def kill_everything(self) -> None:
        """Kill the whole tree at once, as a power failure does, and start it again."""
        root = self.process.child.pid
        for member in members(root):
            _kill(member.pid)
        self.process.child.wait()
        await self._wait_for_end(root)
        self.process.start()

    async def _wait_for_end(self, root: int) -> None:
        """Wait until nothing is left of a tree."""
        deadline = monotonic() + LONGEST_RECOVERY
        while left := members(root):
            assert monotonic() < deadline, f"orphans live on: {left}"
            await asyncio.sleep(0.02)

    async def _wait_for_answers(self) -> None:
        """Wait for readiness and committed tokens, over enough connections to meet all workers."""
        world = self.world
        ready = write_request("GET", "/health/ready", world.host)
        token = client_credentials(world.machines[0], world.host)
        deadline = monotonic() + LONGEST_RECOVERY
        in_a_row = 0
        while in_a_row < _ENOUGH:
            assert monotonic() < deadline, f"no recovery within {LONGEST_RECOVERY:.0f} s"
            if await _works(world.port, ready) and await _works(world.port, token):
                in_a_row += 1
            else:
                in_a_row = 0
                await asyncio.sleep(0.03)

    async def _wait_for(self, crew: Counter[str]) -> None:
        """Wait until every process is there again."""
        deadline = monotonic() + LONGEST_RECOVERY
        while (there := self._crew()) != crew:
            assert monotonic() < deadline, f"{crew} was wanted, and there is only {there}"
            await asyncio.sleep(0.03)


async def _works(port: int, request: bytes) -> bool:
    connection = Connection(port)
    try:
        return (await connection.ask(request, seconds=5)).status == 200
    except (NotSent, Lost):
        return False
    finally:
        connection.close()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
