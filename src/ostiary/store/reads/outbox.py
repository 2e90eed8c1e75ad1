"""Messages that wait to be delivered, at least once each."""

from typing import Any

import msgspec

from ostiary.store.codec import scrub_text
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads

_IS_DUE = query("SELECT 1 FROM outbox o WHERE o.due_at <= ?1 LIMIT 1")
_CLAIM = query(
    "UPDATE outbox SET due_at = ?3, attempts = attempts + 1 WHERE id IN "
    "(SELECT o.id FROM outbox o WHERE o.due_at <= ?1 ORDER BY o.due_at, o.id LIMIT ?2 skip_locked) "
    "RETURNING id, topic, payload, created_at, attempts"
)
_ACKNOWLEDGE = query("DELETE FROM outbox WHERE id = ?1 RETURNING 1")
_POSTPONE = query(
    "UPDATE outbox SET due_at = ?3, last_error = ?4 WHERE id = ?1 AND attempts = ?2 RETURNING 1"
)

_DELETE = query("DELETE FROM outbox WHERE id = ?1 AND topic = ?2 RETURNING 1")
_LIST = query(
    "SELECT o.id, o.payload, o.created_at, o.attempts, o.due_at, o.last_error FROM outbox o "
    "WHERE o.id > ?1 AND o.topic = ?2 AND (?3 = 0 OR o.last_error IS NOT NULL) "
    "ORDER BY o.id LIMIT ?4"
)
_RETRY = query(
    "UPDATE outbox SET due_at = ?3, attempts = 0 WHERE id = ?1 AND topic = ?2 RETURNING 1"
)

NEVER = 1 << 53
"""When a message that was given up is due: it is kept for a while, to be looked at."""

_ERROR_LENGTH = 500

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to deliver. `id` is its idempotency key, `attempts` counts this one."""

    id: int
    topic: str
    payload: dict[str, Any]
    created_at: int
    attempts: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was not delivered yet, as it is looked at."""

    id: int
    payload: dict[str, Any]
    created_at: int
    attempts: int
    due_at: int
    last_error: str | None


class OutboxReads(Reads):
    """What delivers messages asks of the store."""

    async def has_messages(self, now: int) -> bool:
        """Tell whether messages are due, without writing."""
        return await self._engine.row(_IS_DUE, now) is not None

    async def claim_messages(self, now: int, limit: int, lease: int) -> tuple[Message, ...]:
        """Take messages that are due; for `lease` seconds nobody else gets them.

        Whoever ends without a word loses them to the next.
        """
        rows = await self._engine.write(_CLAIM, now, limit, now + lease)
        messages = (
            Message(
                id=id_,
                topic=topic,
                payload=_decode(payload),
                created_at=created_at,
                attempts=attempts,
            )
            for id_, topic, payload, created_at, attempts in rows
        )
        return tuple(sorted(messages, key=lambda message: message.id))

    async def acknowledge_message(self, message: Message) -> None:
        """Forget a message that was delivered."""
        await self._engine.write(_ACKNOWLEDGE, message.id)

    async def postpone_message(self, message: Message, due_at: int, error: str) -> None:
        """Try a message again later, unless its lease ended and somebody else has it."""
        reason = scrub_text(error[:_ERROR_LENGTH])
        await self._engine.write(_POSTPONE, message.id, message.attempts, due_at, reason)

    async def give_up_message(self, message: Message, error: str) -> None:
        """Try a message no more, unless its lease ended and somebody else has it."""
        await self.postpone_message(message, NEVER, error)

    async def delete_message(self, topic: str, message_id: int) -> bool:
        """Forget a message that nobody is to get any more; tell whether it was there."""
        return bool(await self._engine.write(_DELETE, message_id, topic))

    async def list_messages(
        self, topic: str, after: int, limit: int, *, failed: bool
    ) -> tuple[Waiting, ...]:
        """Return messages ordered by id; `failed`: those only that were tried in vain."""
        rows = await self._engine.listing(_LIST, after, topic, int(failed), limit)
        return tuple(
            Waiting(
                id=id_,
                payload=_decode(payload),
                created_at=created_at,
                attempts=attempts,
                due_at=due_at,
                last_error=last_error,
            )
            for id_, payload, created_at, attempts, due_at, last_error in rows
        )

    async def retry_message(self, topic: str, message_id: int, now: int) -> bool:
        """Have a message delivered now, as if for the first time; tell whether it is there."""
        return bool(await self._engine.write(_RETRY, message_id, topic, now))
