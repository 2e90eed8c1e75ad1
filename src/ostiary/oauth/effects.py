"""The closed set of things that a protocol step can do to stored state.

A step's effects are applied in one transaction: all or none. Several carry a
precondition; where one does not hold at commit, the store raises `Conflict` naming the
effect that lost, and nothing is applied. Effects on the same record are applied in the
order given, and parents are inserted before what names them.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.event import Event
from ostiary.model.record import Record, Versioned


class Effect(msgspec.Struct, frozen=True):
    """One change of stored state."""


class Insert(Effect, frozen=True):
    """Add a record. Precondition: none with the same key exists."""

    record: Record


class Update(Effect, frozen=True):
    """Change fields of a record, and raise its version by one.

    Precondition: the stored version is still that of `record`.
    """

    record: Versioned
    changes: dict[str, Any]


class Delete(Effect, frozen=True):
    """Remove a record that needs no tombstone, such as a login name or a role. Idempotent."""

    kind: type[Record]
    # The columns of the key in order, where it has several.
    key: str | bytes | tuple[str, ...]


class Consume(Effect, frozen=True):
    """Use up a single-use record (`consumed_at`).

    Precondition: it exists, is not consumed and has not expired at `at`.
    """

    kind: type[Record]
    key: bytes
    at: int


class Predicate(StrEnum):
    """What a `Require` can ask for."""

    LIVE = "live"  # `revoked_at` is null


class Require(Effect, frozen=True):
    """Change nothing; hold the step to a fact. Precondition: the fact."""

    kind: type[Record]
    key: str
    predicate: Predicate = Predicate.LIVE


class Count(Effect, frozen=True):
    """Count one use under a key, within a window of seconds that starts at the first use.

    Precondition: before this use fewer than `limit` were counted in the window.
    """

    key: str
    limit: int
    window: int
    at: int


class Clear(Effect, frozen=True):
    """Forget what was counted under a key."""

    key: str


class RevokeGrant(Effect, frozen=True):
    """End a grant and with it every code and token under it. Idempotent."""

    grant_id: str
    reason: str
    at: int


class RevokeAccess(Effect, frozen=True):
    """End all grants that a person gave a client; None: any client. Idempotent."""

    user_id: str
    client_id: str | None
    reason: str
    at: int


class RevokeToken(Effect, frozen=True):
    """End one opaque access token, by its digest, and nothing else. Idempotent."""

    digest: bytes
    at: int


class RevokeSession(Effect, frozen=True):
    """End a session, and its grants that are not offline. Idempotent."""

    session_id: str
    reason: str
    at: int


class Remember(Effect, frozen=True):
    """Burn a value (a `jti`) until a time. Precondition: it was not burned before."""

    scope: str
    value: bytes
    until: int


class Emit(Effect, frozen=True):
    """Append an event to the audit trail."""

    event: Event


class Enqueue(Effect, frozen=True):
    """Put a message into the outbox, to be delivered after the commit."""

    topic: str
    payload: dict[str, Any]
    at: int


Effects = tuple[Effect, ...]


class Conflict(Exception):
    """A precondition did not hold at commit: nothing of the step was applied."""

    def __init__(self, effect: Effect) -> None:
        """Name the effect that lost."""
        super().__init__(type(effect).__name__)
        self.effect = effect


class Unavailable(Exception):
    """The store cannot answer now; nothing is known to be applied. Answered with 503."""
