"""Access tokens of this server at its own management API (RFC 6750; RFC 9068, 4; RFC 8707)."""

from typing import Any

import pytest

from ostiary.admin import clients, user_passwords, users
from ostiary.model.client import AccessTokenType, ClientKind, ClientState
from ostiary.model.organization import State
from ostiary.model.user import UserState
from ostiary.oauth import management
from ostiary.oauth.effects import RevokeGrant, RevokeSession, Update
from support.instance import ISSUER
from support.management import AUDIENCE, ROOT, SECRET, World, open_world, problem
from support.tokens import basic

LIST = "/organizations"


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


async def ask(world: World, client_id: str = "t1-robot", **form: str) -> Any:
    """Have a service account get a token at the token endpoint."""
    return await world.http.post(
        "/oauth/v2/token",
        data={"grant_type": "client_credentials", **form},
        headers=basic(client_id, SECRET),
    )


async def promote(world: World, role: str = "org_owner", **subject: str) -> None:
    root = await world.administrator("instance_owner")
    body = {"role": role, "organization": "t1", **subject}
    assert (await world.call("POST", "/administrators", root, body)).status_code == 201


async def test_a_service_account_manages_by_client_credentials(world):
    await promote(world, service_account="t1-robot")
    issued = (await ask(world, scope=management.SCOPE)).json()
    assert issued["scope"] == management.SCOPE
    # A token that may manage lives a quarter of an hour at the most.
    assert issued["expires_in"] <= 900
    answer = await world.call("GET", LIST, issued["access_token"])
    assert [one["id"] for one in answer.json()["items"]] == ["t1"]


@pytest.mark.parametrize("form", [AccessTokenType.JWT, AccessTokenType.OPAQUE])
async def test_either_form_of_token_is_for_this_api(world, form):
    await promote(world, service_account="t1-robot")
    robot = await world.store.read_client("t1-robot")
    await world.store.apply((Update(robot, {"access_token_type": form}),))
    issued = await ask(world, resource=AUDIENCE)
    assert issued.status_code == 200, issued.text
    answer = await world.call("GET", LIST, issued.json()["access_token"])
    assert answer.status_code == 200


async def test_the_lifetime_is_bounded_whatever_the_client_has(world):
    robot = await world.store.read_client("t1-robot")
    lifetimes = type(robot.lifetimes)(access_token=3600)
    await world.store.apply((Update(robot, {"lifetimes": lifetimes}),))
    assert (await ask(world)).json()["expires_in"] == management.LIFETIME


async def test_a_client_gets_the_scope_only_if_it_is_registered_for_it(world):
    robot = await world.store.read_client("t1-robot")
    await world.store.apply((Update(robot, {"allowed_scopes": ()}),))
    for form in ({"scope": management.SCOPE}, {"resource": AUDIENCE}):
        answer = await ask(world, **form)
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_scope", "invalid_target"}


class TestChallenges:
    """RFC 6750, 3."""

    async def test_without_a_token_there_is_no_error_code(self, world):
        answer = await world.call("GET", LIST, None)
        problem(answer, 401, "invalid_token")
        challenge = answer.headers["www-authenticate"]
        assert challenge == f'Bearer realm="ostiary", scope="{management.SCOPE}"'

    async def test_other_schemes_are_no_token(self, world):
        for header in ("Basic eDp5", "Digest x", "DPoP x", "bearerx"):
            answer = await world.call("GET", LIST, None, headers={"Authorization": header})
            assert answer.status_code == 401
            assert "error=" not in answer.headers["www-authenticate"]

    async def test_a_token_in_the_query_is_none(self, world):
        token = await world.administrator("instance_owner")
        answer = await world.call("GET", LIST, None, access_token=token)
        problem(answer, 401, "invalid_token")

    async def test_a_bad_token(self, world):
        answer = await world.call("GET", LIST, "nonsense")
        problem(answer, 401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    async def test_a_malformed_header(self, world):
        answer = await world.call("GET", LIST, None, headers={"Authorization": "Bearer "})
        assert answer.status_code in {400, 401}
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_token_for_something_else(self, world):
        token = await world.token("t1-web", world.ids["t1"]["bob"], scopes=("openid",))
        answer = await world.call("GET", LIST, token)
        problem(answer, 403, "insufficient_scope")
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert f'scope="{management.SCOPE}"' in challenge

    @pytest.mark.parametrize(
        "audience",
        [
            (ISSUER,),
            ("https://t1.test",),
            (AUDIENCE, "https://t1.test"),
            (AUDIENCE + "/",),
            (),
        ],
    )
    async def test_rfc_9068_4_a_token_that_others_get_as_well(self, world, audience):
        """Whoever runs the other API could call this one with it."""
        token = await world.token("t1-web", world.ids["t1"]["bob"], audience=audience)
        problem(await world.call("GET", LIST, token), 401, "invalid_token")

    async def test_userinfo_is_no_other_api(self, world):
        token = await world.token("t1-web", world.ids["t1"]["bob"], audience=(AUDIENCE, ISSUER))
        assert (await world.call("GET", LIST, token)).status_code == 200

    async def test_too_many_bad_tokens_of_one_address(self, world):
        statuses = {(await world.call("GET", LIST, f"bad-{n}")).status_code for n in range(61)}
        assert statuses == {401, 429}
        answer = await world.call("GET", LIST, "bad")
        problem(answer, 429, "too_many_requests")
        assert int(answer.headers["retry-after"]) > 0
        good = await world.administrator("instance_owner")
        assert (await world.call("GET", LIST, good)).status_code == 200


ENDS = {
    "the token's grant": lambda w, s: w.store.apply(
        (RevokeGrant(s["grant"], "test", w.instance.clock.now()),)
    ),
    "the session": lambda w, s: w.store.apply(
        (RevokeSession(s["session"], "test", w.instance.clock.now()),)
    ),
    "the user, locked": lambda w, s: users.set_state(w.admin, ROOT, s["user"], UserState.LOCKED),
    "the user, deleted": lambda w, s: users.delete(w.admin, ROOT, s["user"]),
    "the password": lambda w, s: _later(w, user_passwords.set_password(w.admin, ROOT, s["user"])),
    "the application": lambda w, s: clients.set_state(
        w.admin, ROOT, "t1-web", ClientState.INACTIVE
    ),
    "the organization": lambda w, s: _switch_off(w),
}


async def _later(world: World, change: Any) -> None:
    world.instance.clock.time += 1
    await change


async def _switch_off(world: World) -> None:
    record = await world.store.read_organization("t1")
    await world.store.apply((Update(record, {"state": State.INACTIVE}),))


@pytest.mark.parametrize("what", ENDS)
async def test_what_ends_is_refused_at_once(world, what):
    bob = world.ids["t1"]["bob"]
    await promote(world, user=bob)
    session, grant = await world.connect(bob, "t1", "t1-web")
    token = await world.token("t1-web", grant_id=grant, subject=bob)
    assert (await world.call("GET", LIST, token)).status_code == 200
    await ENDS[what](world, {"user": bob, "session": session, "grant": grant})
    problem(await world.call("GET", LIST, token), 401, "invalid_token")


async def test_a_service_account_that_is_switched_off_is_refused_at_once(world):
    await promote(world, service_account="t1-robot")
    token = (await ask(world)).json()["access_token"]
    assert (await world.call("GET", LIST, token)).status_code == 200
    await clients.set_state(
        world.admin, ROOT, "t1-robot", ClientState.INACTIVE, kind=ClientKind.SERVICE_ACCOUNT
    )
    problem(await world.call("GET", LIST, token), 401, "invalid_token")


async def test_a_role_that_is_taken_away_is_gone_at_once(world):
    token = await world.administrator("org_owner")
    root = await world.administrator("instance_owner")
    body = {"organization": "t1", "username": "carol"}
    assert (await world.call("POST", "/users", token, body)).status_code == 201
    found = await world.call("GET", "/administrators", root, organization="t1")
    for one in found.json()["items"]:
        await world.call("DELETE", f"/administrators/{one['id']}", root)
    body = {"organization": "t1", "username": "dave"}
    problem(await world.call("POST", "/users", token, body), 403, "not_allowed")


async def test_a_revoked_token_is_refused_at_once(world):
    await promote(world, service_account="t1-robot")
    token = (await ask(world)).json()["access_token"]
    revoked = await world.http.post(
        "/oauth/v2/revoke", data={"token": token}, headers=basic("t1-robot", SECRET)
    )
    assert revoked.status_code == 200
    problem(await world.call("GET", LIST, token), 401, "invalid_token")


async def test_an_expired_token(world):
    await promote(world, service_account="t1-robot")
    issued = (await ask(world)).json()
    world.instance.clock.time += issued["expires_in"]
    problem(await world.call("GET", LIST, issued["access_token"]), 401, "invalid_token")


async def test_ad_03_clients_of_others_manage_nothing(world):
    """A token of an application that acts for itself is nobody's administrator."""
    token = await world.token("t1-web")
    problem(await world.call("GET", LIST, token), 403, "not_allowed")


async def test_the_audit_trail_names_who_it_was(world):
    token = await world.administrator("org_owner", machine=True)
    body = {"organization": "t1", "username": "carol"}
    headers = {"User-Agent": "robot/1"}
    made = await world.call("POST", "/users", token, body, headers)
    (event,) = [
        one
        for one in await world.instance.events("account.created")
        if one.user_id == made.json()["id"]
    ]
    assert event.actor_type == "service_account"
    assert event.actor_id is not None
    assert event.actor_id.startswith("t1-org-owner")
    assert (event.ip, event.user_agent) == ("192.0.2.9", "robot/1")
    assert event.trace_id
