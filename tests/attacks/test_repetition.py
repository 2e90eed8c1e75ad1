"""Preconditions and repeated requests of the management API against whoever bends them (AD)."""

import asyncio

import pytest

from support.management import open_world, problem


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


async def test_ad_02_a_deletion_that_was_decided_on_an_old_version_ends_nothing(world):
    """What goes before the last step of it is as conditional as the last one."""
    root = await world.administrator("instance_owner")
    ids = world.ids["t1"]
    path = f"/users/{ids['user']}"
    seen = (await world.call("GET", path, root)).headers["ETag"]
    anyway = {"If-Match": "*"}
    await world.call("PATCH", path, root, {"profile": {"nickname": "Al"}}, anyway)
    answer = await world.call("DELETE", path, root, headers={"If-Match": seen})
    problem(answer, 412, "precondition_failed")
    grant = await world.store.read_grant(ids["grant"])
    session = await world.store.read_session(ids["session"])
    assert (grant.revoked_at, session.revoked_at) == (None, None)
    seen = (await world.call("GET", path, root)).headers["ETag"]
    answer = await world.call("DELETE", path, root, headers={"If-Match": seen})
    assert answer.status_code == 204
    assert (await world.store.read_grant(ids["grant"])).revoked_at is not None


async def test_ad_02_of_two_changes_of_one_version_one_is_made(world):
    root = await world.administrator("instance_owner")
    path = f"/users/{world.ids['t1']['user']}"
    seen = {"If-Match": (await world.call("GET", path, root)).headers["ETag"]}
    answers = await asyncio.gather(
        *(
            world.call("PATCH", path, root, {"profile": {"nickname": f"Al{n}"}}, seen)
            for n in range(8)
        )
    )
    made = [one for one in answers if one.status_code == 200]
    assert len(made) == 1
    for one in answers:
        if one is not made[0]:
            problem(one, 412, "precondition_failed")
    assert (await world.call("GET", path, root)).json()["profile"] == made[0].json()["profile"]
