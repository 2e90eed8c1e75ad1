"""Stores that tie what an operation writes to what the caller has said about it.

An operation decides and writes by itself. Here its writing is made conditional, or held
back so that something goes into the same transaction.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from ostiary.admin.errors import AdminError
from ostiary.admin.store import Store
from ostiary.model.record import Versioned
from ostiary.oauth.effects import Effects, Update


class Changed(AdminError):
    """The record is not of the version that the caller has seen."""

    code = "precondition_failed"
    status = 412

    def __init__(self) -> None:
        super().__init__(
            "It was changed since you have read it.",
            hint="Nothing was written. Read it again, then decide anew.",
        )


class _Reading:
    """Reads of another store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Conditional(_Reading):
    """Writes only what was decided on one version of a kind of record.

    The version that an update was decided on must still stand when it is written: so the
    comparison here holds for that moment as well. An operation of several steps, such as
    deleting a person, may change the record in the last of them only: so what it has read of
    the kind counts from the first one on.
    """

    def __init__(self, store: Store, kind: type[Versioned], version: int) -> None:
        super().__init__(store)
        self._kind = kind
        self._version = version
        self._stale = False

    def __getattr__(self, name: str) -> Any:
        """Note what is read of the kind."""
        found = super().__getattr__(name)
        return self._noting(found) if name.startswith("read_") else found

    def _noting(self, read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def note(*args: Any, **options: Any) -> Any:
            found = await read(*args, **options)
            if isinstance(found, self._kind):
                self._stale = found.version != self._version
            return found

        return note

    async def apply(self, effects: Effects) -> None:
        """Apply a step.

        Raises:
            Changed: it was decided on another version.
            Conflict: a precondition did not hold; nothing was applied.
        """
        stale = self._stale or any(
            isinstance(effect, Update)
            and type(effect.record) is self._kind
            and effect.record.version != self._version
            for effect in effects
        )
        if stale:
            raise Changed
        await self._store.apply(effects)

    @property
    def store(self) -> Store:
        """This store, as operations know stores."""
        return cast("Store", self)


class Deferred(_Reading):
    """Keeps what is to be written, for somebody to write it together with more."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.effects: Effects = ()

    async def apply(self, effects: Effects) -> None:
        """Keep the effects of a step."""
        self.effects += effects

    @property
    def store(self) -> Store:
        """This store, as operations know stores."""
        return cast("Store", self)
