"""One SQL store with two engines: SQLite for one host, PostgreSQL for many processes.

`open_store` is the way in. Everything else of the package serves it.
"""

from collections.abc import Callable
from pathlib import Path

from ostiary.clock import Clock
from ostiary.oauth.built_in import Furnished
from ostiary.store.engine import SchemaError
from ostiary.store.reads.events import EventFilter
from ostiary.store.reads.outbox import Message, Waiting
from ostiary.store.sqlite.engine import SqliteEngine
from ostiary.store.sqlite.writer import end_at_once
from ostiary.store.store import Check, Store

__all__ = ["Check", "EventFilter", "Message", "SchemaError", "Store", "Waiting", "open_store"]

READERS = 8
WRITERS = 3


async def open_store(  # noqa: PLR0913 - what a store can depend on
    database_url: str,
    clock: Clock,
    *,
    readers: int = READERS,
    writers: int = WRITERS,
    fatal: Callable[[str], None] = end_at_once,
    furnished: Furnished | None = None,
) -> Store:
    """Open the database of an instance; `sqlite:///path` or `postgresql://…`.

    The schema may be older than this program (see `Store.migrate`), or missing. `readers`
    and `writers` are the most connections to PostgreSQL that are opened for each purpose.
    `fatal` is called when SQLite's fsync fails, with the reason; it must end the process,
    since nobody knows then what the disk holds. Where the clock is the system's, it is
    kept in step with the database's. `furnished` is there besides what the database holds.

    Raises:
        SchemaError: the database is newer than this program, or cannot be used where it is.
        Unavailable: the database cannot be reached now.
        ValueError: the URL names neither engine.
    """
    scheme, separator, rest = database_url.partition("://")
    if not separator or scheme not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("write sqlite:///path or postgresql://user:password@host/database")
    if scheme == "sqlite":
        path = Path(rest.removeprefix("/"))
        return Store(await SqliteEngine(path, fatal=fatal).open(), clock, "sqlite", furnished)
    # Only who uses PostgreSQL pays for its driver: 10 MB of memory, 0.1 s at the start.
    from ostiary.store.postgres.engine import PostgresEngine  # noqa: PLC0415

    engine = PostgresEngine(database_url, clock, readers=readers, writers=writers)
    return Store(await engine.open(), clock, "postgres", furnished)
