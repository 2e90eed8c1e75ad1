"""One of several processes that want the same things from a store at the same moment.

Says `ready`, waits for a line, then contends and prints what it won as JSON:

    python -m support.contender URL redeem|remember|count|rotate NUMBER
"""

import asyncio
import json
import sys

from ostiary.clock import SystemClock
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.session import Session
from ostiary.oauth.effects import (
    Conflict,
    Consume,
    Count,
    Effects,
    Emit,
    Insert,
    Remember,
    Require,
    Update,
)
from ostiary.store import Store, open_store
from support import records
from support.records import NOW, digest

TASKS = 5  # that want each thing in each process
COUNT_LIMIT = 7


def redemption(name: str, by: str) -> Effects:
    """Return what redeems a code, and leaves a family and an event behind."""
    return (
        Require(Grant, "grant"),
        Require(Session, "session"),
        Consume(AuthorizationCode, digest(name), NOW + 1),
        Insert(records.family(digest(f"{name} redeemed by {by}")[:16])),
        Emit(records.event("code.redeemed", target=name)),
    )


def remembering(name: str, _by: str) -> Effects:
    """Return what burns a value."""
    return (
        Remember("jti", digest(name), NOW + 60),
        Emit(records.event("remembered", target=name)),
    )


def counting(name: str, _by: str) -> Effects:
    """Return what counts one use of a few."""
    return (
        Count(name, COUNT_LIMIT, 3600, NOW),
        Emit(records.event("counted", target=name)),
    )


STEPS = {"redeem": redemption, "remember": remembering, "count": counting}


async def contend(store: Store, kind: str, name: str, by: str) -> str | None:
    """Try once; return the name where it was won."""
    try:
        await store.apply(STEPS[kind](name, by))
    except Conflict:
        return None
    return name


async def rotate(store: Store, times: int) -> int:
    """Rotate one family, trying again after each lost race; return how often it was done."""
    done = 0
    while done < times:
        standing = await store.refresh_family(b"family")
        assert standing is not None
        family = standing.family
        changes = {"generation": family.generation + 1, "rotated_at": NOW + done}
        try:
            await store.apply((Require(Grant, "grant"), Update(family, changes)))
        except Conflict:
            continue
        done += 1
    return done


async def main(url: str, kind: str, number: int) -> None:
    """Contend for everything, all of it at once."""
    async with await open_store(url, SystemClock()) as store:
        print("ready", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if kind == "rotate":
            won: list[object] = [await rotate(store, number)]
        else:
            me = store.__hash__()
            won = list(
                await asyncio.gather(
                    *(
                        contend(store, kind, f"{kind}-{n}", f"{me}-{task}")
                        for n in range(number)
                        for task in range(TASKS)
                    )
                )
            )
        print(json.dumps([one for one in won if one is not None]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
