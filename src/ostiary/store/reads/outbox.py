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

_ERROR_LENGTH = 500

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to deliver. `id` is its idempotency key, `attempts` counts this one."""

    id: int
    topic: str
    payload: dict[str, Any]
    created_at: int
    attempts: int


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
