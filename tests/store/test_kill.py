"""R-1: what was acknowledged survives `kill -9`, and every step is there whole or not at all."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from ostiary.clock import SystemClock
from ostiary.store import Store, open_store
from support import postgres, records
from support.process import Process, clean_environment
from support.records import digest

TESTS = Path(__file__).parents[1]
ROUNDS = 4


def write_and_die(url: str, name: str, folder: Path, lines: int) -> list[str]:
    """Let a process write until it has told of so many steps, kill it, and return all it told."""
    command = [sys.executable, "-m", "support.scribe", url, name]
    environment = clean_environment(PYTHONPATH=str(TESTS))
    process = Process(command, folder=folder, environment=environment, name=name)
    child = process.start(talking=True).child
    told = [child.stdout.readline().strip() for _ in range(lines)]
    child.kill()
    # What it had written to the pipe before it died was told too.
    told += child.stdout.read().splitlines()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert all(told), process.log.read_text()
    return told


async def check(store: Store, acknowledged: list[str]) -> None:
    """Hold the database to what was told."""
    events, counts = await settled(store)
    assert len(events) == len(set(events))
    assert set(acknowledged) <= set(events)
    for name in events:
        code = (await store.code(digest(name))).code
        family = await store.refresh_family(digest(f"{name} redeemed by scribe")[:16])
        assert code.consumed_at is not None, name
        assert family is not None, name
    assert counts["refresh_families"] == counts["events"] == len(events)


async def settled(store: Store) -> tuple[list[str], dict[str, int]]:
    """Read all, once nothing comes any more: a server ends the statement of a dead client."""
    while True:
        before = await store.counts()
        events = [event.target async for event in all_events(store)]
        if await store.counts() == before and before["events"] == len(events):
            return events, before


async def all_events(store: Store):
    after = 0
    while page := await store.events(after, 500):
        for _, event in page:
            yield event
        after = page[-1][0]


@pytest.fixture
async def signed_in(store) -> Store:
    await store.apply(records.sign_in())
    return store


async def test_of_a_process_loses_nothing(url, signed_in, tmp_path):
    acknowledged: list[str] = []
    for n in range(ROUNDS):
        lines = random.randint(1, 150)
        acknowledged += await asyncio.to_thread(write_and_die, url, f"scribe{n}", tmp_path, lines)
        await check(signed_in, acknowledged)


@pytest.mark.parametrize("engine", ["postgres"])
async def test_of_the_server_loses_nothing(engine, tmp_path):
    with postgres.cluster() as server:
        url = server.url(server.create())
        async with await open_store(url, SystemClock()) as store:
            await store.migrate()
            await store.apply((*records.place(), *records.sign_in()))
        command = [sys.executable, "-m", "support.scribe", url, "scribe"]
        environment = clean_environment(PYTHONPATH=str(TESTS))
        told = await asyncio.to_thread(crash_while_writing, server, command, environment, tmp_path)
        async with await open_store(url, SystemClock()) as store:
            await check(store, told)


def crash_while_writing(
    server: postgres.Cluster, command: list[str], environment: dict[str, str], folder: Path
) -> list[str]:
    process = Process(command, folder=folder, environment=environment, name="scribe")
    child = process.start(talking=True).child
    told: list[str] = []
    for _ in range(2):
        told += [child.stdout.readline().strip() for _ in range(random.randint(1, 80))]
        server.kill()
        server.start()
    # It goes on by itself once the server is back.
    told += [child.stdout.readline().strip() for _ in range(100)]
    child.kill()
    told += child.stdout.read().splitlines()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert all(told), process.log.read_text()
    return told
