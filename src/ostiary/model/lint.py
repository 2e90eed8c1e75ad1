"""What administrators decide on findings of lint: to accept one, or to mend what it is about."""

from typing import Any

from ostiary.model.record import Versioned


class Silence(Versioned, frozen=True, kw_only=True):
    """A finding about an application that is accepted as it is.

    `target` is what it is about, where a rule can find several things.
    """

    client_id: str
    rule: str
    target: str = ""
    reason: str
    created_at: int
    # Who accepted it, as the audit trail names them.
    actor_type: str
    actor_id: str


class Mend(Versioned, frozen=True, kw_only=True):
    """A change of an application that a rule of lint proposed, and how it was before.

    `before` and `after` hold the fields that changed, in the names of client metadata.
    """

    id: str
    client_id: str
    rule: str
    target: str = ""
    before: dict[str, Any]
    after: dict[str, Any]
    created_at: int
    expires_at: int
    undone_at: int | None = None
