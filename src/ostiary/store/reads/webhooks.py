"""Webhooks, how far each was told of the audit trail, and how it went."""

from enum import StrEnum

import msgspec

from ostiary.model.webhook import Webhook, WebhookState
from ostiary.store.codec import codec_of, scrub_text
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_WEBHOOK = by_key(Webhook)
_WEBHOOKS = codec_of(Webhook)
_DUE = query(
    f"SELECT {_WEBHOOKS.select('w')} FROM webhooks w "
    "LEFT JOIN webhook_cursors c ON c.webhook_id = w.id "
    f"WHERE w.state = '{WebhookState.ACTIVE}' AND w.id > ?3 AND (c.webhook_id IS NULL "
    "OR (c.position < ?2 AND c.due_at <= ?1 AND c.leased_until <= ?1)) ORDER BY w.id LIMIT ?4"
)
_CURSOR_COLUMNS = (
    "c.position, c.lease, c.attempts, c.due_at, c.first_failed_at, c.failing_since, c.last_error"
)
_CURSOR = query(f"SELECT {_CURSOR_COLUMNS} FROM webhook_cursors c WHERE c.webhook_id = ?1")
_CLAIM = query(
    "INSERT INTO webhook_cursors AS c (webhook_id, position, lease, leased_until) "
    "VALUES (?1, ?2, 1, ?4) ON CONFLICT (webhook_id) DO UPDATE "
    "SET lease = c.lease + 1, leased_until = ?4 WHERE c.leased_until <= ?3 AND c.due_at <= ?3 "
    "RETURNING position, lease, attempts, due_at, first_failed_at, failing_since, last_error"
)
_ADVANCE = query(
    "UPDATE webhook_cursors SET position = ?3, attempts = 0, due_at = 0, first_failed_at = NULL, "
    "failing_since = CASE WHEN ?4 = 1 THEN failing_since END, "
    "last_error = CASE WHEN ?4 = 1 THEN last_error END "
    "WHERE webhook_id = ?1 AND lease = ?2 RETURNING 1"
)
_POSTPONE = query(
    "UPDATE webhook_cursors SET attempts = attempts + 1, due_at = ?4, last_error = ?5, "
    "first_failed_at = coalesce(first_failed_at, ?3), "
    "failing_since = coalesce(failing_since, ?3) "
    "WHERE webhook_id = ?1 AND lease = ?2 RETURNING 1"
)
_RELEASE = query(
    "UPDATE webhook_cursors SET leased_until = 0 WHERE webhook_id = ?1 AND lease = ?2 RETURNING 1"
)
_MOVE = query(
    "INSERT INTO webhook_cursors AS c (webhook_id, position) VALUES (?1, ?2) "
    "ON CONFLICT (webhook_id) DO UPDATE SET position = ?2, lease = c.lease + 1, "
    "leased_until = 0, attempts = 0, due_at = 0, first_failed_at = NULL, failing_since = NULL, "
    "last_error = NULL RETURNING 1"
)
_RESUME = query(
    "UPDATE webhook_cursors SET due_at = 0, attempts = 0, first_failed_at = NULL, "
    "failing_since = NULL, last_error = NULL WHERE webhook_id = ?1 RETURNING 1"
)
_NOTE = query(
    "INSERT INTO webhook_deliveries AS d "
    "(webhook_id, seq, type, state, attempts, first_at, last_at, last_error) "
    "VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, ?6) ON CONFLICT (webhook_id, seq) DO UPDATE "
    "SET state = ?4, attempts = d.attempts + 1, last_at = ?5, last_error = ?6 RETURNING 1"
)
_DELIVERY_COLUMNS = "d.seq, d.type, d.state, d.attempts, d.first_at, d.last_at, d.last_error"
_DELIVERIES = query(
    f"SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries d "
    "WHERE d.webhook_id = ?1 AND d.seq < ?2 ORDER BY d.seq DESC LIMIT ?3"
)
_DELIVERIES_IN_STATE = query(
    f"SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries d "
    "WHERE d.webhook_id = ?1 AND d.state = ?4 AND d.seq < ?2 ORDER BY d.seq DESC LIMIT ?3"
)

_ERROR_LENGTH = 500
_END = 2**63 - 1


class DeliveryState(StrEnum):
    """What became of an event on its way to a webhook."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    GIVEN_UP = "given_up"


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a webhook was told, and since when it fails.

    `attempts` and `first_failed_at` are those of the next event. `lease` rises whenever
    somebody takes over.
    """

    position: int
    lease: int
    attempts: int = 0
    due_at: int = 0
    first_failed_at: int | None = None
    failing_since: int | None = None
    last_error: str | None = None


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was sent to a webhook, or is tried. `position` is that of the event."""

    position: int
    type: str
    state: DeliveryState
    attempts: int
    first_at: int
    last_at: int
    last_error: str | None = None


class WebhookReads(Reads):
    """What manages webhooks, and what sends to them, asks of the store."""

    async def read_webhook(self, webhook_id: str) -> Webhook | None:
        """Return the webhook, whatever its state."""
        return await self._one(Webhook, _WEBHOOK, webhook_id)

    async def list_webhooks(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Webhook, ...]:
        """Return webhooks ordered by id, of one organization or of all."""
        return await self._list(Webhook, after, limit, organization_id=organization_id)

    async def due_webhooks(self, now: int, end: int, after: str, limit: int) -> tuple[Webhook, ...]:
        """Return active webhooks that were not told of the trail up to `end`, ordered by id."""
        rows = await self._engine.listing(_DUE, now, end, after, limit)
        return tuple(map(_WEBHOOKS.decode, rows))

    async def webhook_cursor(self, webhook_id: str) -> Cursor | None:
        """Return how far a webhook was told, or None where nobody tried yet."""
        row = await self._engine.row(_CURSOR, webhook_id)
        return None if row is None else _cursor(*row)

    async def claim_webhook(self, webhook: Webhook, now: int, lease: int) -> Cursor | None:
        """Take a webhook that is due for `lease` seconds; None where somebody else has it."""
        until = now + lease
        rows = await self._engine.write(_CLAIM, webhook.id, webhook.start, now, until)
        return _cursor(*rows[0]) if rows else None

    async def advance_webhook(
        self, webhook_id: str, cursor: Cursor, position: int, *, failed: bool = False
    ) -> bool:
        """Note that a webhook was told up to a position; `failed`: that the last was given up.

        Tells whether the lease is still good.
        """
        values = (webhook_id, cursor.lease, position, int(failed))
        return bool(await self._engine.write(_ADVANCE, *values))

    async def postpone_webhook(
        self, webhook_id: str, cursor: Cursor, now: int, due_at: int, error: str
    ) -> None:
        """Note that the next event could not be sent, and when to try again."""
        reason = scrub_text(error[:_ERROR_LENGTH])
        await self._engine.write(_POSTPONE, webhook_id, cursor.lease, now, due_at, reason)

    async def release_webhook(self, webhook_id: str, cursor: Cursor) -> None:
        """Give a lease back."""
        await self._engine.write(_RELEASE, webhook_id, cursor.lease)

    async def move_webhook(self, webhook_id: str, position: int) -> None:
        """Have a webhook told of everything after a position, once more or for the first time.

        Whoever sends to it now loses the lease.
        """
        await self._engine.write(_MOVE, webhook_id, position)

    async def resume_webhook(self, webhook_id: str) -> None:
        """Try a webhook at once, as if it had not failed."""
        await self._engine.write(_RESUME, webhook_id)

    async def note_delivery(
        self,
        webhook_id: str,
        delivery: tuple[int, str],
        state: DeliveryState,
        now: int,
        error: str | None = None,
    ) -> None:
        """Note what became of an event, by its position and type."""
        reason = None if error is None else scrub_text(error[:_ERROR_LENGTH])
        await self._engine.write(_NOTE, webhook_id, *delivery, state.value, now, reason)

    async def list_deliveries(
        self, webhook_id: str, state: DeliveryState | None, before: int | None, limit: int
    ) -> tuple[WebhookDelivery, ...]:
        """Return what was sent to a webhook, newest first, from before a position on."""
        end = _END if before is None else before
        if state is None:
            rows = await self._engine.listing(_DELIVERIES, webhook_id, end, limit)
        else:
            values = (webhook_id, end, limit, state.value)
            rows = await self._engine.listing(_DELIVERIES_IN_STATE, *values)
        return tuple(
            WebhookDelivery(
                position=seq,
                type=type_,
                state=DeliveryState(found),
                attempts=attempts,
                first_at=first_at,
                last_at=last_at,
                last_error=last_error,
            )
            for seq, type_, found, attempts, first_at, last_at, last_error in rows
        )


def _cursor(  # noqa: PLR0913, PLR0917 - the columns of a row
    position: int,
    lease: int,
    attempts: int,
    due_at: int,
    first_failed_at: int | None,
    failing_since: int | None,
    last_error: str | None,
) -> Cursor:
    return Cursor(
        position=position,
        lease=lease,
        attempts=attempts,
        due_at=due_at,
        first_failed_at=first_failed_at,
        failing_since=failing_since,
        last_error=last_error,
    )
