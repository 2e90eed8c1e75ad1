"""What an engine offers to the rest of the store, whichever database it speaks to."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from ostiary.oauth.effects import Effects
from ostiary.store.codec import Row

Value = str | int | bytes | bool | list[str] | None
"""What can be bound to a parameter."""


class SchemaError(Exception):
    """The database cannot be used as it is: its schema, its place or its settings.

    The message says what to change.
    """


class Query(msgspec.Struct, frozen=True):
    """A statement in the words of each engine, written once when the module is loaded."""

    sqlite: str
    postgres: str


_AMONG = re.compile(r"among\((\?\d+)\)")


def query(text: str) -> Query:
    """Make a statement of one text for both engines, with parameters `?1`, `?2`.

    `among(?1)` compares with the texts of an `Engine.array`, and `skip_locked` stands
    where PostgreSQL is to leave rows alone that another process works on.
    """
    sqlite = _AMONG.sub(r"IN (SELECT value FROM json_each(\1))", text)
    postgres = _AMONG.sub(r"= ANY (CAST(\1 AS text[]))", text)
    return Query(
        sqlite=sqlite.replace("skip_locked", ""),
        postgres=postgres.replace("skip_locked", "FOR UPDATE SKIP LOCKED").replace("?", "$"),
    )


class Engine(Protocol):
    """One database, and how this process reads and writes it."""

    async def row(self, query: Query, *values: Value) -> Row | None:
        """Return the one row of a keyed read, or None.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    async def rows(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the few rows of a keyed read.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    async def listing(self, query: Query, *values: Value) -> Sequence[Row]:
        """Return the rows of a read that may be long: off the event loop, with a time limit.

        Raises:
            Unavailable: the database cannot answer now, or not within the limit.
        """
        ...

    async def write(self, query: Query, *values: Value) -> Sequence[Row]:
        """Run one statement in a transaction of its own and return its rows.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    async def apply(self, effects: Effects) -> None:
        """Apply a step.

        Raises:
            Conflict: a precondition did not hold; nothing was applied.
            Unavailable: the database cannot answer now; nothing is known to be applied.
            ValueError: a value cannot be stored.
        """
        ...

    def array(self, values: Iterable[str]) -> Value:
        """Return several texts as the value of one parameter."""
        ...

    def current_version(self) -> int:
        """Return the version of the configuration, at most one second old.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    async def settled_position(self) -> int:
        """Return the end of the audit trail: no event will come to stand at or before it.

        Raises:
            Unavailable: the database cannot answer now, or a step that began before does
                not end.
        """
        ...

    async def migrate(self) -> tuple[str, ...]:
        """Bring the schema up to date; return the names of the migrations applied.

        Raises:
            SchemaError: the database is newer than this program, or was changed by hand.
            Unavailable: the database cannot answer now.
        """
        ...

    async def schema_version(self) -> int:
        """Return the number of the last migration applied; 0 for an empty database.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    async def describe(self) -> dict[str, Any]:
        """Return what `doctor` wants to know of the engine, by name.

        Raises:
            Unavailable: the database cannot answer now.
        """
        ...

    @property
    def skew(self) -> float:
        """How many seconds this machine's clock is behind the one that decides."""
        ...

    async def close(self) -> None:
        """Finish what was begun, and let go of the database."""
        ...
