"""Kill server processes at random moments under load, and hold the database to what was told.

R-1: no acknowledged code, token, rotation or event is lost. R-2: nothing is redeemed twice.
R-3: families of refresh tokens stay linear, and an honest client survives a lost answer.

CHAOS_ROUNDS says how often to kill (5), CHAOS_SEED repeats the choices of a run.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from time import monotonic

import pytest

from support import crowd, flows
from support.chaos.checker import check
from support.chaos.clients import Client, Machine, Person, Refresher, World, inspect
from support.chaos.facts import read_facts, tell_story
from support.chaos.journal import Journal
from support.chaos.nemesis import Kill, Nemesis
from support.engine import Engine, Postgresql, Sqlite
from support.server import Server

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "5"))
# A code lives for ten minutes at the most and may be purged from then on, so that is how long
# a run can be.
LONGEST_RUN = 570
MOST_TOLD, LOG_TAIL = 40, 4000
LIFETIMES = {"code": 600, "access_token": 3600, "access_token_machine": 3600}

pytestmark = [pytest.mark.timeout(LONGEST_RUN + 180), pytest.mark.xdist_group("chaos")]


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("CHAOS_SEED", random.SystemRandom().randrange(1 << 32)))


@pytest.mark.parametrize("engine_type", [Sqlite, Postgresql], ids=["sqlite", "postgresql"])
async def test_kills_lose_nothing_and_double_nothing(engine_type, tmp_path, seed):
    with (
        engine_type.start(tmp_path) as engine,
        Server(tmp_path, database_url=engine.url, workers=2, metrics={"listen": "off"}) as server,
        Journal(tmp_path / "journal.jsonl") as journal,
    ):
        server.apply(crowd.declaration(**LIFETIMES))
        world = make_world(server, journal, seed)
        nemesis = Nemesis(world, server.process, random.Random(f"{seed}/nemesis"))
        begin = monotonic()
        try:
            await run(world, nemesis, kills_of(engine))
        except BaseException:
            print(server.output()[-LOG_TAIL:])
            raise
        await inspect(world)
        exit_code = server.stop()
        faults = check(world.journal.entries(), await read_facts(engine.query))
        faults += await engine.check()
        story = await tell_story(engine.query, faults)
        log = server.output()
    report = tell(engine, world, nemesis, seed, monotonic() - begin)
    print(report)
    assert monotonic() - begin < LONGEST_RUN, "codes may have been purged: take fewer rounds"
    told = "\n".join([*faults[:MOST_TOLD], *story[:MOST_TOLD], log[-LOG_TAIL:]])
    assert not faults, f"{report}\n{len(faults)} faults:\n{told}"
    assert "Traceback" not in log, f"{report}\n{log}"
    assert exit_code == 0, f"the server ended with {exit_code}:\n{log}"


def make_world(server: Server, journal: Journal, seed: int) -> World:
    cookies = [
        flows.sign_in(server, crowd.WEB, name, crowd.PASSWORD) for name in crowd.USERS[:PEOPLE]
    ]
    return World(
        host=f"localhost:{server.port}",
        port=server.port,
        journal=journal,
        machines=crowd.MACHINES,
        webs=crowd.WEBS,
        cookies=cookies,
        seed=seed,
    )


PEOPLE = MACHINES = REFRESHERS = 4


async def run(world: World, nemesis: Nemesis, more: Sequence[Kill]) -> None:
    clients: list[Client] = [
        *(Machine(world, number) for number in range(MACHINES)),
        *(Person(world, 100 + number) for number in range(PEOPLE)),
        *(Refresher(world, 200 + number) for number in range(REFRESHERS)),
    ]
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.repeat(client.step))
        await nemesis.strike(ROUNDS, more)
        world.running = False
    for client in clients:
        client.close()


def kills_of(engine: Engine) -> list[Kill]:
    """The database's own processes can be killed where it has any."""
    return [Kill("database", 2, engine.kill)] if isinstance(engine, Postgresql) else []


def tell(engine: Engine, world: World, nemesis: Nemesis, seed: int, seconds: float) -> str:
    """Say what was done, for whoever reads the log."""
    recoveries = [
        f"{kind} {len(times)}x (at most {max(times):.1f} s)"
        for kind, times in sorted(nemesis.recoveries.items())
    ]
    told = ", ".join(f"{what}: {count}" for what, count in sorted(world.told.items()))
    return (
        f"\n{engine.name}, CHAOS_SEED={seed}: {world.journal.count} acknowledgements in "
        f"{seconds:.0f} s\n  killed: {', '.join(recoveries)}\n  told: {told}"
    )
