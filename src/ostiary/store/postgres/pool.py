"""A few connections, each of which is used by one task at a time.

It opens a connection when one is wanted and none is idle, and mends itself the same way:
what breaks is thrown away.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from asyncpg import DeadlockDetectedError, PostgresError, Record

from ostiary.oauth.effects import Unavailable
from ostiary.store.postgres.connection import (
    BROKEN,
    Link,
    connect,
    disconnect,
    is_unavailable,
    unavailable,
)

_log = logging.getLogger(__name__)

_PATIENCE = 1.0  # seconds that a task waits for a connection
_PAUSE = 0.2  # seconds after a failed attempt until the next


class Pool:
    """Up to `size` connections to one database."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._loop = asyncio.get_running_loop()
        self._idle: list[Link] = []
        self._waiting: deque[asyncio.Future[Link]] = deque()
        self._links: set[Link] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._failed_at = -_PAUSE
        self._closed = False

    async def fetch(self, sql: str, values: Sequence[object]) -> list[Record]:
        """Run one statement and return its rows.

        Raises:
            Unavailable: there is no connection now, or the server cannot answer.
            PostgresError: the statement was refused because of a value, or for a deadlock.
        """
        link = await self._take()
        with self._in_use(link):
            return await link.fetch(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Link]:
        """Use a connection alone, in a transaction.

        Raises:
            Unavailable: there is no connection now, or the server cannot answer; where
                that was the answer to the commit, its outcome is not known.
            PostgresError: a statement was refused because of a value, or for a deadlock.
        """
        link = await self._take()
        with self._in_use(link):
            async with link.transaction():
                yield link

    @contextmanager
    def _in_use(self, link: Link) -> Iterator[None]:
        """Give a connection back after use, and tell callers what its errors mean."""
        try:
            yield
        except PostgresError as error:
            if is_unavailable(error) and not isinstance(error, DeadlockDetectedError):
                raise unavailable(error) from error
            raise
        except BROKEN as error:
            self._drop(link)
            raise unavailable(error) from error
        except asyncio.CancelledError:
            # It may be in the middle of a command.
            self._drop(link)
            raise
        finally:
            self._give(link)

    async def _take(self) -> Link:
        while self._idle:
            link = self._idle.pop()
            if not link.is_closed():
                return link
            self._drop(link)
        if self._closed:
            raise Unavailable("the store is closed")
        self._open_another()
        if not self._opening and not self._links:
            raise Unavailable("PostgreSQL: the server cannot be reached")
        future: asyncio.Future[Link] = self._loop.create_future()
        self._waiting.append(future)
        limit = self._loop.call_later(_PATIENCE, self._give_up, future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give(future.result())
            raise
        finally:
            limit.cancel()

    def _give(self, link: Link) -> None:
        if link not in self._links:
            return
        if link.is_closed() or self._closed:
            self._drop(link)
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(link)
                return
        self._idle.append(link)

    def _drop(self, link: Link) -> None:
        self._links.discard(link)
        link.terminate()

    def _give_up(self, future: asyncio.Future[Link]) -> None:
        if not future.done():
            future.set_exception(Unavailable("PostgreSQL: all connections are busy"))

    def _open_another(self) -> None:
        paused = self._loop.time() - self._failed_at < _PAUSE
        if not paused and len(self._links) + len(self._opening) < self._size:
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            link = await connect(self._url)
        except Unavailable as error:
            self._failed_at = self._loop.time()
            if not self._links:
                _log.warning("no connection to the database: %s", error)
                while self._waiting:
                    future = self._waiting.popleft()
                    if not future.done():
                        future.set_exception(error)
            return
        if self._closed:
            await disconnect(link)
            return
        self._links.add(link)
        self._give(link)

    async def close(self) -> None:
        """Close all connections, those in use when they are given back."""
        self._closed = True
        if self._opening:
            # A connection whose opening were cancelled would be left half open; the
            # attempt has a limit of its own.
            await asyncio.wait(self._opening)
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(Unavailable("the store is closed"))
        for link in tuple(self._idle):
            self._links.discard(link)
            await disconnect(link)
        self._idle.clear()
