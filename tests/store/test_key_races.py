"""Key changes by several processes at once, on each engine: one key signs per algorithm."""

import asyncio
import sys
from collections import Counter

import pytest

from ostiary.admin import keys
from ostiary.admin.actor import operator
from ostiary.admin.errors import Contended
from ostiary.admin.keys import KeyAdmin
from ostiary.jose.keyring import KeyRing
from ostiary.model.key import KeyState
from support.jose import CLAIMS, ENTROPY, KEKS

OPERATOR = operator("tester")

# Another process: it opens the database, waits for the signal, and does it.
PROCESS = """
import asyncio, sys
from ostiary.admin import keys
from ostiary.admin.actor import operator
from ostiary.admin.errors import Contended
from ostiary.admin.keys import KeyAdmin
from ostiary.clock import SystemClock, SystemEntropy
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.store import open_store

async def main(url, turns):
    clock = SystemClock()
    async with await open_store(url, clock) as store:
        admin = KeyAdmin(store, KeyEncryptionKeys(b"K" * 32), clock, SystemEntropy())
        print("ready", flush=True)
        sys.stdin.readline()
        await keys.ensure_keys(admin)
        for _ in range(turns):
            try:
                await keys.rotate(admin, operator("tester"), "ES256", immediately=True)
            except Contended:
                print("contended", flush=True)
            else:
                print("rotated", flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def make_admin(store, clock):
    return KeyAdmin(store=store, keks=KEKS, clock=clock, entropy=ENTROPY)


async def check(store, algs=("RS256", "ES256")):
    """One key signs for each algorithm, and the audit trail tells how it came to that."""
    stored = await store.read_signing_keys()
    active = Counter(key.alg for key in stored if key.state is KeyState.ACTIVE)
    assert active == Counter(algs)
    told = Counter()
    for _, event in await store.list_events((), None, 1000):
        told[event.type, event.details.get("alg")] += 1
    for alg in algs:
        ended = sum(key.alg == alg and key.state is KeyState.RETIRED for key in stored)
        made = sum(key.alg == alg for key in stored)
        assert told["key.generated", alg] == made
        assert told["key.retired", alg] == ended
        assert told["key.activated", alg] == ended + 1
    ring = KeyRing(stored, await store.read_instance_keys(), KEKS)
    for alg in algs:
        assert ring.sign(alg, CLAIMS, "JWT")
    assert len(await store.read_instance_keys()) == len(keys.PURPOSES)
    return stored


async def test_many_first_starts_make_one_set_of_keys(open_another, clock):
    stores = [await open_another() for _ in range(4)]
    await asyncio.gather(*(keys.ensure_keys(make_admin(store, clock)) for store in stores))
    assert len(await check(stores[0])) == 2


async def test_many_rotations_follow_one_after_the_other(open_another, clock):
    stores = [await open_another() for _ in range(3)]
    admins = [make_admin(store, clock) for store in stores]
    await keys.ensure_keys(admins[0])
    outcomes = await asyncio.gather(
        *(keys.rotate(admin, OPERATOR, "ES256", immediately=True) for admin in admins * 2),
        return_exceptions=True,
    )
    lost = [one for one in outcomes if isinstance(one, BaseException)]
    assert all(isinstance(one, Contended) for one in lost)
    stored = await check(stores[0])
    assert sum(key.alg == "ES256" for key in stored) == 1 + len(outcomes) - len(lost)


@pytest.mark.parametrize("turns", [0, 3])
async def test_several_processes_at_the_same_moment(url, bare, turns):
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROCESS,
            url,
            str(turns),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert await process.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0]
    words = Counter(b"".join(output for output, _ in told).split())
    assert words.total() == 3 * turns
    stored = await check(bare)
    assert sum(key.alg == "ES256" for key in stored) == 1 + words[b"rotated"]
