"""What the store costs: CPU microseconds per step and per read, alone and in a crowd.

    python -m bench.store [--postgres] [--seconds S]

Each step is durable (`synchronous = FULL`, `synchronous_commit = on`). CPU is that of this
process and of all of the database's; steps per CPU-second are what that allows for.
"""

import argparse
import asyncio
import contextlib
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from ostiary.clock import SystemClock
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.session import Session
from ostiary.oauth.effects import Consume, Count, Emit, Insert, Remember, Require, Update
from ostiary.store import Store, open_store
from support import postgres, records
from support.records import NOW, digest
from support.tree import cpu_seconds

CROWDS = (1, 8, 32)
ROUNDS = 8  # of which the cheapest counts: what else runs on the machine only ever adds

Work = Callable[[Store, int], Awaitable[object]]

_EVENT = Emit(records.event(details={"grant_type": "client_credentials"}))


async def emit(store: Store, _number: int) -> None:
    """Write one durable event: what a token of client_credentials costs the store."""
    await store.apply((_EVENT,))


async def make_code(store: Store, number: int) -> None:
    """Answer an authorization request: a grant, a code and an event."""
    await store.apply(
        (
            Require(Session, "session"),
            Insert(records.grant(f"grant-{number}")),
            Insert(records.code(f"code-{number}", grant_id=f"grant-{number}")),
            _EVENT,
        )
    )


async def redeem(store: Store, number: int) -> None:
    """Redeem a code: read it with all that it rests on, consume it, and begin a family."""
    found = await store.code(digest(f"code-{number}"))
    assert found is not None
    await store.apply(
        (
            Require(Grant, found.standing.grant.id),
            Require(Session, "session"),
            Consume(AuthorizationCode, found.code.digest, NOW),
            Insert(records.family(digest(str(number))[:16], grant_id=found.standing.grant.id)),
            _EVENT,
            _EVENT,
        )
    )


async def rotate(store: Store, number: int) -> None:
    """Rotate a refresh token."""
    found = await store.refresh_family(digest(str(number))[:16])
    assert found is not None
    changes = {"generation": 1, "rotated_at": NOW, "idle_expires_at": NOW + 9}
    await store.apply(
        (
            Require(Grant, found.family.grant_id),
            Require(Session, "session"),
            Update(found.family, changes),
            _EVENT,
        )
    )


async def remember(store: Store, number: int) -> None:
    """Burn the jti of a client assertion, and write an event."""
    await store.apply((Remember("client_assertion:x", digest(str(number)), NOW), _EVENT))


async def count(store: Store, number: int) -> None:
    """Count a sign-in by person and by address."""
    await store.apply(
        (Count(f"p{number % 999}", 10**9, 60, NOW), Count(f"a{number % 99}", 10**9, 60, NOW))
    )


async def read_standing(store: Store, number: int) -> None:
    """Read a grant with its session and user."""
    await store.standing(f"grant-{number}")


async def read_client(store: Store, _number: int) -> None:
    """Read a client from the cache."""
    await store.client("shop-web")


WORKS: dict[str, Work] = {
    "event": emit,
    "code made": make_code,
    "code redeemed": redeem,
    "refresh rotated": rotate,
    "jti burnt": remember,
    "sign-in counted": count,
    "standing read": read_standing,
    "client read": read_client,
}


class Figure(msgspec.Struct, frozen=True):
    """What one work cost, in microseconds of CPU and of time per step."""

    cpu: float
    wall: float


class Bench:
    """One store and the processes behind it."""

    def __init__(self, store: Store, server: postgres.Cluster | None) -> None:
        self.store = store
        self.server = server
        self.used: dict[str, int] = {}

    def cpu(self) -> float:
        """Return the CPU seconds of this process and of the server's."""
        own = time.process_time()
        return own if self.server is None else own + cpu_seconds(self.server.root)

    async def measure(self, name: str, crowd: int, steps: int) -> Figure:
        """Do a work `steps` times in rounds, `crowd` at a time; return the cheapest round."""
        rounds = [await self._round(name, crowd, steps // ROUNDS) for _ in range(ROUNDS)]
        return min(rounds, key=lambda figure: figure.cpu)

    async def _round(self, name: str, crowd: int, steps: int) -> Figure:
        work = WORKS[name]
        start = self.used.get(name, 0)
        self.used[name] = start + steps
        numbers = iter(range(start, start + steps))

        async def worker() -> None:
            for number in numbers:
                await work(self.store, number)

        gc.collect()
        cpu, wall = self.cpu(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(crowd)))
        elapsed = time.perf_counter() - wall
        return Figure((self.cpu() - cpu) / steps * 1e6, elapsed / steps * 1e6)


@contextlib.contextmanager
def database(*, with_postgres: bool) -> Iterator[tuple[str, postgres.Cluster | None]]:
    """Give the URL of a fresh database, and its server."""
    if with_postgres:
        with postgres.cluster() as server:
            yield server.url(server.create()), server
    else:
        with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'ostiary.db'}", None


async def run(url: str, server: postgres.Cluster | None, steps: int) -> None:
    """Measure every work and print a table."""
    async with await open_store(url, SystemClock()) as store:
        await store.migrate()
        await store.apply((*records.place(), *records.sign_in()))
        bench = Bench(store, server)
        # Statements are prepared, plans made, and the journal has its size.
        for name in WORKS:
            await bench.measure(name, 4, 1500)
        print(f"{'µs per step':18}" + "".join(f"{f'{n} at once':>24}" for n in CROWDS))
        print(f"{'':18}" + f"{'CPU':>10}{'wall':>7}{'per CPU-s':>7}" * len(CROWDS))
        for name in WORKS:
            cells = ""
            for crowd in CROWDS:
                figure = await bench.measure(name, crowd, steps if crowd > 1 else steps // 4)
                cells += f"{figure.cpu:10.1f}{figure.wall:7.0f}{1e6 / figure.cpu:7.0f}"
            print(f"{name:18}{cells}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="measure PostgreSQL")
    parser.add_argument("--steps", type=int, default=8000, help="steps per figure")
    arguments = parser.parse_args()
    with database(with_postgres=arguments.postgres) as (url, server):
        uvloop.run(run(url, server, arguments.steps))


if __name__ == "__main__":
    main()
