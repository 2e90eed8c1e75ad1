"""A process whose files may not grow: writes fail with an I/O error, until they may again.

    python -m support.starved URL

Prints as JSON what became of a step before, during and after.
"""

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path

from ostiary.clock import SystemClock
from ostiary.oauth.effects import Emit, Insert, Unavailable
from ostiary.store import Store, open_store
from support import records


async def attempt(store: Store, name: str) -> str:
    """Try to write a step of some size, and tell how it ended."""
    events = (Emit(records.event(name, user_agent="x" * 2000)),) * 20
    try:
        await store.apply((Insert(records.code(name)), *events))
    except Unavailable:
        return "unavailable"
    return "done"


def size_of_journal(url: str) -> int:
    """Return how large SQLite's write-ahead log is."""
    return Path(url.removeprefix("sqlite:///") + "-wal").stat().st_size


async def main(url: str) -> None:
    """Starve the store in the middle."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with await open_store(url, SystemClock()) as store:
        told: dict[str, object] = {"before": await attempt(store, "before")}
        journal = size_of_journal(url)
        resource.setrlimit(resource.RLIMIT_FSIZE, (journal, resource.RLIM_INFINITY))
        told["during"] = [await attempt(store, f"during-{n}") for n in range(3)]
        told["read"] = await store.user("alice") is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        told["after"] = await attempt(store, "after")
        told["events"] = sorted({event.type for _, event in await store.events(limit=1000)})
        told["codes"] = (await store.counts())["authorization_codes"]
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
