"""The PostgreSQL engine: many processes, each with a few connections of its own."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Self

from asyncpg import DeadlockDetectedError, PostgresError

from ostiary.clock import Clock
from ostiary.oauth.effects import Effects, Unavailable
from ostiary.store.codec import Row
from ostiary.store.engine import Query, Value, query
from ostiary.store.migrate import newest, refuse_newer
from ostiary.store.plan import plan
from ostiary.store.postgres import schema
from ostiary.store.postgres.commit import Committer
from ostiary.store.postgres.connection import is_unstorable_text, unavailable
from ostiary.store.postgres.pool import Pool
from ostiary.store.postgres.watch import Watch

# In seconds: longer than the server lets any statement take.
_PATIENCE = 5.0
_PAUSE = 0.02
_LAST_POSITION = query(
    "SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM events_seq_seq s"
)
_WRITERS_OF_EVENTS = query(
    "SELECT l.virtualtransaction FROM pg_locks l WHERE l.relation = 'events'::regclass "
    "AND l.mode = 'RowExclusiveLock' AND l.granted AND l.database = "
    "(SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
)


class PostgresEngine:
    """Reads and writes by connections apart, so that neither waits for the other."""

    def __init__(self, url: str, clock: Clock, *, readers: int, writers: int) -> None:
        self._readers = Pool(url, readers)
        self._writers = Pool(url, writers)
        self._watch = Watch(url, clock)
        self._committer = Committer(self._writers, self._watch)

    async def open(self) -> Self:
        """Connect, and refuse a schema that this program does not know.

        Raises:
            SchemaError: the database is newer than this program.
            Unavailable: the database cannot answer now.
        """
        try:
            await self._watch.start()
            refuse_newer(newest("postgres"), await self.schema_version())
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def skew(self) -> float:
        """How many seconds this machine's clock is behind the database's."""
        return self._watch.skew

    async def row(self, query: Query, *values: Value) -> Row | None:
        """Return the one row of a keyed read, or None."""
        rows = await self.rows(query, *values)
        return rows[0] if rows else None

    async def rows(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the few rows of a keyed read."""
        try:
            found = await self._readers.fetch(query.postgres, values)
        except PostgresError as error:
            if is_unstorable_text(error):
                return ()  # no stored text can be equal to it
            raise
        return [tuple(row) for row in found]

    async def listing(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the rows of a long read; the server ends it after its limit."""
        return await self.rows(query, *values)

    async def write(self, query: Query, *values: Value) -> Sequence[Row]:
        """Run one statement in a transaction of its own and return its rows."""
        try:
            found = await self._writers.fetch(query.postgres, values)
        except DeadlockDetectedError as error:
            raise unavailable(error) from error
        return [tuple(row) for row in found]

    async def apply(self, effects: Effects) -> None:
        """Apply a step."""
        await self._committer.apply(plan(effects))

    def array(self, values: Iterable[str]) -> Value:
        """Return several texts as the value of one parameter."""
        return list(values)

    def current_version(self) -> int:
        """Return the version of the configuration, at most one second old."""
        return self._watch.current_version()

    async def settled_position(self) -> int:
        """Return the last position that was given out, once all who got one have ended.

        Whoever adds events holds a lock on their table from before it is given a position
        until its transaction ends. So the position is read first, then who holds the lock;
        when all of these are gone, whatever is to be seen up to that position is there.
        """
        (position,) = (await self.rows(_LAST_POSITION))[0]
        writing = {row[0] for row in await self.rows(_WRITERS_OF_EVENTS)}
        patience = _PATIENCE
        while writing:
            if patience <= 0:
                raise Unavailable("PostgreSQL: a transaction that writes events does not end")
            await asyncio.sleep(_PAUSE)
            patience -= _PAUSE
            writing &= {row[0] for row in await self.rows(_WRITERS_OF_EVENTS)}
        return int(position)

    async def migrate(self) -> tuple[str, ...]:
        """Bring the schema up to date; return the names of the migrations applied."""
        async with self._writers.transaction() as link:
            applied = await schema.migrate(link)
        await self._watch.refresh()
        return applied

    async def schema_version(self) -> int:
        """Return the number of the last migration applied; 0 for an empty database."""
        async with self._readers.transaction() as link:
            return await schema.version(link)

    async def describe(self) -> dict[str, Any]:
        """Return what `doctor` wants to know of the server, by name."""
        async with self._readers.transaction() as link:
            return await schema.describe(link)

    async def close(self) -> None:
        """Commit what was begun, and close the connections."""
        await self._watch.close()
        await self._committer.close()
        await self._writers.close()
        await self._readers.close()
