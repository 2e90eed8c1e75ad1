"""The same request again, under the same key: the same answer, and nothing done twice."""

import pytest

from support.management import problem

KEY = {"Idempotency-Key": "0d6f5c8e-3b55-4b5e-9d6d-2f6f1d0f7a11"}
BODY = {"organization": "t1", "username": "carol"}


async def test_the_answer_is_repeated_with_its_secret(world, root):
    body = {"project": "t1-shop", "client_id": "new", "redirect_uris": ["https://new.test/"]}
    first = await world.call("POST", "/applications", root, body, KEY)
    again = await world.call("POST", "/applications", root, body, KEY)
    assert first.status_code == again.status_code == 201
    assert first.json()["client_secret"].startswith("ost_cs_")
    assert again.content == first.content
    for name in ("etag", "location"):
        assert again.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    events = await world.instance.events("client.created")
    assert [event.client_id for event in events].count("new") == 1


async def test_another_body_is_a_conflict(world, root):
    await world.call("POST", "/users", root, BODY, KEY)
    answer = await world.call("POST", "/users", root, {**BODY, "username": "dave"}, KEY)
    problem(answer, 409, "conflict")


async def test_a_key_is_the_callers_own_and_the_paths(world, root):
    assert (await world.call("POST", "/users", root, BODY, KEY)).status_code == 201
    other = await world.administrator("instance_owner")
    problem(await world.call("POST", "/users", other, BODY, KEY), 409, "conflict")
    answer = await world.call("POST", "/organizations", root, {"id": "new"}, KEY)
    assert answer.status_code == 201


async def test_a_kept_answer_is_no_way_around_a_lost_role(world, root):
    owner = await world.administrator("org_owner")
    assert (await world.call("POST", "/users", owner, BODY, KEY)).status_code == 201
    found = await world.call("GET", "/administrators", root, organization="t1")
    for one in found.json()["items"]:
        await world.call("DELETE", f"/administrators/{one['id']}", root)
    problem(await world.call("POST", "/users", owner, BODY, KEY), 403, "not_allowed")


async def test_what_was_refused_may_be_tried_again(world, root):
    problem(await world.call("POST", "/users", root, {**BODY, "username": ""}, KEY), 400, "invalid")
    assert (await world.call("POST", "/users", root, BODY, KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ü"])
async def test_a_key_is_printable(world, root, key):
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = await world.call("POST", "/users", root, BODY, headers)
    (error,) = problem(answer, 400, "invalid")["errors"]
    assert error["header"] == "Idempotency-Key"


async def test_rotation_of_keys_takes_none(world, root):
    answer = await world.call("POST", "/keys", root, {"alg": "ES256"}, KEY)
    (error,) = problem(answer, 400, "invalid")["errors"]
    assert error["header"] == "Idempotency-Key"
