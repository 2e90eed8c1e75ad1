"""A bounded pool for password hashes: they take a core for tens of milliseconds each.

One thread a core. Who finds 64 others waiting, or waits for two seconds, is turned away:
under a flood of sign-ins the rest of the server stays quick, and so do those let in.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from ostiary.clock import Entropy
from ostiary.identity import foreign_hashes, passwords
from ostiary.identity.passwords import CURRENT, Parameters, UnusableHash

MAX_WAITING = 64
MAX_WAIT_SECONDS = 2.0
# Holders of a slot who are not hashing but committing their attempt, so that threads never idle.
_PREPARING = 2

_T = TypeVar("_T")


class Busy(Exception):
    """Too many passwords are being checked; come back in a second or two."""


class Slot:
    """A place in the pool, held for one sign-in."""

    def __init__(self, pool: "HashPool") -> None:
        self._pool = pool

    async def verify(self, encoded: str | None, password: bytes) -> bool:
        """Compare a password with a hash, which may be one that another system made.

        Without a hash, or with one that cannot be used, the same work is done in vain.
        """
        if encoded is not None and _foreign(encoded):
            foreign = encoded
            return await self._pool.run(lambda: foreign_hashes.verify(foreign, password))
        real = encoded is not None and _usable(encoded)
        hash_ = encoded if encoded is not None and real else self._pool.decoy
        matches = await self._pool.run(lambda: passwords.verify_password(hash_, password))
        return matches and real

    async def hash(self, password: bytes) -> str:
        """Hash a normalised password."""
        return await self._pool.run(
            lambda: passwords.hash_password(password, self._pool.entropy, self._pool.parameters)
        )

    async def rehash(self, encoded: str, password: bytes) -> str | None:
        """Hash anew a password whose verified hash is another system's, or weaker than today's.

        None where it is good as it is.
        """
        if not _foreign(encoded) and not passwords.outgrown(encoded, self._pool.parameters):
            return None
        return await self.hash(password)


def _foreign(encoded: str) -> bool:
    return not _usable(encoded) and foreign_hashes.usable(encoded)


def _usable(encoded: str) -> bool:
    try:
        passwords.read_parameters(encoded)
    except UnusableHash:
        return False
    return True


class HashPool:
    """The threads that hash passwords, and the queue before them."""

    def __init__(
        self,
        entropy: Entropy,
        *,
        threads: int | None = None,
        parameters: Parameters = CURRENT,
    ) -> None:
        """`threads` is the number of cores of this process, unless given."""
        count = threads or len(os.sched_getaffinity(0))
        self.entropy = entropy
        self.parameters = parameters
        self.decoy = passwords.make_decoy(entropy, parameters)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="password-hash")
        self._free = asyncio.Semaphore(count + _PREPARING)
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for a place.

        Raises:
            Busy: 64 others are waiting, or none became free within two seconds.
        """
        if self._free.locked() and self._waiting >= MAX_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        finally:
            self._waiting -= 1
        try:
            yield Slot(self)
        finally:
            self._free.release()

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run blocking work on one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """End the threads; what they are doing is finished first."""
        self._threads.shutdown()
