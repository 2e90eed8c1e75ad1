"""Pages: each record once, whatever comes and goes in between."""

import pytest

from ostiary.model.user import User
from ostiary.oauth.effects import Insert
from support.management import World, problem


async def read_all(world: World, path: str, token: str, between=None, **query):
    """Read a list page by page; `between` is awaited after each page."""
    found, cursor = [], None
    while True:
        given = {**query, **({"cursor": cursor} if cursor else {})}
        answer = await world.call("GET", path, token, **given)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= query["limit"]
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
        if between is not None:
            await between()


async def add_users(world: World, *names: str) -> None:
    users = [User(id=name, organization_id="t1", username=name) for name in names]
    await world.store.apply(tuple(map(Insert, users)))


async def test_every_record_is_shown_once_while_others_come_and_go(world, root):
    await add_users(world, *(f"u{n:03}" for n in range(40)))
    rounds = iter(range(100))

    async def come_and_go() -> None:
        n = next(rounds)
        await add_users(world, f"a-before-{n}", f"u{n:03}-new", f"z-after-{n:03}")
        await world.call("DELETE", f"/users/u{39 - n:03}", root)

    found = await read_all(world, "/users", root, come_and_go, organization="t1", limit=7)
    ids = [one["id"] for one in found]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids)
    there_all_the_time = {f"u{n:03}" for n in range(30)}
    assert there_all_the_time <= set(ids)


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_the_last_page_has_no_cursor(world, root, limit):
    found = await read_all(world, "/organizations", root, limit=limit)
    assert [one["id"] for one in found] == ["acme", "t1", "t1-empty", "t2", "t2-empty"]


async def test_lists_in_memory_are_paged_as_well(world, root):
    for path, query in (
        ("/roles", {"project": "t1-shop"}),
        ("/keys", {}),
        ("/service-accounts/t1-robot/keys", {}),
    ):
        whole = await read_all(world, path, root, limit=200, **query)
        assert await read_all(world, path, root, limit=1, **query) == whole


@pytest.mark.parametrize("sort", ["position", "-position"])
async def test_events_go_in_both_directions(world, root, sort):
    whole = await read_all(world, "/events", root, limit=200, sort=sort)
    paged = await read_all(world, "/events", root, limit=5, sort=sort)
    assert [one["position"] for one in paged] == [one["position"] for one in whole]
    positions = [one["position"] for one in whole]
    assert positions == sorted(positions, reverse=sort == "-position")


async def test_a_cursor_belongs_to_its_list(world, root):
    page = await world.call("GET", "/projects", root, organization="t1", limit=1)
    cursor = page.json()["next_cursor"]
    assert cursor is not None
    for path, query in (
        ("/projects", {"organization": "t2"}),
        ("/projects", {}),
        ("/apis", {"organization": "t1"}),
    ):
        answer = await world.call("GET", path, root, cursor=cursor, **query)
        (error,) = problem(answer, 400, "invalid")["errors"]
        assert error["parameter"] == "cursor"


async def test_a_cursor_opens_nothing(world, root):
    """Whoever gets hold of one sees with it what they see anyway."""
    page = await world.call("GET", "/users", root, organization="t1", limit=1)
    cursor = page.json()["next_cursor"]
    stranger = await world.administrator("org_owner", "t2")
    answer = await world.call("GET", "/users", stranger, organization="t1", cursor=cursor)
    problem(answer, 404, "not_found")


async def test_ad_07_lists_show_what_one_may_see_one_by_one(world):
    owner = await world.administrator("org_owner")
    for path in ("/projects", "/applications", "/apis", "/users", "/service-accounts"):
        found = await read_all(world, path, owner, limit=200)
        assert found
        assert {one["organization"] for one in found} == {"t1"}
        for one in found:
            key = one.get("client_id") or one["id"]
            assert (await world.call("GET", f"{path}/{key}", owner)).status_code == 200
    found = await read_all(world, "/organizations", owner, limit=200)
    assert [one["id"] for one in found] == ["t1"]
    found = await read_all(world, "/events", owner, limit=200)
    assert {one["organization"] for one in found} == {"t1"}


async def test_ad_07_a_search_by_name_finds_only_ones_own(world, root):
    owner = await world.administrator("org_owner")
    answer = await world.call("GET", "/users", owner, login_name="t2-alice")
    assert answer.json()["items"] == []
    answer = await world.call("GET", "/users", root, login_name="t2-alice", organization="t1")
    assert answer.json()["items"] == []
    answer = await world.call("GET", "/users", owner, login_name="T1-Alice")
    assert [one["username"] for one in answer.json()["items"]] == ["t1-alice"]


async def test_whoever_is_in_several_organizations_names_one(world):
    bob = world.ids["t1"]["bob"]
    for t in ("t1", "t2"):
        body = {"user": bob, "role": "org_viewer", "organization": t}
        root = await world.administrator("instance_owner")
        assert (await world.call("POST", "/administrators", root, body)).status_code == 201
    token = await world.token("t1-web", bob)
    problem(await world.call("GET", "/users", token), 403, "not_allowed")
    answer = await world.call("GET", "/users", token, organization="t2")
    assert answer.status_code == 200
    found = await read_all(world, "/organizations", token, limit=1)
    assert [one["id"] for one in found] == ["t1", "t2"]
