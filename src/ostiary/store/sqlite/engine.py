"""The SQLite engine: one file, shared by the worker processes of one host."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from ostiary.oauth.effects import Effects, Unavailable
from ostiary.store.codec import Row, write_json
from ostiary.store.engine import Query, Value, query
from ostiary.store.migrate import newest, refuse_newer
from ostiary.store.plan import plan
from ostiary.store.sqlite import schema
from ostiary.store.sqlite.connection import connect, prepare_folder, unavailable
from ostiary.store.sqlite.turn import Turn
from ostiary.store.sqlite.writer import Writer, end_at_once

T = TypeVar("T")

_READ_WAIT = 0.25  # seconds; readers wait only while another process recovers the journal
_WRITE_WAIT = 3.0
_LISTING_LIMIT = 5.0
_LAST_EVENT = query("SELECT max(e.seq) FROM events e")

_VERSION = "SELECT version FROM configuration_version"


class SqliteEngine:
    """Reads on the event loop's thread, lists in a second one, writes in a third.

    A read sees what was committed before it, by whichever process.
    """

    def __init__(self, path: Path, *, fatal: Callable[[str], None] = end_at_once) -> None:
        """Open the file, and create it where it is missing.

        `fatal` is called after a failed fsync, and must end the process.

        Raises:
            SchemaError: the place or the file cannot be used.
            Unavailable: the file cannot be opened now.
        """
        prepare_folder(path)
        self.path = path
        turn = Turn(path)
        try:
            with turn:
                # Only one process at a time can switch a new file to the write-ahead log.
                writing = connect(path, wait=_WRITE_WAIT, cache_kib=8000, write=True)
                self._reading = connect(path, wait=_READ_WAIT, cache_kib=8000)
        except BaseException:
            turn.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(writing, turn, fatal=fatal)
        self._closed = False
        self._lists: sqlite3.Connection | None = None
        self._list_lock = asyncio.Lock()
        self._list_thread = ThreadPoolExecutor(1, thread_name_prefix="ostiary-lists")
        self._data_version = -1
        self._version = 0
        # Whether the version was read in this turn of the event loop.
        self._fresh = False
        # SQLite shares the clock of the only machine that there is.
        self.skew = 0.0

    async def open(self) -> Self:
        """Refuse a schema that this program does not know.

        Raises:
            SchemaError: the database is newer than this program.
        """
        try:
            refuse_newer(newest("sqlite"), await self.schema_version())
        except BaseException:
            await self.close()
            raise
        return self

    async def row(self, query: Query, *values: Value) -> Row | None:
        """Return the one row of a keyed read, or None."""
        try:
            row: Row | None = self._reading.execute(query.sqlite, values).fetchone()
        except UnicodeEncodeError:
            return None  # no stored text can be equal to it
        except sqlite3.Error as error:
            raise unavailable(error) from error
        return row

    async def rows(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the few rows of a keyed read."""
        try:
            return self._reading.execute(query.sqlite, values).fetchall()
        except UnicodeEncodeError:
            return ()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    async def listing(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the rows of a long read, made in a thread of its own."""
        try:
            return await self._list(lambda lists: lists.execute(query.sqlite, values).fetchall())
        except UnicodeEncodeError:
            return ()

    async def write(self, query: Query, *values: Value) -> Sequence[Row]:
        """Run one statement in a transaction of its own and return its rows."""
        return await self._writer.run(lambda c: c.execute(query.sqlite, values).fetchall())

    async def apply(self, effects: Effects) -> None:
        """Apply a step, together with those that wait at the same time."""
        await self._writer.submit(plan(effects))

    def array(self, values: Iterable[str]) -> Value:
        """Return several texts as the value of one parameter."""
        return write_json([value.encode("utf-8", "replace").decode() for value in values])

    def current_version(self) -> int:
        """Return the version of the configuration as of this turn of the event loop."""
        if self._fresh:
            return self._version
        try:
            # Moves when any other connection, that of our own writer included, commits.
            (data_version,) = self._reading.execute("PRAGMA data_version").fetchone()
            if data_version != self._data_version:
                (self._version,) = self._reading.execute(_VERSION).fetchone()
                self._data_version = data_version
        except sqlite3.Error as error:
            raise unavailable(error) from error
        self._fresh = True
        self._loop.call_soon(self._age)
        return self._version

    async def settled_position(self) -> int:
        """Return the last position: writers come one after the other."""
        row = await self.row(_LAST_EVENT)
        return int(row[0] or 0) if row else 0

    async def migrate(self) -> tuple[str, ...]:
        """Bring the schema up to date; return the names of the migrations applied."""
        return await self._writer.run(schema.migrate)

    async def schema_version(self) -> int:
        """Return the number of the last migration applied; 0 for an empty database."""
        try:
            return schema.version(self._reading)
        except sqlite3.Error as error:
            raise unavailable(error) from error

    async def describe(self) -> dict[str, Any]:
        """Return what `doctor` wants to know of the engine, by name."""
        return await self._list(partial(schema.describe, path=self.path))

    async def close(self) -> None:
        """Commit what waits, move the journal into the database file, and close it."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._writer.close()
        finally:
            await self._loop.run_in_executor(self._list_thread, self._close_lists)
            self._list_thread.shutdown()
            # The last connection of the last process to close empties the journal.
            self._reading.close()

    def _age(self) -> None:
        self._fresh = False

    async def _list(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a long read in the thread for lists, one at a time, and not for ever."""
        async with self._list_lock:
            if self._closed:
                raise Unavailable("the store is closed")
            limit = self._loop.call_later(_LISTING_LIMIT, self._interrupt)
            try:
                return await self._loop.run_in_executor(self._list_thread, self._run_list, work)
            except sqlite3.Error as error:
                raise unavailable(error) from error
            finally:
                limit.cancel()

    def _run_list(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._lists is None:
            self._lists = connect(self.path, wait=_READ_WAIT, cache_kib=4000)
        return work(self._lists)

    def _interrupt(self) -> None:
        if self._lists is not None:
            self._lists.interrupt()

    def _close_lists(self) -> None:
        if self._lists is not None:
            self._lists.close()
