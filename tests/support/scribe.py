"""A process that writes without end, and tells of each step once it was acknowledged.

    python -m support.scribe URL NAME

Each line is the name of a code that was stored, redeemed and told of in the audit trail.
"""

import asyncio
import sys

from ostiary.clock import SystemClock
from ostiary.oauth.effects import Insert, Unavailable
from ostiary.store import Store, open_store
from support import records
from support.contender import redemption

TASKS = 8


async def write(store: Store, name: str) -> None:
    """Store and redeem one code after the other."""
    number = 0
    while True:
        number += 1
        code = f"{name}-{number}"
        try:
            await store.apply((Insert(records.code(code)),))
            await store.apply(redemption(code, "scribe"))
        except Unavailable:
            await asyncio.sleep(0.01)
        else:
            sys.stdout.write(f"{code}\n")
            sys.stdout.flush()


async def main(url: str, name: str) -> None:
    """Write until the process is killed."""
    store = await open_store(url, SystemClock())
    await asyncio.gather(*(write(store, f"{name}-{task}") for task in range(TASKS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
