"""The schema of the database file: which version it has, and how it gets the next."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ostiary.store.migrate import Applied, migrations, pending

_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT
"""

_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'"


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied; 0 for an empty database."""
    if connection.execute(_EXISTS).fetchone() is None:
        return 0
    (number,) = connection.execute("SELECT max(number) FROM schema_migrations").fetchone()
    return number or 0


def migrate(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Apply what is missing, within the transaction that the writer has begun."""
    connection.execute(_CREATE)
    rows = connection.execute("SELECT number, name, checksum FROM schema_migrations").fetchall()
    missing = pending(migrations("sqlite"), [Applied(*row) for row in rows])
    for migration in missing:
        for statement in split(migration.sql):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO schema_migrations (number, name, checksum, applied_at) "
            "VALUES (?, ?, ?, unixepoch())",
            (migration.number, migration.name, migration.checksum),
        )
    return tuple(migration.name for migration in missing)


def split(script: str) -> Iterator[str]:
    """Split a script into its statements; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def describe(connection: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """Return what an administrator wants to know of the file."""
    journal = path.with_name(f"{path.name}-wal")
    return {
        "engine": "SQLite",
        "engine_version": sqlite3.sqlite_version,
        "path": str(path),
        "bytes": path.stat().st_size,
        "journal_bytes": journal.stat().st_size if journal.exists() else 0,
        "journal_mode": connection.execute("PRAGMA journal_mode").fetchone()[0],
        "synchronous": connection.execute("PRAGMA synchronous").fetchone()[0],
    }
