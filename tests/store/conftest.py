"""A fresh database for each test, on each engine in turn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.clock import Clock
from ostiary.store import Store, open_store
from support import postgres
from support.records import NOW, place

ENGINES = ("sqlite", "postgres")

Open = Callable[..., Awaitable[Store]]


class StillClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        return self.time


async def migrate(url: str) -> None:
    async with await open_store(url, StillClock()) as store:
        await store.migrate()


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server for all tests; what must survive a loss of power starts its own."""
    with postgres.cluster(fsync="off") as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: postgres.Cluster) -> str:
    """A database that has been migrated."""
    name = cluster.create()
    asyncio.run(migrate(cluster.url(name)))
    return name


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine under test: a test that uses the store runs once on each."""
    name: str = request.param
    return name


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without a schema."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'ostiary.db'}"
    else:
        server: postgres.Cluster = request.getfixturevalue("cluster")
        name = server.create()
        yield server.url(name)
        server.drop(name)


@pytest.fixture
def url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database that has been migrated."""
    if engine == "sqlite":
        address = f"sqlite:///{tmp_path / 'ostiary.db'}"
        asyncio.run(migrate(address))
        yield address
    else:
        server: postgres.Cluster = request.getfixturevalue("cluster")
        name = server.create(request.getfixturevalue("template"))
        yield server.url(name)
        server.drop(name)


@pytest.fixture
async def open_another(url: str, clock: Clock) -> AsyncIterator[Open]:
    """Open further stores on the same database, as other processes do."""
    opened: list[Store] = []

    async def another(**options: Any) -> Store:
        store = await open_store(url, clock, **options)
        opened.append(store)
        return store

    yield another
    for store in opened:
        await store.close()


@pytest.fixture
async def bare(open_another: Open) -> Store:
    """A store without records."""
    return await open_another()


@pytest.fixture
async def store(bare: Store) -> Store:
    """A store that knows an organization with an application and a user."""
    await bare.apply(place())
    return bare
