"""The numbered migrations of an engine, and which of them a database still needs.

A migration is a file `NNNN_name.sql`. It is applied once, under a lock, and recorded with
the checksum of its text; after a release it is never edited. Migrations expand the schema
first and contract it a release later, so that two versions can run side by side.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

import msgspec

from ostiary.store.engine import SchemaError


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class Applied(msgspec.Struct, frozen=True):
    """A migration that the database says it has had."""

    number: int
    name: str
    checksum: str


@cache
def migrations(engine: str) -> tuple[Migration, ...]:
    """Return the migrations of an engine (`sqlite` or `postgres`) in order."""
    folder = resources.files("ostiary.store") / "migrations" / engine
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return tuple(
        Migration(
            int(entry.name.partition("_")[0]),
            entry.name.removesuffix(".sql"),
            entry.read_text(encoding="utf-8"),
        )
        for entry in files
    )


def newest(engine: str) -> int:
    """Return the schema version that this program knows."""
    return migrations(engine)[-1].number


def refuse_newer(known: int, found: int) -> None:
    """Refuse a database that a newer version of this program has changed.

    Raises:
        SchemaError: it was.
    """
    if found > known:
        raise SchemaError(
            f"The database has schema version {found}, and this version of Ostiary knows "
            f"only {known}. Start the newer version that changed the database, or restore "
            "a backup made before."
        )


def pending(known: Sequence[Migration], applied: Sequence[Applied]) -> tuple[Migration, ...]:
    """Return the migrations that a database still needs, in order.

    Raises:
        SchemaError: the database is newer than this program, or its history is another.
    """
    by_number = {migration.number: migration for migration in known}
    for one in applied:
        refuse_newer(known[-1].number, one.number)
        migration = by_number.get(one.number)
        if migration is None or migration.checksum != one.checksum:
            raise SchemaError(
                f"Migration {one.name} of the database is not the one of this version of "
                "Ostiary: it was edited, or the database belongs to another program. Restore "
                "a backup, or give an empty database."
            )
    done = {one.number for one in applied}
    return tuple(migration for migration in known if migration.number not in done)
