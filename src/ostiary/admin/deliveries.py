"""Messages to applications that a session is over: which wait, which failed, and once more.

OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8. What was delivered is in the audit
trail alone.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from ostiary.admin.actor import Actor, Level, authorize_instance
from ostiary.admin.errors import NotFound
from ostiary.clock import Clock
from ostiary.oauth.logout.notice import TOPIC
from ostiary.store.reads.outbox import NEVER, Waiting

WHAT = "delivery"


class Outbox(Protocol):
    """What of the outbox is seen and changed here."""

    async def list_messages(
        self, topic: str, after: int, limit: int, *, failed: bool
    ) -> tuple[Waiting, ...]:
        """Return messages ordered by id; `failed`: those only that were tried in vain."""
        ...

    async def retry_message(self, topic: str, message_id: int, now: int) -> bool:
        """Have a message delivered now, as if for the first time; tell whether it is there."""
        ...


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one application. `next_at` is None where it was given up."""

    id: int
    client_id: str
    user_id: str
    session_id: str
    attempts: int
    created_at: int
    next_at: int | None
    last_error: str | None


async def list_all(
    outbox: Outbox, actor: Actor, *, failed: bool = False, after: int = 0, limit: int = 100
) -> tuple[Delivery, ...]:
    """Return the deliveries that are not done, ordered by id.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
    """
    authorize_instance(actor, Level.READ)
    found = await outbox.list_messages(TOPIC, after, limit, failed=failed)
    return tuple(map(_read, found))


async def retry(outbox: Outbox, actor: Actor, clock: Clock, message_id: int) -> None:
    """Deliver a message at once, also one that was given up.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
        NotFound: there is none with this id: it may have been delivered.
    """
    authorize_instance(actor)
    if not await outbox.retry_message(TOPIC, message_id, clock.now()):
        raise NotFound(WHAT, str(message_id), hint="It may have been delivered meanwhile.")


def _read(waiting: Waiting) -> Delivery:
    payload: Mapping[str, Any] = waiting.payload
    return Delivery(
        id=waiting.id,
        client_id=payload["client_id"],
        user_id=payload["sub"],
        session_id=payload["session_id"],
        attempts=waiting.attempts,
        created_at=waiting.created_at,
        next_at=None if waiting.due_at == NEVER else waiting.due_at,
        last_error=waiting.last_error,
    )
