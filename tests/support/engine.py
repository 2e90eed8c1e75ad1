"""A database of its own for a server that is measured or killed, and a look into it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from support.postgres import Cluster, cluster


class Engine(Protocol):
    """The database below a server."""

    name: str

    @property
    def url(self) -> str:
        """The setting `database_url`."""
        ...

    @property
    def root(self) -> int | None:
        """The first of the database's own processes, if it has any."""
        ...

    async def query(self, statement: str) -> list[Sequence[Any]]:
        """Read past the server."""
        ...

    async def check(self) -> list[str]:
        """Return what the engine itself finds wrong with its files."""
        ...


@dataclass
class Sqlite:
    """A SQLite file: the server's processes are all there is."""

    path: Path
    name: str = "sqlite"

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator["Sqlite"]:
        """Name a file in a folder; the server makes it."""
        yield cls(folder / "ostiary.db")

    @property
    def url(self) -> str:
        """The setting `database_url`."""
        return f"sqlite:///{self.path}"

    @property
    def root(self) -> int | None:
        """Nothing: SQLite runs within the server."""
        return None

    async def query(self, statement: str) -> list[Sequence[Any]]:
        """Read past the server."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
            return database.execute(statement).fetchall()

    async def check(self) -> list[str]:
        """Return what the engine itself finds wrong with its files."""
        found = [row[0] for row in await self.query("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found


@dataclass
class Postgresql:
    """A PostgreSQL server of its own, which commits as durably as it does by default."""

    cluster: Cluster
    database: str
    name: str = "postgresql"

    @classmethod
    @contextmanager
    def start(cls, _folder: Path) -> Iterator["Postgresql"]:
        """Start a server and make a database."""
        with cluster(shared_buffers="128MB") as running:
            yield cls(running, running.create())

    @property
    def url(self) -> str:
        """The setting `database_url`."""
        return self.cluster.url(self.database)

    @property
    def root(self) -> int | None:
        """The postmaster."""
        return self.cluster.root

    async def query(self, statement: str) -> list[Sequence[Any]]:
        """Read past the server."""
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def check(self) -> list[str]:
        """Return nothing: a server that recovers has looked at its files."""
        return []

    async def kill(self) -> None:
        """Kill the server as a loss of power does, and start it again."""
        await asyncio.to_thread(self.cluster.kill)
        await asyncio.to_thread(self.cluster.start)
