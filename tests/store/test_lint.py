"""Reads of lint: mends newest first, accepted findings, and whom legacy flows are still for."""

from ostiary.model.client import Legacy
from ostiary.oauth.effects import Delete, Insert, Update
from support import records
from support.records import NOW


async def test_mends_come_newest_first_and_in_pages(store):
    for name in ("a", "b", "c"):
        await store.apply((Insert(records.mend(name)),))
    await store.apply((Insert(records.mend("d", client_id="other")),))
    assert [one.id for one in await store.list_mends("shop-web", "~", NOW, 2)] == ["c", "b"]
    assert [one.id for one in await store.list_mends("shop-web", "b", NOW, 2)] == ["a"]
    mend = await store.read_mend("c")
    assert mend == records.mend("c")
    await store.apply((Update(mend, {"undone_at": NOW}),))
    assert (await store.read_mend("c")).undone_at == NOW
    assert await store.read_mend("z") is None


async def test_a_page_of_mends_is_full_though_newer_ones_expired(store):
    """Clocks that differ give a newer id an earlier end."""
    expired = {"expires_at": NOW}
    for name, fields in (("a", {}), ("b", {}), ("c", expired), ("d", expired)):
        await store.apply((Insert(records.mend(name, **fields)),))
    assert [one.id for one in await store.list_mends("shop-web", "~", NOW, 2)] == ["b", "a"]
    assert len(await store.list_mends("shop-web", "~", NOW - 1, 9)) == 4


async def test_a_finding_is_accepted_once_and_its_reason_changes(store):
    one = records.silence(target="https://app.test/cb")
    await store.apply((Insert(one), Insert(records.silence("other"))))
    assert await store.list_silences(("shop-web",)) == (one,)
    assert len(await store.list_silences(("shop-web", "other"))) == 2
    await store.apply((Update(one, {"reason": "Another."}),))
    found = await store.read_silence("shop-web", one.rule, one.target)
    assert (found.reason, found.version) == ("Another.", 2)
    await store.apply((Delete(type(one), ("shop-web", one.rule, one.target)),))
    assert await store.list_silences(("shop-web",)) == ()


async def test_applications_with_an_opt_in_are_listed_by_place(store):
    old = {"legacy": Legacy(reason="A portal."), "uses_legacy": True, "project_id": "shop"}
    for name in ("portal-a", "portal-b"):
        await store.apply((Insert(records.client(name, **old)),))
    found = await store.list_legacy_clients(None, None, "", 9)
    assert [one.client_id for one in found] == ["portal-a", "portal-b"]
    assert [one.client_id for one in await store.list_legacy_clients("acme", "shop", "", 1)] == [
        "portal-a"
    ]
    after = await store.list_legacy_clients("acme", "shop", "portal-a", 9)
    assert [one.client_id for one in after] == ["portal-b"]
    assert await store.list_legacy_clients("elsewhere", None, "", 9) == ()
