"""What has expired goes; what is still needed stays."""

import pytest

from ostiary.model.policy import Retention
from ostiary.model.ticket import Purpose
from ostiary.oauth.effects import Conflict, Count, Emit, Insert, Remember
from support import records
from support.records import DAY, NOW, digest

FAR = NOW + 100 * DAY


async def test_of_nothing_is_nothing(store):
    assert set((await store.purge(NOW)).values()) == {0}


async def test_keeps_what_has_not_expired(store):
    await store.apply((*records.sign_in(), Insert(records.code()), Insert(records.family())))
    await store.apply((Insert(records.access_token()), Insert(records.interaction())))
    await store.apply((Insert(records.pushed_request(expires_at=NOW + 60)),))
    await store.apply((Insert(records.setup_token()), Count("key", 9, 60, NOW)))
    await store.apply((Remember("s", b"v", NOW + 60), Emit(records.event())))
    before = await store.counts()
    assert set((await store.purge(NOW + 59)).values()) == {0}
    assert await store.counts() == before


async def test_deletes_whatever_has_expired_in_batches(store):
    await store.apply(records.sign_in())
    for n in range(23):
        await store.apply(
            (
                Insert(records.code(f"c{n}")),
                Insert(records.access_token(f"t{n}")),
                Insert(records.family(f"f{n}".encode())),
                Insert(records.interaction(f"i{n}")),
                Insert(records.pushed_request(f"p{n}")),
                Insert(records.device_code(f"d{n}")),
                Insert(records.setup_token(f"s{n}")),
                Insert(records.trusted_device(f"d{n}")),
                Insert(records.mend(f"m{n}")),
                Insert(records.ticket(f"t{n}")),
                Insert(records.kept_answer(f"a{n}")),
                Insert(records.registration_token(f"r{n}")),
                Insert(records.personal_token(f"pt{n}")),
                Insert(records.grant(f"g{n}")),
                Insert(records.session(f"s{n}")),
                Insert(records.browser(f"b{n}")),
                Insert(records.trace(f"trace{n}")),
                Count(f"k{n}", 9, 60, NOW),
                Remember("s", bytes([n]), NOW + 60),
            )
        )
    deleted = await store.purge(FAR, batch=5)
    assert deleted == {
        "authorization_codes": 23,
        "access_tokens": 23,
        "refresh_families": 23,
        "interactions": 23,
        "pushed_requests": 23,
        "device_codes": 23,
        "kept_answers": 23,
        "setup_tokens": 23,
        "trusted_devices": 23,
        "tickets": 23,
        "registration_tokens": 23,
        "personal_tokens": 23,
        "counters": 23,
        "burnt_values": 23,
        "grants": 24,
        "sessions": 24,
        "browsers": 24,
        "outbox": 0,
        "webhook_deliveries": 0,
        "traces": 23,
        "client_sightings": 0,
        "mends": 23,
        "events": 0,
    }
    left = await store.counts()
    assert {name for name, count in left.items() if count} == {
        *("organizations", "projects", "clients", "configuration", "users", "login_names")
    }


async def test_deletes_many_that_expired_in_the_same_second(store):
    inserts = tuple(Insert(records.access_token(f"t{n}")) for n in range(60))
    await store.apply(inserts)
    assert (await store.purge(NOW + 300, batch=7))["access_tokens"] == 60


async def test_keeps_a_session_that_an_offline_grant_rests_on(store):
    await store.apply(records.sign_in())
    for n in range(7):
        await store.apply((Insert(records.session(f"s{n}")),))
    deleted = await store.purge(NOW + 10 * DAY, batch=2)
    assert (deleted["sessions"], deleted["browsers"], deleted["grants"]) == (7, 0, 0)
    assert (await store.standing("grant")).session.id == "session"


async def test_keeps_a_code_for_a_day_to_know_its_replay(store):
    await store.apply((*records.sign_in(), Insert(records.code())))
    await store.purge(NOW + DAY)
    assert await store.code(digest("code")) is not None
    await store.purge(NOW + 60 + DAY)
    assert await store.code(digest("code")) is None


async def test_keeps_a_burnt_value_past_its_time(store):
    await store.apply((Remember("s", b"v", NOW),))
    await store.purge(NOW + 59)
    with pytest.raises(Conflict):
        await store.apply((Remember("s", b"v", NOW),))


class TestEvents:
    """Everyday issuance goes after a month, everything else after more than a year."""

    @staticmethod
    async def fill(store) -> None:
        for n in range(30):
            type_ = "token.issued" if n % 3 else "token.reuse_detected"
            await store.apply((Emit(records.event(type_, at=NOW + n * DAY)),))

    async def types(self, store) -> list[str]:
        return [event.type for _, event in await store.events()]

    async def test_of_issuance_go_first(self, store):
        await self.fill(store)
        now = NOW + 14 * DAY + Retention().issuance_events
        for expected in (10, 0):
            assert (await store.purge(now, batch=4))["events"] == expected
        left = await store.events()
        assert next(e.at for _, e in left if e.type == "token.issued") == NOW + 16 * DAY
        assert [e.type for _, e in left].count("token.reuse_detected") == 10

    async def test_go_on_where_the_last_purge_ended(self, store):
        await self.fill(store)
        total = 0
        for day in range(40):
            now = NOW + day * DAY + Retention().issuance_events
            total += (await store.purge(now, batch=3))["events"]
        # The very last event is kept for its position.
        assert total == 19
        assert await self.types(store) == ["token.reuse_detected"] * 10 + ["token.issued"]

    async def test_all_go_in_the_end_but_the_last(self, store):
        await self.fill(store)
        ((last, _),) = await store.list_events((), None, 1)
        assert (await store.purge(NOW + 900 * DAY, batch=4))["events"] == 29
        await store.apply((Emit(records.event("next")),))
        ((position, event),) = await store.list_events((), None, 1)
        assert (position > last, event.type) == (True, "next")


async def test_an_invitation_that_was_not_taken_up_is_seen_for_a_month(store):
    kept = records.ticket("kept", purpose=Purpose.INVITATION)
    await store.apply((Insert(kept), Insert(records.ticket("gone"))))
    assert (await store.purge(NOW + 900))["tickets"] == 1
    assert await store.ticket_by_id("kept") == kept
    assert (await store.purge(NOW + 899 + 30 * DAY))["tickets"] == 0
    assert (await store.purge(NOW + 900 + 30 * DAY))["tickets"] == 1
