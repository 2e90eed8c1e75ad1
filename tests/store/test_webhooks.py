"""Telling webhooks of the audit trail: each event at least once, in order, verifiably (R-17)."""

import asyncio
import os
import signal
import sys

import msgspec
import pytest

from ostiary.jobs import webhooks as jobs
from ostiary.model.webhook import WebhookSecret, WebhookState
from ostiary.oauth.effects import Emit, Insert, Update
from ostiary.store.reads.webhooks import DeliveryState
from support import records
from support.webhooks import (
    SECRET,
    Later,
    make_webhook,
    receiver,
    secret_of,
    tell,
    teller,
)

DAY = 86400


def happen(*types: str, **fields: object):
    """Return effects that tell of something."""
    at = Later().now()
    return tuple(Emit(records.event(type_, at=at, **fields)) for type_ in types)


async def test_events_come_in_order_and_signed(store):
    """Each request is verified by another implementation of the published algorithm."""
    async with receiver(secret_of("siem")) as there:
        there.answer_all()
        await store.apply((Insert(make_webhook("siem", there.url)),))
        await store.apply(happen("account.created", "token.issued", "account.updated"))
        await tell(store)
        first, second = await there.take(), await there.take()
    assert [one["body"]["type"] for one in (first, second)] == [
        "account.created",
        "account.updated",
    ]
    assert first["good"]
    assert second["good"]
    assert first["type"] == "application/json"
    assert first["id"] != second["id"]
    assert [one.state for one in await store.list_deliveries("siem", None, None, 9)] == [
        DeliveryState.DELIVERED
    ] * 2
    cursor = await store.webhook_cursor("siem")
    assert cursor.position == await store.settled_position()


async def test_both_secrets_are_good_while_they_overlap(store):
    now = Later().now()
    old = msgspec.structs.replace(SECRET, expires_at=now + 60)
    new = WebhookSecret(number=2, key_version=1, created_at=now)
    gone = WebhookSecret(number=3, key_version=1, created_at=now, expires_at=now - 1)
    for secret, good in ((old, True), (new, True), (gone, False)):
        id_ = f"hook-{secret.number}"
        async with receiver(secret_of(id_, secret)) as there:
            there.answer_all()
            hook = make_webhook(id_, there.url, secrets=(gone, old, new))
            await store.apply((Insert(hook), *happen("account.created")))
            await tell(store)
            assert (await there.take())["good"] is good
        await store.apply((Update(hook, {"state": WebhookState.DELETED}),))


async def test_what_is_sent_is_minimised_lx_07(store):
    """LX-07: what may be about a person leaves only where the webhook says so."""
    told = {
        "actor_type": "operator",
        "actor_id": "alice.adams",
        "user_agent": "Firefox of Alice",
        "details": {"changed": ["email"], "received": "alice@acme.test"},
    }
    bodies = {}
    for personal in (False, True):
        id_ = f"hook-{personal}"
        async with receiver(secret_of(id_)) as there:
            there.answer_all()
            start = await store.settled_position()
            hook = make_webhook(id_, there.url, personal_data=personal, start=start)
            await store.apply((Insert(hook), *happen("account.updated", **told)))
            await tell(store)
            bodies[personal] = (await there.take())["body"]["data"]
        await store.apply((Update(hook, {"state": WebhookState.DELETED}),))
    minimised = bodies[False]
    assert minimised["actor"] == {"type": "operator"}
    assert minimised["details"] == {"changed": ["email"]}
    assert not {"ip", "user_agent"} & set(minimised)
    assert "alice" not in str(minimised).lower()
    assert bodies[True]["details"]["received"] == "alice@acme.test"
    assert bodies[True]["ip"] == "192.0.2.1"


async def test_only_what_is_wanted_is_sent(store):
    async with receiver(secret_of("hook")) as there:
        there.answer_all()
        fields = {"events": ("auth.*", "token.issued"), "organization_id": "acme"}
        await store.apply((Insert(make_webhook("hook", there.url, **fields)),))
        await store.apply(happen("auth.logout", organization_id="other"))
        await store.apply(happen("account.created", "token.issued", organization_id="acme"))
        await tell(store)
        assert (await there.take())["body"]["type"] == "token.issued"
    assert len(await store.list_deliveries("hook", None, None, 9)) == 1


async def test_a_receiver_that_was_down_gets_everything_later(store):
    async with receiver(secret_of("hook")) as there:
        there.answer(503)
        await store.apply((Insert(make_webhook("hook", there.url)),))
        await store.apply(happen("account.created", "account.updated"))
        await tell(store)
        failed = await there.take()
        waiting = await store.list_deliveries("hook", DeliveryState.WAITING, None, 9)
        assert [one.attempts for one in waiting] == [1]
        assert "503" in waiting[0].last_error
        await tell(store)  # not before its time
        there.answer_all()
        await tell(store, Later(20))
        again, second = await there.take(), await there.take()
    assert again["id"] == failed["id"]
    assert second["body"]["type"] == "account.updated"
    assert (await store.webhook_cursor("hook")).failing_since is None
    delivered = await store.list_deliveries("hook", DeliveryState.DELIVERED, None, 9)
    assert [one.attempts for one in delivered] == [1, 2]


async def test_who_is_killed_between_sending_and_noting_sends_again(store, url):
    """The process is killed while the receiver has the request: it comes again, as the same."""
    async with receiver(secret_of("hook")) as there:
        await store.apply((Insert(make_webhook("hook", there.url)), *happen("account.created")))
        command = (sys.executable, "-m", "support.webhooks", url)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        child = await asyncio.create_subprocess_exec(*command, env=environment)
        first = await there.take()
        child.send_signal(signal.SIGKILL)
        await child.wait()
        there.answer_all()
        await tell(store)  # the lease of the dead is good still
        assert await store.list_deliveries("hook", DeliveryState.DELIVERED, None, 9) == ()
        await tell(store, Later(jobs.LEASE + 1))
        second = await there.take()
    assert second["id"] == first["id"]
    assert second["good"]


async def test_replay_sends_again_under_the_same_ids(store):
    async with receiver(secret_of("hook")) as there:
        there.answer_all()
        await store.apply((Insert(make_webhook("hook", there.url)),))
        await store.apply(happen("account.created", "account.updated", "account.deleted"))
        async with teller(store) as sending:
            await sending.run()
            await sending.finish()
            before = [(await there.take())["id"] for _ in range(3)]
            (position, *_) = [
                one.position for one in await store.list_deliveries("hook", None, None, 9)
            ][1:]
            await store.move_webhook("hook", position - 1)
            await sending.run()
            await sending.finish()
            after = [(await there.take())["id"] for _ in range(2)]
    assert after == before[1:]


async def test_an_event_that_is_not_taken_is_given_up(store):
    """What a receiver refuses holds up the rest for some attempts only."""
    async with receiver(secret_of("hook")) as there:
        there.answer(*[422] * 5)
        await store.apply((Insert(make_webhook("hook", there.url)),))
        await store.apply(happen("account.created", "account.updated"))
        for attempt in range(5):
            await tell(store, Later(attempt * 4000))
            assert (await there.take())["body"]["type"] == "account.created"
        there.answer_all()
        await tell(store, Later(5 * 4000))
        assert (await there.take())["body"]["type"] == "account.updated"
    (given_up,) = await store.list_deliveries("hook", DeliveryState.GIVEN_UP, None, 9)
    assert given_up.attempts == 5


async def test_an_event_is_given_up_after_a_day_and_the_webhook_switched_off_after_days(store):
    hook = make_webhook("hook", "http://127.0.0.1:1/nobody")
    await store.apply((Insert(hook), *happen("account.created", "account.updated")))
    for days in (0, 1.1, 1.2, 3.1):
        await tell(store, Later(int(days * DAY)))
    given_up = await store.list_deliveries("hook", DeliveryState.GIVEN_UP, None, 9)
    assert {one.type for one in given_up} == {"account.created", "account.updated"}
    stored = await store.read_webhook("hook")
    assert stored.state is WebhookState.DISABLED
    assert stored.disabled_reason
    (event,) = await store.list_events(("webhook.disabled",), None, 9)
    assert event[1].target == "hook"
    # Switched on again it goes on where it was, with its days anew.
    now = Later(int(3.1 * DAY)).now()
    await store.apply((Update(stored, {"state": WebhookState.ACTIVE, "updated_at": now}),))
    await store.resume_webhook("hook")
    await tell(store, Later(int(3.2 * DAY)))
    assert (await store.read_webhook("hook")).state is WebhookState.ACTIVE


async def test_a_receiver_that_is_gone_is_switched_off_at_once(store):
    async with receiver(secret_of("hook")) as there:
        there.answer(410)
        await store.apply((Insert(make_webhook("hook", there.url)), *happen("account.created")))
        await tell(store)
        await there.take()
    assert (await store.read_webhook("hook")).state is WebhookState.DISABLED


async def test_two_that_send_at_the_same_time_send_once(store, open_another):
    other = await open_another()
    async with receiver(secret_of("hook")) as there:
        there.answer_all()
        await store.apply((Insert(make_webhook("hook", there.url)),))
        await store.apply(happen(*["account.created"] * 5))
        await asyncio.gather(tell(store), tell(other))
        await tell(store)
        ids = [(await there.take())["id"] for _ in range(5)]
    assert len(set(ids)) == 5
    attempts = [one.attempts for one in await store.list_deliveries("hook", None, None, 9)]
    assert attempts == [1] * 5


@pytest.mark.parametrize("address", ["https://169.254.169.254/x", "https://10.0.0.1/x"])
async def test_inner_addresses_are_not_sent_to_ss_01(store, address):
    """SS-01: what was saved otherwise is refused when it is sent to."""
    await store.apply((Insert(make_webhook("hook", address)), *happen("account.created")))
    await tell(store)
    (waiting,) = await store.list_deliveries("hook", DeliveryState.WAITING, None, 9)
    assert waiting.last_error.startswith("refused")


async def test_deliveries_are_kept_for_a_month(store, clock):
    await store.note_delivery("hook", (1, "a"), DeliveryState.DELIVERED, clock.now() - 31 * DAY)
    await store.note_delivery("hook", (2, "b"), DeliveryState.DELIVERED, clock.now() - 29 * DAY)
    assert (await store.purge(clock.now()))["webhook_deliveries"] == 1
    assert [one.position for one in await store.list_deliveries("hook", None, None, 9)] == [2]
