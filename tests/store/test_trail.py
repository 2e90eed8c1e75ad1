"""The audit trail and the outbox."""

import pytest

from ostiary.model.event import Result
from ostiary.oauth.effects import Emit, Enqueue
from ostiary.store import EventFilter
from support import records
from support.records import NOW


class TestEvents:
    """Events are read in either direction, by pages and filters."""

    async def test_come_back_as_they_were(self, store):
        full = records.event(
            "auth.login.failure",
            result=Result.FAILURE,
            reason="password",
            actor_type="user",
            actor_id="alice",
            user_id="alice",
            organization_id="acme",
            session_id="session",
            grant_id="grant",
            details={"changed": ["a"], "nested": {"x": None}},
        )
        await store.apply((Emit(full), Emit(records.event())))
        (_, first), (_, second) = await store.events()
        assert (first, second) == (full, records.event())

    async def test_are_paged_forwards(self, store):
        await store.apply(tuple(Emit(records.event(f"e{n}")) for n in range(7)))
        seen: list[str] = []
        after = 0
        while page := await store.events(after, 3):
            seen += [event.type for _, event in page]
            after = page[-1][0]
        assert seen == [f"e{n}" for n in range(7)]

    async def test_are_paged_backwards(self, store):
        await store.apply(tuple(Emit(records.event(f"e{n}")) for n in range(7)))
        seen: list[str] = []
        before = None
        while page := await store.list_events((), before, 3):
            seen += [event.type for _, event in page]
            before = page[-1][0]
        assert seen == [f"e{n}" for n in reversed(range(7))]

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (EventFilter(types=("a", "b")), "ab"),
            (EventFilter(types=("nothing",)), ""),
            (EventFilter(user_id="alice"), "a"),
            (EventFilter(client_id="other"), "b"),
            (EventFilter(organization_id="acme"), "c"),
            (EventFilter(session_id="session"), "d"),
            (EventFilter(since=NOW + 2), "cd"),
            (EventFilter(before=NOW + 2), "ab"),
            (EventFilter(types=("a", "d"), since=NOW + 1), "d"),
            (EventFilter(), "abcd"),
        ],
    )
    async def test_are_filtered(self, store, wanted, expected):
        await store.apply(
            (
                Emit(records.event("a", user_id="alice")),
                Emit(records.event("b", at=NOW + 1, client_id="other")),
                Emit(records.event("c", at=NOW + 2, organization_id="acme")),
                Emit(records.event("d", at=NOW + 3, session_id="session")),
            )
        )
        forwards = await store.events(filters=wanted)
        assert "".join(event.type for _, event in forwards) == expected
        backwards = await store.list_events(wanted.types, None, 10, wanted)
        assert backwards == forwards[::-1]


class TestOutbox:
    """Messages are delivered at least once, and by one at a time."""

    async def test_gives_what_is_due_in_order(self, store):
        for n, at in enumerate((NOW, NOW + 5, NOW)):
            await store.apply((Enqueue("mail", {"n": n}, at),))
        found = await store.claim_messages(NOW, 10, 60)
        assert [(m.payload["n"], m.attempts, m.created_at) for m in found] == [
            (0, 1, NOW),
            (2, 1, NOW),
        ]

    async def test_gives_a_message_to_one_at_a_time(self, store, open_another):
        other = await open_another()
        for n in range(6):
            await store.apply((Enqueue("mail", {"n": n}, NOW),))
        mine = await store.claim_messages(NOW, 4, 60)
        theirs = await other.claim_messages(NOW, 4, 60)
        assert sorted(m.payload["n"] for m in (*mine, *theirs)) == list(range(6))
        assert await other.claim_messages(NOW + 59, 4, 60) == ()

    async def test_gives_a_message_again_when_its_lease_ends(self, store):
        await store.apply((Enqueue("mail", {}, NOW),))
        (first,) = await store.claim_messages(NOW, 1, 60)
        (again,) = await store.claim_messages(NOW + 60, 1, 60)
        assert (again.id, again.attempts) == (first.id, 2)

    async def test_forgets_what_was_delivered(self, store):
        await store.apply((Enqueue("mail", {}, NOW),))
        (message,) = await store.claim_messages(NOW, 1, 60)
        for _ in range(2):
            await store.acknowledge_message(message)
        assert (await store.counts())["outbox"] == 0

    async def test_puts_off_what_failed(self, store):
        await store.apply((Enqueue("mail", {}, NOW),))
        (message,) = await store.claim_messages(NOW, 1, 60)
        await store.postpone_message(message, NOW + 30, "refused")
        assert await store.claim_messages(NOW + 29, 1, 60) == ()
        assert len(await store.claim_messages(NOW + 30, 1, 60)) == 1

    async def test_notes_whatever_a_receiver_answered(self, store):
        await store.apply((Enqueue("webhook", {}, NOW),))
        (message,) = await store.claim_messages(NOW, 1, 60)
        await store.postpone_message(message, NOW + 30, "500 \x00\ud800" + "x" * 10_000)
        assert len(await store.claim_messages(NOW + 30, 1, 60)) == 1

    async def test_lets_only_the_holder_put_off(self, store):
        await store.apply((Enqueue("mail", {}, NOW),))
        (late,) = await store.claim_messages(NOW, 1, 60)
        await store.claim_messages(NOW + 60, 1, 60)
        await store.postpone_message(late, NOW + 61, "slow")
        assert await store.claim_messages(NOW + 61, 1, 60) == ()

    async def test_never_gives_an_id_twice(self, store):
        ids = []
        for _ in range(3):
            await store.apply((Enqueue("mail", {}, NOW),))
            (message,) = await store.claim_messages(NOW, 1, 60)
            await store.acknowledge_message(message)
            ids.append(message.id)
        assert len(set(ids)) == 3


async def test_times_are_found_among_many_positions(store):
    """Bounds of time become bounds of positions, whatever the order of commits within a minute."""
    moments = [NOW + 60 * n + (30 if n % 3 == 0 else 0) for n in range(40)]
    for at in moments:
        await store.apply((Emit(records.event("key.rotated", at=at)),))
    for since, before in ((None, NOW + 600), (NOW + 600, None), (NOW + 300, NOW + 900), (0, 1)):
        wanted = EventFilter(since=since, before=before)
        expected = [
            at
            for at in moments
            if (since is None or at >= since) and (before is None or at < before)
        ]
        forwards = [one.at for _, one in await store.events(filters=wanted)]
        backwards = [one.at for _, one in await store.list_events((), None, 100, wanted)]
        assert forwards == expected
        assert backwards == expected[::-1]
        one_type = await store.list_events(("key.rotated",), None, 100, wanted)
        assert [one.at for _, one in one_type] == expected[::-1]
