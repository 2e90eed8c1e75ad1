"""What clients were seen to use is kept once, with its first and its last time."""

import asyncio

from ostiary.model.sighting import Sighting, Trait
from support.records import DAY, NOW


def sighting(value="openid", at=NOW, client_id="shop-web", trait=Trait.SCOPE):
    return Sighting(
        client_id=client_id, trait=trait, value=value, first_seen_at=at, last_seen_at=at
    )


async def test_the_first_time_stays_and_the_last_one_moves_forward_alone(store):
    await store.note_sightings((sighting(),), NOW)
    await store.note_sightings((sighting(at=NOW + 60), sighting("email")), NOW + 60)
    await store.note_sightings((sighting(at=NOW + 30),), NOW + 90)
    email, openid = await store.list_sightings(("shop-web",))
    assert (openid.first_seen_at, openid.last_seen_at) == (NOW, NOW + 60)
    assert (email.value, email.last_seen_at) == ("email", NOW)


async def test_tells_since_when_somebody_looks_also_where_nothing_was_seen(store):
    assert await store.watched_since() is None
    await store.note_sightings((), NOW)
    await store.note_sightings((), NOW + DAY)
    assert await store.watched_since() == NOW
    assert await store.list_sightings(("shop-web", "")) == ()


async def test_lists_those_of_the_named_clients(store):
    await store.note_sightings([sighting(client_id=one) for one in "abc"], NOW)
    found = await store.list_sightings(("c", "a", "z"))
    assert [one.client_id for one in found] == ["a", "c"]
    assert await store.list_sightings(()) == ()


async def test_several_processes_write_the_same_at_once(store, open_another):
    stores = [store, *[await open_another() for _ in range(3)]]
    many = [sighting(f"scope-{n}") for n in range(200)]
    await asyncio.gather(
        *(
            one.note_sightings(many if turn % 2 else reversed(many), NOW + turn)
            for turn in range(3)
            for one in stores
        )
    )
    found = await store.list_sightings(("shop-web",))
    assert len(found) == 200
    assert {one.last_seen_at for one in found} == {NOW}
    assert await store.watched_since() == NOW


async def test_what_was_not_seen_for_long_goes(store):
    await store.note_sightings((sighting("old"), sighting("new", at=NOW + DAY)), NOW)
    deleted = await store.purge(NOW + 400 * DAY, batch=1)
    assert deleted["client_sightings"] == 1
    assert [one.value for one in await store.list_sightings(("shop-web",))] == ["new"]
    # Since when somebody looks is no sighting, and stays.
    assert await store.watched_since() == NOW
