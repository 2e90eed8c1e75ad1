"""The management API against the attacks of its class (AD, DO, LX)."""

import difflib
import json
import logging
from typing import Any

import pytest

from ostiary.oauth import management
from ostiary.web.api.resources import TABLE
from support.management import SECRET, World, open_world, problem

MARKUP = (
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "</textarea><svg onload=alert(1)>",
    "{{ 7*7 }}${7*7}",
    "=cmd|' /C calc'!A0",
)


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def root(world: World) -> str:
    return await world.administrator("instance_owner")


@pytest.mark.parametrize("text", MARKUP)
async def test_ad_14_what_people_are_called_is_data(world, root, text):
    """It comes back as it was given, as JSON that no browser takes for a page."""
    for path, body, member in (
        ("/organizations", {"id": "xss", "name": text}, "name"),
        ("/projects", {"organization": "t1", "id": "xss", "name": text}, "name"),
        ("/roles", {"project": "t1-shop", "key": "xss", "name": text}, "name"),
        (
            "/users",
            {"organization": "t1", "username": "xss", "profile": {"name": text}},
            "profile",
        ),
    ):
        answer = await world.call("POST", path, root, body)
        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        shown = answer.json()[member]
        assert (shown["name"] if isinstance(shown, dict) else shown) == text
    # The page of the documentation holds nothing of what is stored.
    page = await world.http.get("/api/docs")
    assert text not in page.text


@pytest.mark.parametrize("text", MARKUP)
async def test_ad_15_what_is_refused_comes_back_as_data(world, root, text):
    for method, path, body, query in (
        ("GET", f"/organizations/{text}", None, {}),
        ("GET", "/users", None, {"organization": text}),
        ("GET", "/users", None, {text: "x"}),
        ("POST", "/organizations", {text: "x"}, {}),
        ("POST", "/administrators", {"user": text, "role": "instance_owner"}, {}),
    ):
        answer = await world.call(method, path, root, body, **query)
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_ad_20_the_audit_trail_is_only_read():
    methods = {route.method for route in TABLE if route.resource == "events"}
    assert methods == {"GET"}


async def test_ad_09_looking_starts_nothing(world, root, monkeypatch):
    """No operation that takes the right to look writes, fetches or sends anything."""
    viewer = await world.administrator("instance_viewer")

    async def refuse(*_: Any) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(world.store, "apply", refuse)
    for route in TABLE:
        if route.method == "GET" and "{" not in route.path:
            query = {
                one.name: {"project": "t1-shop", "user": "t1-alice"}[one.name]
                for one in route.filters
                if one.required
            }
            answer = await world.call("GET", route.path, viewer, **query)
            assert answer.status_code == 200, (route.name, answer.text)


async def test_ad_16_a_cookie_opens_nothing(world, root):
    """The API reads no cookie, so that no other site can use it in somebody's name."""
    headers = {
        "Cookie": f"__Host-ostiary_browser={root}; token={root}",
        "Origin": "https://evil.test",
        "Sec-Fetch-Site": "cross-site",
    }
    answer = await world.call("POST", "/organizations", None, {"id": "x"}, headers)
    problem(answer, 401, "invalid_token")


async def test_do_02_long_values_are_refused(world, root):
    for body in (
        {"id": "x" * 101},
        {"id": "x", "name": "n" * 65},
        {"id": "x", "domains": [f"d{n}.test" for n in range(101)]},
        {"k" * 60_000: "x"},
        {f"k{n}": "x" for n in range(5000)},
    ):
        answer = await world.call("POST", "/organizations", root, body)
        found = problem(answer, 400, "invalid")
        assert len(found["errors"]) <= 50
        assert len(answer.content) < 20_000


async def test_lx_01_no_secret_reaches_the_log(world, root, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    secret = "a-secret-that-nobody-else-may-ever-see-%"
    body = {
        "project": "t1-shop",
        "client_id": "new",
        "redirect_uris": ["https://new.test/"],
        "client_secret": secret,
    }
    assert (await world.call("POST", "/applications", root, body)).status_code == 201
    refused = {**body, "client_secret": secret[:20], "nothing": secret}
    answer = await world.call("POST", "/applications", root, refused)
    problem(answer, 400, "invalid")
    assert secret[:20] not in answer.text
    user = world.ids["t1"]["user"]
    path = f"/users/{user}/password"
    await world.call("POST", path, root, {"password": "correct horse battery staple"})
    await world.call("POST", path, root, {"password": "short-secret"})
    await world.call("GET", "/organizations", root[:-1])
    written = capsys.readouterr()
    said = caplog.text + written.out + written.err
    events = json.dumps([str(event) for event in await world.instance.events()])
    for text in (secret, root, SECRET, "correct horse battery staple", "short-secret"):
        assert text not in said
        assert text not in events


async def test_ad_22_nobody_who_was_switched_off_calls(world, root):
    """By whatever they hold: tokens of people and of machines."""
    person = await world.administrator("org_owner")
    machine = await world.administrator("org_owner", machine=True)
    found = (await world.call("GET", "/administrators", root, organization="t1")).json()["items"]
    for one in found:
        if one["role"] == "org_owner":
            kind = "users" if one["user"].count("-") == 4 else "service-accounts"
            state = "deactivated" if kind == "users" else "inactive"
            path = f"/{kind}/{one['user']}/state"
            answer = await world.call("PUT", path, root, {"state": state})
            assert answer.status_code == 200, answer.text
    for token in (person, machine):
        problem(await world.call("GET", "/organizations", token), 401, "invalid_token")


async def test_ad_05_nobody_registers_an_application_that_manages(world, root):
    """Whoever may register at all could wait for an administrator to sign in to it."""
    body = {"policies": {"client_registration": {"mode": "open"}}}
    opened = await world.call("PATCH", "/policies", root, body, {"If-Match": "*"})
    assert opened.status_code == 200, opened.text
    metadata = {
        "redirect_uris": ["https://evil.test/cb"],
        "scope": f"openid {management.SCOPE}",
    }
    answer = await world.http.post("/oauth/v2/register", json=metadata)
    if answer.status_code == 201:
        assert management.SCOPE not in answer.json().get("scope", "")
        made = await world.store.read_client(answer.json()["client_id"])
        assert management.SCOPE not in made.allowed_scopes
    else:
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_client_metadata", "invalid_scope"}


async def test_ad_05_an_application_that_was_let_manage_no_longer_manages_itself(world, root):
    body = {"policies": {"client_registration": {"mode": "open"}}}
    await world.call("PATCH", "/policies", root, body, {"If-Match": "*"})
    metadata = {"redirect_uris": ["https://console.test/cb"]}
    made = (await world.http.post("/oauth/v2/register", json=metadata)).json()
    path = f"/applications/{made['client_id']}"
    scopes = {"allowed_scopes": ["openid", management.SCOPE]}
    given = await world.call("PATCH", path, root, scopes, {"If-Match": "*"})
    assert given.status_code == 200, given.text
    headers = {"Authorization": f"Bearer {made['registration_access_token']}"}
    url = made["registration_client_uri"]
    changed = {**metadata, "client_id": made["client_id"], "client_name": "Evil"}
    answer = await world.http.put(url, json=changed, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "access_denied")
    assert (await world.call("GET", path, root)).json()["client_name"] != "Evil"


FLOODS = (
    ("/users", {"organization": "t1", "username": "x"}, {f"usernam{n}": 0 for n in range(15_000)}),
    ("/users", {"organization": "t1"}, {"profile": {f"nam{n}": 0 for n in range(15_000)}}),
    (
        "/applications",
        {"project": "t1-shop"},
        {"grant_types": [f"cod{n}" for n in range(15_000)]},
    ),
    ("/applications", {"project": "t1-shop"}, {"allowed_scopes": [0] * 50_000}),
    (
        "/role-assignments",
        {"project": "t1-shop", "user": "t1-bob"},
        {"roles": [f"cler{n}" for n in range(15_000)]},
    ),
    (
        "/applications",
        {"project": "t1-shop"},
        {"allowed_scopes": [f"openi{n}" for n in range(15_000)]},
    ),
)


@pytest.mark.parametrize(("path", "body", "flood"), FLOODS)
async def test_do_03_a_body_full_of_mistakes_costs_no_more_than_some(
    world, monkeypatch, path, body, flood
):
    """Only so many are told, and looked into: also for who may do nothing with the body."""
    looked = 0
    close = difflib.get_close_matches

    def count(*args, **options):
        nonlocal looked
        looked += 1
        return close(*args, **options)

    monkeypatch.setattr(difflib, "get_close_matches", count)
    for role in ("instance_owner", "org_viewer"):
        token = await world.administrator(role)
        answer = await world.call("POST", path, token, {**body, **flood})
        assert answer.status_code in {400, 403}, answer.text
        if answer.status_code == 400:
            assert len(problem(answer, 400, "invalid")["errors"]) <= 50
        assert len(answer.content) < 32_768
    assert looked <= 100
