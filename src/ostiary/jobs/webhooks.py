"""Telling webhooks of events, from the audit trail itself.

There is no message for each event and webhook: each webhook has a place in the trail up to
which it was told, so that what is written in the hot path is the event alone. Events are sent
one after the other, in the order of the trail. One that cannot be sent holds up those behind
it, and is tried again with growing pauses for a day; one that the receiver does not take is
given up sooner. A webhook that fails for days is switched off.

Each event is sent at least once: whoever ends between sending and noting it sends it again,
under the same id.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

import msgspec
import structlog

from ostiary.clock import Clock, Entropy
from ostiary.egress.errors import FetchFailed
from ostiary.egress.wanted import Wanted
from ostiary.identity import webhook_secrets
from ostiary.jobs.webhook_message import id_of, make_body, wanted_types
from ostiary.jose.errors import NoSigningKey
from ostiary.model.event import Event, Result
from ostiary.model.webhook import Webhook, WebhookState
from ostiary.oauth.effects import Conflict, Emit, Unavailable, Update
from ostiary.oauth.key_source import KeySource
from ostiary.store import EventFilter, Store
from ostiary.store.reads.webhooks import Cursor, DeliveryState

if TYPE_CHECKING:
    from ostiary.egress.fetcher import Fetched

# Seconds that a webhook is held for; for how long of them events are sent.
LEASE = 60
TURN = 10
# Webhooks that are sent to at a time, in all and of one organization: as many as there are
# places for requests, so that none waits for another, and few enough that no organization
# takes them all.
AT_ONCE = 10
OF_ONE = 3
# Events are looked for among so many positions at a time, and sent so many at a time.
WINDOW = 20_000
BATCH = 50
# Seconds between attempts, more or less; the last of them again and again.
PAUSES = (5, 30, 120, 600, 1800, 3600)
GIVE_UP_AFTER = 86_400
DISABLE_AFTER = 3 * 86_400
# A receiver that answers so does not take this event, whenever it comes.
_REFUSALS = frozenset({400, 413, 415, 422})
_REFUSED_ATTEMPTS = 5
_GONE = 410
_SUCCESS = range(200, 300)
_ANSWERS = (*_SUCCESS, *range(400, 600))
_PAGE = 100
_log = structlog.get_logger("ostiary.jobs")


class Sender(Protocol):
    """Sends a request to an address that somebody else chose; `Egress` does."""

    async def send(self, url: str, wanted: Wanted) -> "Fetched":
        """Send it, and take one of the answers that are wanted.

        Raises:
            FetchFailed: there is none.
        """
        ...


class _Failure(msgspec.Struct, frozen=True):
    """Why an event was not taken; `status` is that of the answer, if there was one."""

    reason: str
    status: int = 0


class Webhooks:
    """Sends to several webhooks at the same time, in turns: a slow one holds up no other."""

    def __init__(
        self,
        store: Store,
        keys: KeySource,
        clock: Clock,
        entropy: Entropy,
        sender: Callable[[], Sender],
    ) -> None:
        """`sender` is made when there is something to send."""
        self._store = store
        self._keys = keys
        self._clock = clock
        self._entropy = entropy
        self._sender = sender
        self._running: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._places_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        # Up to where nothing was found that a webhook wants: written down only now and then.
        self._seen: dict[str, tuple[tuple[int, int], int]] = {}

    async def run(self) -> None:
        """Begin to send what is due; what was begun before goes on.

        Raises:
            Unavailable: the database cannot answer now.
        """
        now = self._clock.now()
        after = ""
        end: int | None = None
        while True:
            if end is None:
                end = await self._store.settled_position()
            page = await self._store.due_webhooks(now, end, after, _PAGE)
            for webhook in page:
                if webhook.id not in self._running:
                    task = asyncio.create_task(self._serve(webhook, end))
                    self._running[webhook.id] = task
                    task.add_done_callback(partial(self._forget, webhook.id))
            if len(page) < _PAGE:
                return
            after = page[-1].id

    def _forget(self, webhook_id: str, _: asyncio.Task[None]) -> None:
        self._running.pop(webhook_id, None)

    async def finish(self) -> None:
        """Wait for what was begun."""
        while self._running:
            await asyncio.wait(tuple(self._running.values()))

    async def close(self) -> None:
        """End what was begun; it is begun again by whoever comes next."""
        tasks = tuple(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, webhook: Webhook, end: int) -> None:
        try:
            await self._tell(webhook, end)
        except Unavailable:
            _log.warning("webhook_postponed", webhook=webhook.id)
        except Exception:  # noqa: BLE001 - one broken webhook must not end the others
            _log.exception("webhook_failed", webhook=webhook.id)

    async def _tell(self, webhook: Webhook, end: int) -> None:
        known = await self._store.webhook_cursor(webhook.id)
        cursor = Cursor(position=webhook.start, lease=0) if known is None else known
        place = (cursor.position, cursor.lease)
        was, seen = self._seen.get(webhook.id, (place, cursor.position))
        if was != place:  # somebody told it more, or sent it back
            seen = cursor.position
        if not await self._find(webhook, seen, end):
            self._seen[webhook.id] = (place, end)
            if end - cursor.position < WINDOW:
                return
        # Those of one organization wait for each other first, and hold up nobody else's.
        owner = webhook.organization_id or ""
        places_of_owner = self._places_of.setdefault(owner, asyncio.Semaphore(OF_ONE))
        async with places_of_owner, self._places:
            claimed = await self._store.claim_webhook(webhook, self._clock.now(), LEASE)
            if claimed is None:
                return
            try:
                await self._send_all(webhook, claimed, end)
            finally:
                await self._store.release_webhook(webhook.id, claimed)

    async def _find(
        self, webhook: Webhook, position: int, end: int
    ) -> tuple[tuple[int, Event], ...]:
        """Return the next events that a webhook wants; windows keep each read short."""
        filters = EventFilter(types=wanted_types(webhook), organization_id=webhook.organization_id)
        while position < end:
            until = min(end, position + WINDOW)
            found = await self._store.events(position, BATCH, filters, until=until)
            if found:
                return found
            position = until
        return ()

    async def _send_all(self, webhook: Webhook, cursor: Cursor, end: int) -> None:
        stop_at = self._clock.now() + TURN
        position = cursor.position
        while self._clock.now() < stop_at:
            # Whatever somebody changed meanwhile counts for what is sent from then on.
            present = await self._store.read_webhook(webhook.id)
            if present is None or present.version != webhook.version:
                return
            found = await self._find(webhook, position, end)
            if not found:
                if position < end:
                    await self._store.advance_webhook(webhook.id, cursor, end)
                return
            for position, event in found:
                if not await self._send(webhook, cursor, position, event):
                    return
                cursor = msgspec.structs.replace(
                    cursor, attempts=0, first_failed_at=None, failing_since=None
                )
                if self._clock.now() >= stop_at:
                    return

    async def _send(self, webhook: Webhook, cursor: Cursor, position: int, event: Event) -> bool:
        """Send one event, and note what became of it; tell whether to go on."""
        failure = await self._post(webhook, position, event)
        now = self._clock.now()
        delivery = (position, event.type)
        store = self._store
        if failure is None:
            await store.note_delivery(webhook.id, delivery, DeliveryState.DELIVERED, now)
            return await store.advance_webhook(webhook.id, cursor, position)
        first = now if cursor.first_failed_at is None else cursor.first_failed_at
        refused = failure.status in _REFUSALS and cursor.attempts + 1 >= _REFUSED_ATTEMPTS
        if refused or now - first >= GIVE_UP_AFTER:
            _log.warning("webhook_given_up", webhook=webhook.id, reason=failure.reason)
            state = DeliveryState.GIVEN_UP
            await store.note_delivery(webhook.id, delivery, state, now, failure.reason)
            # A receiver that refuses single events is there, and goes on being told at once.
            await store.advance_webhook(webhook.id, cursor, position, failed=not refused)
        else:
            state = DeliveryState.WAITING
            await store.note_delivery(webhook.id, delivery, state, now, failure.reason)
            due_at = now + self._pause(cursor.attempts)
            await store.postpone_webhook(webhook.id, cursor, now, due_at, failure.reason)
        # One that was changed, or switched on again, has its days anew.
        failing = now if cursor.failing_since is None else cursor.failing_since
        failing = max(failing, webhook.updated_at)
        if failure.status == _GONE or now - failing >= DISABLE_AFTER:
            await self._disable(webhook, failure.reason, now)
        return False

    async def _post(self, webhook: Webhook, position: int, event: Event) -> _Failure | None:
        """Send one event; return what went wrong, or None."""
        now = self._clock.now()
        try:
            ring = await self._keys.ring()
            secrets = webhook_secrets.good_secrets(webhook, now)
            keys = tuple(webhook_secrets.derive(ring, webhook.id, one) for one in secrets)
            body = make_body(webhook, position, event)
            message_id = id_of(position, event)
            headers = (
                ("webhook-id", message_id),
                ("webhook-timestamp", str(now)),
                ("webhook-signature", webhook_secrets.sign(keys, message_id, now, body)),
            )
            wanted = Wanted(accept=(), statuses=_ANSWERS, headers=headers, json=body)
            answer = await self._sender().send(webhook.url, wanted)
        except FetchFailed as error:
            _log.info("webhook_not_taken", webhook=webhook.id, detail=error.detail)
            return _Failure(error.told)
        except NoSigningKey as error:
            return _Failure(error.message)
        if answer.status in _SUCCESS:
            return None
        return _Failure(f"status: the answer has the status {answer.status}", answer.status)

    def _pause(self, attempts: int) -> int:
        """Return how long to wait: with up to a quarter more, so that receivers can breathe."""
        pause = PAUSES[min(attempts, len(PAUSES) - 1)]
        (jitter,) = self._entropy.token_bytes(1)
        return pause + pause * jitter // 1024

    async def _disable(self, webhook: Webhook, reason: str, now: int) -> None:
        changes = {
            "state": WebhookState.DISABLED,
            "disabled_reason": reason,
            "updated_at": now,
        }
        event = Event(
            type="webhook.disabled",
            at=now,
            result=Result.FAILURE,
            reason=reason,
            actor_type="system",
            actor_id="webhooks",
            organization_id=webhook.organization_id,
            target=webhook.id,
        )
        try:
            await self._store.apply((Update(webhook, changes), Emit(event)))
        except Conflict:
            _log.info("webhook_changed_meanwhile", webhook=webhook.id)
