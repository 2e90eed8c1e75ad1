"""What all reads share."""

from collections.abc import Awaitable, Callable, Hashable
from functools import lru_cache
from typing import TypeVar

from ostiary.model.record import Record
from ostiary.oauth.built_in import Furnished
from ostiary.store.cache import Cache
from ostiary.store.codec import codec_of
from ostiary.store.engine import Engine, Query, Value, query

R = TypeVar("R", bound=Record)
T = TypeVar("T")


def by_key(record: type[Record], condition: str = "") -> Query:
    """Make the statement that reads one record by its key."""
    codec = codec_of(record)
    key = " AND ".join(f"r.{name} = ?{n}" for n, name in enumerate(codec.table.key, 1))
    return query(f"SELECT {codec.select('r')} FROM {codec.table.name} r WHERE {key}{condition}")


@lru_cache(maxsize=256)
def _page(record: type[Record], filters: tuple[str, ...]) -> Query:
    """Make the statement for a page of records, by the columns that it filters by."""
    codec = codec_of(record)
    table = codec.table
    (key,) = table.key
    conditions = [f"r.{name} = ?{n}" for n, name in enumerate(filters, 3)]
    if "state" in table.columns:
        conditions.append("r.state <> 'deleted'")
    return query(
        f"SELECT {codec.select('r')} FROM {table.name} r WHERE r.{key} > ?1 "
        f"{''.join(f'AND {condition} ' for condition in conditions)}"
        f"ORDER BY r.{key} LIMIT ?2"
    )


class Reads:
    """Reads through an engine, and through the cache what is configuration."""

    def __init__(self, engine: Engine, furnished: Furnished | None = None) -> None:
        """`furnished` is there besides what the database holds, and before it."""
        self._engine = engine
        self._furnished = furnished
        self._cache = Cache()

    async def _one(self, record: type[R], query: Query, *values: Value) -> R | None:
        row = await self._engine.row(query, *values)
        return None if row is None else codec_of(record).decode(row)

    async def _all(self, record: type[R], query: Query, *values: Value) -> tuple[R, ...]:
        rows = await self._engine.rows(query, *values)
        return tuple(map(codec_of(record).decode, rows))

    async def _list(
        self, record: type[R], after: str, limit: int, **filters: Value
    ) -> tuple[R, ...]:
        """Return a page of records ordered by key; a filter that is None does not filter."""
        given = {name: value for name, value in filters.items() if value is not None}
        page = _page(record, tuple(given))
        rows = await self._engine.listing(page, after, limit, *given.values())
        return tuple(map(codec_of(record).decode, rows))

    async def _page(self, record: type[R], query: Query, *values: Value) -> tuple[R, ...]:
        """Return the rows of a statement that may be many."""
        return tuple(map(codec_of(record).decode, await self._engine.listing(query, *values)))

    async def _cached(self, key: Hashable, load: Callable[[], Awaitable[T | None]]) -> T | None:
        """Return what is remembered under a key, or load it."""
        version = self._engine.current_version()
        known: T | None = self._cache.get(version, key)
        if known is not None:
            return known
        found = await load()
        if found is not None:
            self._cache.put(version, key, found)
        return found
