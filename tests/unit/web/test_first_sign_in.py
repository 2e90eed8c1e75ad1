"""What is seen of an application besides its requests, and how far the API says that it is."""

import pytest

from ostiary.model.sighting import Trait
from support.instance import ISSUER
from support.management import open_world, problem

USERINFO = "/oidc/v1/userinfo"


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


async def ask(world, **fields):
    audience = fields.pop("audience", (ISSUER,))
    scopes = fields.pop("scopes", ("openid",))
    user = world.ids["t1"]["user"]
    token = await world.token("t1-web", user, scopes=scopes, audience=audience)
    return await world.http.get(USERINFO, headers={"Authorization": f"Bearer {token}"})


def endpoints(world):
    found = world.instance.idp.sightings.take(100)
    return {(one.client_id, one.value) for one in found if one.trait is Trait.ENDPOINT}


async def test_who_asks_for_userinfo_is_seen(world):
    assert (await ask(world)).status_code == 200
    assert endpoints(world) == {("t1-web", "userinfo")}


async def test_who_read_the_keys_is_known_once_it_comes_with_a_token(world):
    await world.http.get("/oauth/v2/keys")
    assert endpoints(world) == set()
    assert (await ask(world)).status_code == 200
    assert endpoints(world) == {("t1-web", "userinfo"), ("t1-web", "keys")}


async def test_what_is_refused_shows_nothing(world):
    await world.http.get("/oauth/v2/keys")
    assert (await ask(world, scopes=("profile",))).status_code == 403
    assert (await world.http.get(USERINFO)).status_code == 401
    assert endpoints(world) == set()


async def test_the_api_tells_how_far_an_application_is(world):
    token = await world.administrator("project_owner")
    answer = await world.call("GET", "/applications/t1-web/verification", token)
    found = answer.json()
    assert (found["client_id"], found["verified"], found["failures"]) == ("t1-web", False, [])
    assert all(step["title"] for step in found["steps"])


async def test_nobody_sees_how_far_the_applications_of_others_are(world):
    token = await world.administrator("project_owner", "t2")
    for what in ("verification", "quickstart"):
        problem(await world.call("GET", f"/applications/t1-web/{what}", token), 404, "not_found")


async def test_the_api_shows_the_quick_start_without_the_secret(world):
    token = await world.administrator("project_owner")
    path = "/applications/t1-web/quickstart"
    found = (await world.call("GET", path, token, stack="flask")).json()
    assert (found["stack"], found["env"]["OIDC_CLIENT_ID"]) == ("flask", "t1-web")
    assert "OIDC_CLIENT_SECRET" not in found["env"]
    assert {"id": "django", "title": "Django with mozilla-django-oidc", "tested": True} in (
        found["stacks"]
    )
    problem(await world.call("GET", path, token, stack="spa"), 400, "invalid")
    problem(await world.call("GET", path, token, stack="fastpi"), 400, "invalid")
