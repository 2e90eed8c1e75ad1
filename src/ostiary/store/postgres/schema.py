"""The schema of a PostgreSQL database: which version it has, and how it gets the next."""

from typing import Any

from ostiary.store.engine import SchemaError
from ostiary.store.migrate import Applied, migrations, pending
from ostiary.store.postgres.connection import Link

# "ostiary" as a number: one process at a time migrates.
_LOCK = 0x6F737469617279

_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  number bigint PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)
"""

_EXISTS = "SELECT to_regclass('schema_migrations') IS NOT NULL"

_DESCRIBE = """
SELECT
  current_setting('server_version') AS engine_version,
  current_database() AS database,
  current_setting('server_encoding') AS encoding,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  pg_is_in_recovery() AS in_recovery
"""


async def version(link: Link) -> int:
    """Return the number of the last migration applied; 0 for an empty database."""
    if not await link.fetchval(_EXISTS):
        return 0
    return await link.fetchval("SELECT max(number) FROM schema_migrations") or 0


async def migrate(link: Link) -> tuple[str, ...]:
    """Apply what is missing, within a transaction of the caller.

    Raises:
        SchemaError: the database is newer than this program, was changed by hand, or
            cannot hold Unicode.
    """
    encoding = await link.fetchval("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise SchemaError(f"The database holds text as {encoding}. Create it with ENCODING 'UTF8'.")
    # Another process may take long to migrate.
    await link.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
    await link.execute(f"SELECT pg_advisory_xact_lock({_LOCK})", timeout=None)
    await link.execute(_CREATE)
    rows = await link.fetch("SELECT number, name, checksum FROM schema_migrations")
    missing = pending(migrations("postgres"), [Applied(*row) for row in rows])
    for migration in missing:
        await link.execute(migration.sql, timeout=None)
        await link.execute(
            "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.checksum,
        )
    return tuple(migration.name for migration in missing)


async def describe(link: Link) -> dict[str, Any]:
    """Return what an administrator wants to know of the server."""
    row = await link.fetchrow(_DESCRIBE)
    return {"engine": "PostgreSQL", **(dict(row) if row else {})}
