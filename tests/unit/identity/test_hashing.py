import asyncio
import threading

import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity import hashing, passwords
from ostiary.identity.hashing import Busy, HashPool
from ostiary.identity.passwords import Parameters

CHEAP = Parameters(memory=64, passes=1)


@pytest.fixture
def pool():
    pool = HashPool(SystemEntropy(), threads=2, parameters=CHEAP)
    yield pool
    pool.close()


@pytest.fixture
def verified(monkeypatch):
    """What was hashed: the parameters of each comparison, and the thread it ran on."""
    seen = []
    verify = passwords.verify_password

    def spy(encoded: str, password: bytes) -> bool:
        seen.append((passwords.read_parameters(encoded), threading.current_thread()))
        return verify(encoded, password)

    monkeypatch.setattr(passwords, "verify_password", spy)
    return seen


async def test_verifies_off_the_event_loop(pool, verified) -> None:
    encoded = passwords.hash_password(b"x", SystemEntropy(), CHEAP)
    async with pool.slot() as slot:
        assert await slot.verify(encoded, b"x")
        assert not await slot.verify(encoded, b"y")
    assert all(thread is not threading.main_thread() for _, thread in verified)


@pytest.mark.parametrize("encoded", [None, "garbage", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_lo_01_no_usable_hash_costs_a_hash_all_the_same(pool, verified, encoded) -> None:
    async with pool.slot() as slot:
        assert not await slot.verify(encoded, b"x")
    assert [parameters for parameters, _ in verified] == [CHEAP]


async def test_rehashes_what_is_weaker_than_today(pool) -> None:
    weak = passwords.hash_password(b"x", SystemEntropy(), Parameters(32, 1))
    async with pool.slot() as slot:
        renewed = await slot.rehash(weak, b"x")
        assert renewed is not None
        assert passwords.read_parameters(renewed) == CHEAP
        assert await slot.verify(renewed, b"x")
        assert await slot.rehash(renewed, b"x") is None


async def _hold(pool: HashPool, release: asyncio.Event) -> None:
    async with pool.slot():
        await release.wait()


async def test_lo_08_the_queue_is_bounded(pool) -> None:
    release = asyncio.Event()
    holders = 2 + hashing._PREPARING
    held = [asyncio.create_task(_hold(pool, release)) for _ in range(holders)]
    queued = [asyncio.create_task(_hold(pool, release)) for _ in range(hashing.MAX_WAITING)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        async with pool.slot():
            pytest.fail("the 65th in the queue was let in")
    release.set()
    await asyncio.gather(*held, *queued)
    async with pool.slot() as slot:
        assert not await slot.verify(None, b"x")


async def test_lo_08_nobody_waits_forever(pool, monkeypatch) -> None:
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0.0)
    release = asyncio.Event()
    holders = 2 + hashing._PREPARING
    held = [asyncio.create_task(_hold(pool, release)) for _ in range(holders)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        async with pool.slot():
            pytest.fail("a full pool let somebody in")
    release.set()
    await asyncio.gather(*held)
    assert pool._waiting == 0


async def test_a_failure_inside_gives_the_place_back(pool) -> None:
    for _ in range(20):
        with pytest.raises(RuntimeError):
            async with pool.slot():
                raise RuntimeError
    async with pool.slot() as slot:
        assert not await slot.verify(None, b"x")
