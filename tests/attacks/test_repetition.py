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


KEY = {"Idempotency-Key": "0d6f5c8e-3b55-4b5e-9d6d-2f6f1d0f7a11"}


async def test_ad_02_one_request_that_is_sent_many_times_at_once_is_done_once(world):
    """And everybody gets the same secret: that of the one client there is."""
    root = await world.administrator("instance_owner")
    before = await world.call("GET", "/applications", root, project="t1-shop")
    body = {"project": "t1-shop", "redirect_uris": ["https://new.test/"]}
    answers = await asyncio.gather(
        *(world.call("POST", "/applications", root, body, KEY) for _ in range(8))
    )
    kept = [one for one in answers if one.status_code == 201]
    assert len({one.content for one in kept}) == 1
    for one in answers:
        if one not in kept:
            problem(one, 409, "conflict")
    listed = await world.call("GET", "/applications", root, project="t1-shop")
    assert len(listed.json()["items"]) == len(before.json()["items"]) + 1
    again = await world.call("POST", "/applications", root, body, KEY)
    assert (again.status_code, again.content) == (201, kept[0].content)


async def test_ad_02_one_key_with_several_bodies_at_once_does_one_of_them(world):
    root = await world.administrator("instance_owner")
    names = [f"new-{n}" for n in range(8)]
    answers = await asyncio.gather(
        *(
            world.call("POST", "/users", root, {"organization": "t1", "username": name}, KEY)
            for name in names
        )
    )
    made = [one.json()["username"] for one in answers if one.status_code == 201]
    for one in answers:
        if one.status_code != 201:
            problem(one, 409, "conflict")
    assert len(made) == 1
    listed = await world.call("GET", "/users", root, organization="t1")
    assert [one["username"] for one in listed.json()["items"] if one["username"] in names] == made


async def test_lx_01_a_kept_answer_shows_its_secret_to_nobody_who_has_the_database(world, tmp_path):
    root = await world.administrator("instance_owner")
    body = {"project": "t1-shop", "client_id": "new", "redirect_uris": ["https://new.test/"]}
    answer = await world.call("POST", "/applications", root, body, KEY)
    secret = answer.json()["client_secret"]
    stored = b"".join(one.read_bytes() for one in tmp_path.glob("*.db*"))
    assert b"new.test" in stored
    for hidden in (secret, KEY["Idempotency-Key"]):
        assert hidden.encode() not in stored
