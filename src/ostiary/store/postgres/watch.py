"""What the database tells unasked: that the configuration changed, and what time it is."""

import asyncio
import logging

from asyncpg import PostgresError, UndefinedTableError

from ostiary.clock import Clock, SystemClock
from ostiary.oauth.effects import Unavailable
from ostiary.store.postgres.connection import BROKEN, Link, connect, disconnect, unavailable
from ostiary.store.postgres.statements import CHANNEL

_log = logging.getLogger(__name__)

_POLL_EVERY = 0.25
_POLL_LIMIT = 0.7
_STALE_AFTER = 1.0
_CLOCK_EVERY = 10.0
_SKEW_WORTH_TELLING = 2.0

_VERSION = "SELECT version FROM configuration_version"
_TIME = "SELECT extract(epoch FROM clock_timestamp())::float8"


class Watch:
    """Knows the version of the configuration, from a connection of its own.

    The version is asked for four times a second, and told at once where that arrives. In
    between, everything that was read while it stood is good.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._version = -1
        # When the version was known to stand, by the loop's clock.
        self._known_at = float("-inf")
        self._link: Link | None = None
        self._clock_read_at = float("-inf")
        self._skew = 0.0
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def skew(self) -> float:
        """How many seconds this machine's clock is behind the database's."""
        return self._skew

    def current_version(self) -> int:
        """Return the version of the configuration.

        Raises:
            Unavailable: for a second the database has not confirmed it.
        """
        if self._loop.time() - self._known_at > _STALE_AFTER:
            raise Unavailable("PostgreSQL: the configuration cannot be confirmed")
        return self._version

    def note(self, version: int) -> None:
        """Take note of a version, from whatever told of it. Versions only rise."""
        self._version = max(self._version, version)

    async def start(self) -> None:
        """Ask for the first time, and from then on by itself.

        Raises:
            Unavailable: the database cannot answer now.
        """
        await self.refresh()
        self._task = self._loop.create_task(self._run())

    async def refresh(self) -> None:
        """Make the version at least as fresh as this moment.

        Raises:
            Unavailable: the database cannot answer now.
        """
        async with self._lock:
            link = await self._connected()
            asked_at = self._loop.time()
            try:
                async with asyncio.timeout(_POLL_LIMIT):
                    version = await link.fetchval(_VERSION)
                    if asked_at - self._clock_read_at >= _CLOCK_EVERY:
                        await self._read_clock(link)
            except UndefinedTableError:
                return  # not migrated yet: there is no configuration
            except (PostgresError, *BROKEN) as error:
                self._drop()
                raise unavailable(error) from error
            self.note(version)
            self._known_at = asked_at

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        if self._link is not None:
            await disconnect(self._link)
            self._link = None

    async def _run(self) -> None:
        answers = True
        while True:
            await asyncio.sleep(_POLL_EVERY)
            try:
                await self.refresh()
            except Unavailable as error:
                if answers:
                    _log.warning("the database does not answer: %s", error)
                answers = False
            else:
                if not answers:
                    _log.warning("the database answers again")
                answers = True

    async def _connected(self) -> Link:
        if self._link is None or self._link.is_closed():
            link = await connect(self._url)
            try:
                await link.add_listener(CHANNEL, self._hear)
            except (PostgresError, *BROKEN) as error:
                link.terminate()
                raise unavailable(error) from error
            self._link = link
        return self._link

    def _hear(self, _link: object, _pid: int, _channel: str, payload: object) -> None:
        if isinstance(payload, str) and payload.isdecimal():
            self.note(int(payload))

    def _drop(self) -> None:
        if self._link is not None:
            self._link.terminate()
            self._link = None

    async def _read_clock(self, link: Link) -> None:
        """Measure how far this machine's clock is from the database's, and correct it."""
        if not isinstance(self._clock, SystemClock):
            return
        before, started = self._clock.read(), self._loop.time()
        there = await link.fetchval(_TIME)
        # The answer was made half-way between the question and now.
        skew = there - before - (self._loop.time() - started) / 2
        if abs(skew) >= _SKEW_WORTH_TELLING:
            _log.warning("this machine's clock is %.1f s behind the database's", skew)
        self._skew = self._clock.offset = skew
        self._clock_read_at = started
