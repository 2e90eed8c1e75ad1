"""The server that is measured: real processes in production mode, on a fresh database."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import pin
from support.engine import Engine
from support.flows import DISCOVERY
from support.keepalive import Connection, Lost, NotSent, write_request
from support.process import free_port
from support.server import Server
from support.tree import cpu_seconds, members, role_of

_POLL = 0.002
_ROLES = {"supervisor", "worker", "jobs"}
_SETTLE = 2.0
_LOG_TAIL = 4000


@dataclass
class Stage:
    """A server that can be started and measured."""

    server: Server
    engine: Engine

    @property
    def host(self) -> str:
        """The Host header."""
        return f"localhost:{self.server.port}"

    @property
    def root(self) -> int:
        """The process that was started."""
        return self.server.process.child.pid

    def connection(self) -> Connection:
        """Make a connection, opened when it is used."""
        return Connection(self.server.port)

    def cpu(self) -> tuple[float, float]:
        """Return the CPU seconds of all server processes, and of the database's own."""
        database = 0.0 if self.engine.root is None else cpu_seconds(self.engine.root)
        return cpu_seconds(self.root), database

    async def count_events(self) -> dict[str, int]:
        """Return how many events of each type were committed."""
        rows = await self.engine.query("SELECT type, count(*) FROM events GROUP BY type")
        return dict(rows)

    async def start(self, *, seconds: float = 30) -> float:
        """Start the server; return the seconds from exec to its first answer to discovery."""
        begin = time.perf_counter()
        self.server.process.start()
        connection = self.connection()
        request = write_request("GET", DISCOVERY, self.host)
        while time.perf_counter() - begin < seconds:
            try:
                answer = await connection.ask(request, seconds=seconds)
            except (NotSent, Lost):
                if self.server.process.exit_code is not None:
                    break
                await asyncio.sleep(_POLL)
                continue
            if answer.status == 200:
                connection.close()
                return time.perf_counter() - begin
        raise SystemExit("the server did not start; its log is above")

    async def settle(self) -> None:
        """Wait until every process is there and has nothing left to do for its start."""
        while {role_of(member) for member in members(self.root)} != _ROLES:  # noqa: ASYNC110 (the kernel tells nobody)
            await asyncio.sleep(_POLL)
        await asyncio.sleep(_SETTLE)


@contextmanager
def set_stage(
    folder: Path, engine: Engine, core: int, environment: dict[str, str]
) -> Iterator[Stage]:
    """Prepare a server with one worker on one core; it ends with the block."""
    server = Server(
        folder,
        database_url=engine.url,
        workers=1,
        metrics={"listen": f"127.0.0.1:{free_port()}"},
    )
    server.process.command = [*pin(core), *server.process.command]
    server.process.environment |= environment
    try:
        yield Stage(server, engine)
    except BaseException:
        sys.stderr.write(server.output()[-_LOG_TAIL:])
        raise
    finally:
        server.stop()
