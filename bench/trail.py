"""How long lists of events take among a million: `python -m bench.trail [DATABASE_URL]`.

Fills an empty database, by default a SQLite file in a temporary folder, then asks each filter
for a page from the newest and from the middle on, and tells the slowest of several answers.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ostiary.clock import SystemClock
from ostiary.model.event import Event, Result
from ostiary.oauth.effects import Emit
from ostiary.store import EventFilter, Store, open_store

EVENTS = 1_000_000
STEP = 500
PAGE = 50
ROUNDS = 3
LIMIT = 0.1  # seconds
START = 1_700_000_000


def events(first: int) -> Iterator[Event]:
    """Make the events of a step: nine of ten are everyday issuance."""
    for n in range(first, first + STEP):
        rare = n % 10 == 0
        failed = n % 1_000 == 0
        yield Event(
            type="auth.login.failure" if failed else "session.created" if rare else "token.issued",
            at=START + n,
            result=Result.FAILURE if failed else Result.SUCCESS,
            actor_type="user" if rare else "client",
            actor_id=f"user-{n % 50_000}" if rare else f"client-{n % 500}",
            user_id=f"user-{n % 50_000}" if rare else None,
            client_id=f"client-{n % 500}",
            organization_id=f"organization-{n % 10_000}",
            ip=f"192.0.{n % 200}.{n % 250}",
            user_agent="Mozilla/5.0",
            trace_id=f"{(n * 2_654_435_761) % 2**32:016x}",
        )


FILTERS = {
    "nothing": EventFilter(),
    "type": EventFilter(types=("auth.login.failure",)),
    "type that never was": EventFilter(types=("key.revoked",)),
    "everyday type": EventFilter(types=("token.issued",)),
    "types": EventFilter(types=("auth.login.failure", "auth.logout", "key.revoked")),
    "user": EventFilter(user_id="user-40"),
    "client": EventFilter(client_id="client-7"),
    "organization": EventFilter(organization_id="organization-7"),
    "actor": EventFilter(actor_id="user-40"),
    "outcome": EventFilter(result=Result.FAILURE),
    "trace": EventFilter(trace_id=f"{(77 * 2_654_435_761) % 2**32:016x}"),
    "address": EventFilter(ip="192.0.7.7"),
    "address that never was": EventFilter(ip="203.0.113.1"),
    "time": EventFilter(since=START + EVENTS // 3, before=START + EVENTS // 2),
    "time and organization": EventFilter(
        organization_id="organization-7", since=START + EVENTS // 3, before=START + EVENTS // 2
    ),
    "organization and type": EventFilter(
        organization_id="organization-70", types=("session.created",)
    ),
}


async def fill(store: Store) -> None:
    """Write the events."""
    for first in range(0, EVENTS, STEP):
        await store.apply(tuple(map(Emit, events(first))))


async def measure(store: Store) -> bool:
    """Ask for each list; tell whether all are within the limit."""
    good = True
    for name, filters in FILTERS.items():
        slowest = 0.0
        for position in (None, EVENTS // 2):
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                await store.list_events(filters.types, position, PAGE, filters)
                slowest = max(slowest, time.perf_counter() - begun)
        good = good and slowest <= LIMIT
        sys.stdout.write(f"{slowest * 1000:8.1f} ms  {name}\n")
        sys.stdout.flush()
    return good


async def main(arguments: list[str]) -> int:
    """Fill and measure; 1 where a list takes longer than it may."""
    with tempfile.TemporaryDirectory() as folder:
        url = arguments[0] if arguments else f"sqlite:///{Path(folder) / 'trail.db'}"
        async with await open_store(url, SystemClock()) as store:
            await store.migrate()
            begun = time.perf_counter()
            await fill(store)
            took = time.perf_counter() - begun
            sys.stdout.write(f"{EVENTS:,} events written in {took:.0f} s\n")
            return 0 if await measure(store) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
