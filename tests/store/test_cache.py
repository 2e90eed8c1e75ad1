"""Configuration is remembered, and never older than a second; on SQLite not at all."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ostiary.model.client import ClientState
from ostiary.model.organization import RoleAssignment
from ostiary.oauth.effects import (
    Conflict,
    Delete,
    Effect,
    Emit,
    Insert,
    Update,
)
from ostiary.store.cache import Cache
from support import records


async def seen(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that another process must come to see by itself."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - another process does not tell
            await asyncio.sleep(0.02)


CONFIGURATION: dict[str, Effect] = {
    "organization": Insert(records.organization("other")),
    "project": Insert(records.project("other")),
    "api": Insert(records.api()),
    "client": Insert(records.client("other")),
    "role assignment": Insert(records.role_assignment()),
    "signing key": Insert(records.signing_key()),
    "instance key": Insert(records.instance_key()),
    "update": Update(records.client(), {"client_name": "Other"}),
    "delete": Delete(RoleAssignment, "nothing"),
}


@pytest.mark.parametrize("effect", CONFIGURATION.values(), ids=CONFIGURATION)
async def test_a_change_of_configuration_raises_the_version(store, effect):
    before = await store.revalidate()
    await store.apply((effect,))
    assert await store.revalidate() > before
    assert store.version == await store.revalidate()


async def test_anything_else_does_not(store):
    before = await store.revalidate()
    await store.apply((*records.sign_in(), Insert(records.user("bob")), Emit(records.event())))
    await store.apply((Update(records.user(), {"username": "alicia"}),))
    assert await store.revalidate() == before


async def test_a_step_that_lost_does_not(store):
    before = await store.revalidate()
    with pytest.raises(Conflict):
        await store.apply((Update(records.client(version=7), {"client_name": "Other"}),))
    assert await store.revalidate() == before


async def test_ones_own_changes_are_seen_at_once(store):
    client = await store.client("shop-web")
    for n in range(20):
        await store.apply((Update(client, {"client_name": f"Shop {n}"}),))
        client = await store.client("shop-web")
        assert client.client_name == f"Shop {n}"


async def test_changes_of_others_are_seen_by_everyone(store, open_another):
    other = await open_another()
    client = await other.client("shop-web")
    before = await other.revalidate()
    await store.apply((Update(client, {"state": ClientState.INACTIVE}),))
    await seen(lambda: _moved(other, before))
    assert (await other.client("shop-web")).state is ClientState.INACTIVE


async def _moved(store, before) -> bool:
    return await store.revalidate() > before


async def test_all_kinds_of_configuration_are_forgotten_together(store, open_another):
    other = await open_another()
    before = await other.revalidate()
    assert await other.signing_keys() == ()
    assert await other.instance_keys() == ()
    assert await other.apis("acme") == ()
    assert await other.organization("acme") is not None
    assert await other.project("shop") is not None
    await other.policies("acme")
    configuration = await other.configuration()
    organization = records.organization()
    await store.apply(
        (
            Insert(records.signing_key()),
            Insert(records.instance_key()),
            Insert(records.api()),
            Update(organization, {"name": "Other"}),
            Update(records.project(), {"name": "Other"}),
            Update(configuration, {"policies": {"token_lifetimes": {"code": 20}}}),
        )
    )
    await seen(lambda: _moved(other, before))
    assert len(await other.signing_keys()) == 1
    assert len(await other.instance_keys()) == 1
    assert len(await other.apis("acme")) == 1
    assert (await other.organization("acme")).name == "Other"
    assert (await other.project("shop")).name == "Other"
    assert (await other.policies("acme")).token_lifetimes.code == 20
    assert (await other.configuration()).version == 2


async def test_who_lost_a_race_for_configuration_decides_again_on_fresh_facts(store, open_another):
    other = await open_another()
    stale = await other.client("shop-web")
    await store.apply((Update(stale, {"client_name": "First"}),))
    with pytest.raises(Conflict):
        await other.apply((Update(stale, {"client_name": "Second"}),))
    assert (await other.client("shop-web")).client_name == "First"


async def test_what_does_not_exist_is_not_remembered(store):
    assert await store.client("later") is None
    await store.apply((Insert(records.client("later")),))
    assert await store.client("later") is not None


async def test_what_is_remembered_is_not_read_again(store):
    first = await store.client("shop-web")
    assert await store.client("shop-web") is first


class TestCache:
    """The cache itself."""

    def test_holds_a_value_for_one_version(self):
        cache = Cache()
        assert cache.get(1, "a") is None
        cache.put(1, "a", "value")
        assert cache.get(1, "a") == "value"
        assert cache.get(2, "a") is None
        assert cache.get(1, "a") is None

    def test_keeps_nothing_that_was_read_under_an_older_version(self):
        cache = Cache()
        cache.get(1, "a")
        cache.get(2, "a")
        cache.put(1, "a", "old")
        assert cache.get(2, "a") is None

    def test_forgets_the_longest_unused(self):
        cache = Cache(capacity=3)
        cache.get(1, "a")
        for key in "abc":
            cache.put(1, key, key)
        assert cache.get(1, "a") == "a"
        cache.put(1, "d", "d")
        assert [cache.get(1, key) for key in "abcd"] == ["a", None, "c", "d"]

    def test_is_bounded(self):
        cache = Cache(capacity=5)
        cache.get(1, 0)
        for n in range(100):
            cache.put(1, n, n)
        assert len(cache) == 5
