"""AD-01: every operation of the API, by every role, on what is theirs and what is not.

The operations come from the table that the API is made of, and so does what is expected:
an operation without a case here, or without a right, fails.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ostiary.admin import administrators, users
from ostiary.admin.actor import RIGHTS, Area, Level
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole as Role
from ostiary.model.event import Event
from ostiary.oauth.effects import Emit
from ostiary.web.api.resources import TABLE as ALL
from ostiary.web.api.route import Place, Route
from support.management import ROOT, World, open_world

# How each operation is called on things of organization `t`: path parameters, body, query.
Case = tuple[dict[str, str], Any, dict[str, str]]
INSTANCE_ROLES = {Role.INSTANCE_OWNER, Role.INSTANCE_VIEWER}


def case(
    path: dict[str, str] | None = None, body: Any = None, query: dict[str, str] | None = None
) -> Case:
    return path or {}, body, query or {}


CASES: dict[str, Callable[[str, dict[str, str]], Case]] = {
    "list_organizations": lambda t, ids: case(),
    "create_organization": lambda t, ids: case(body={"id": "new"}),
    "show_organization": lambda t, ids: case({"organization_id": t}),
    "update_organization": lambda t, ids: case({"organization_id": t}, {"name": "New"}),
    "delete_organization": lambda t, ids: case({"organization_id": t}),
    "list_projects": lambda t, ids: case(query={"organization": t}),
    "create_project": lambda t, ids: case(body={"organization": t, "id": "new"}),
    "show_project": lambda t, ids: case({"project_id": f"{t}-shop"}),
    "update_project": lambda t, ids: case({"project_id": f"{t}-shop"}, {"name": "New"}),
    "delete_project": lambda t, ids: case({"project_id": f"{t}-bare"}),
    "list_domains": lambda t, ids: case({"organization_id": t}),
    "add_domain": lambda t, ids: case({"organization_id": t}, {"domain": "new.test"}),
    "verify_domain": lambda t, ids: case(
        {"organization_id": t, "domain": f"{t}.test"}, {"vouch": False}
    ),
    "remove_domain": lambda t, ids: case({"organization_id": t, "domain": f"{t}.test"}),
    "list_roles": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "create_role": lambda t, ids: case(body={"project": f"{t}-shop", "key": "new"}),
    "show_role": lambda t, ids: case({"project_id": f"{t}-shop", "key": "clerk"}),
    "update_role": lambda t, ids: case(
        {"project_id": f"{t}-shop", "key": "clerk"}, {"name": "New"}
    ),
    "delete_role": lambda t, ids: case({"project_id": f"{t}-shop", "key": "unused"}),
    "list_applications": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "create_application": lambda t, ids: case(
        body={"project": f"{t}-shop", "redirect_uris": ["https://new.test/"]}
    ),
    "show_application": lambda t, ids: case({"client_id": f"{t}-web"}),
    "show_application_verification": lambda t, ids: case({"client_id": f"{t}-web"}),
    "show_application_quickstart": lambda t, ids: case({"client_id": f"{t}-web"}),
    "update_application": lambda t, ids: case({"client_id": f"{t}-web"}, {"client_name": "New"}),
    "delete_application": lambda t, ids: case({"client_id": f"{t}-web"}),
    "set_application_state": lambda t, ids: case({"client_id": f"{t}-web"}, {"state": "inactive"}),
    "preview_tokens": lambda t, ids: case({"client_id": f"{t}-web"}, {"user": ids["user"]}),
    "record_application": lambda t, ids: case({"client_id": f"{t}-web"}, {"state": "on"}),
    "create_application_secret": lambda t, ids: case({"client_id": f"{t}-web"}, {}),
    "revoke_application_secrets": lambda t, ids: case({"client_id": f"{t}-web"}),
    "list_apis": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "create_api": lambda t, ids: case(
        body={"project": f"{t}-shop", "audience": "https://new.test"}
    ),
    "show_api": lambda t, ids: case({"api_id": f"{t}-api"}),
    "update_api": lambda t, ids: case({"api_id": f"{t}-api"}, {"scopes": ["x"]}),
    "delete_api": lambda t, ids: case({"api_id": f"{t}-api"}),
    "list_users": lambda t, ids: case(query={"organization": t}),
    "create_user": lambda t, ids: case(body={"organization": t, "username": "new"}),
    "show_user": lambda t, ids: case({"user_id": ids["user"]}),
    "update_user": lambda t, ids: case({"user_id": ids["user"]}, {"username": "new"}),
    "delete_user": lambda t, ids: case({"user_id": ids["user"]}),
    "set_user_state": lambda t, ids: case({"user_id": ids["user"]}, {"state": "locked"}),
    "set_user_password": lambda t, ids: case({"user_id": ids["user"]}, {}),
    "send_reset_link": lambda t, ids: case({"user_id": ids["reachable"]}),
    "send_verification_link": lambda t, ids: case({"user_id": ids["unproven"]}),
    "list_invitations": lambda t, ids: case(query={"organization": t}),
    "invite_user": lambda t, ids: case(body={"organization": t, "email": "new@new.test"}),
    "resend_invitation": lambda t, ids: case({"user_id": ids["invited"]}),
    "revoke_invitation": lambda t, ids: case({"user_id": ids["invited"]}),
    "list_service_accounts": lambda t, ids: case(query={"organization": t}),
    "create_service_account": lambda t, ids: case(body={"organization": t, "id": "new"}),
    "show_service_account": lambda t, ids: case({"service_account_id": f"{t}-robot"}),
    "update_service_account": lambda t, ids: case(
        {"service_account_id": f"{t}-robot"}, {"name": "New"}
    ),
    "delete_service_account": lambda t, ids: case({"service_account_id": f"{t}-robot"}),
    "set_service_account_state": lambda t, ids: case(
        {"service_account_id": f"{t}-robot"}, {"state": "inactive"}
    ),
    "create_service_account_secret": lambda t, ids: case({"service_account_id": f"{t}-robot"}, {}),
    "revoke_service_account_secrets": lambda t, ids: case({"service_account_id": f"{t}-robot"}),
    "list_service_account_keys": lambda t, ids: case({"service_account_id": f"{t}-robot"}),
    "add_service_account_key": lambda t, ids: case(
        {"service_account_id": f"{t}-robot"}, {"alg": "ES256"}
    ),
    "remove_service_account_key": lambda t, ids: case(
        {"service_account_id": f"{t}-robot", "key_id": ids["key"]}
    ),
    "list_role_assignments": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "assign_roles": lambda t, ids: case(
        body={"project": f"{t}-shop", "user": f"{t}-bob", "roles": ["clerk"]}
    ),
    "show_role_assignment": lambda t, ids: case({"assignment_id": ids["assignment"]}),
    "revoke_roles": lambda t, ids: case({"assignment_id": ids["assignment"]}),
    "list_administrators": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "grant_administrator": lambda t, ids: case(
        body={"role": "project_owner", "user": f"{t}-alice", "project": f"{t}-shop"}
    ),
    "show_administrator": lambda t, ids: case({"administrator_id": ids["administrator"]}),
    "revoke_administrator": lambda t, ids: case({"administrator_id": ids["administrator"]}),
    "list_sessions": lambda t, ids: case(query={"user": ids["user"]}),
    "show_session": lambda t, ids: case({"session_id": ids["session"]}),
    "revoke_session": lambda t, ids: case({"session_id": ids["session"]}),
    "list_grants": lambda t, ids: case(query={"user": ids["user"]}),
    "show_grant": lambda t, ids: case({"grant_id": ids["grant"]}),
    "revoke_grant": lambda t, ids: case({"grant_id": ids["grant"]}),
    "show_policies": lambda t, ids: case(),
    "update_policies": lambda t, ids: case(body={"policies": {"password": {"min_length": 16}}}),
    "list_keys": lambda t, ids: case(),
    "rotate_keys": lambda t, ids: case(body={"alg": "ES256"}),
    "revoke_key": lambda t, ids: case({"kid": ids["kid"]}),
    "list_events": lambda t, ids: case(query={"organization": t}),
    "list_traces": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "show_trace": lambda t, ids: case({"trace_id": f"{t}-trace"}),
    "export_trace": lambda t, ids: case({"trace_id": f"{t}-trace"}),
    "list_webhooks": lambda t, ids: case(query={"organization": t}),
    "create_webhook": lambda t, ids: case(
        body={"organization": t, "url": "https://siem.example.com/events"}
    ),
    "show_webhook": lambda t, ids: case({"webhook_id": f"{t}-hook"}),
    "update_webhook": lambda t, ids: case({"webhook_id": f"{t}-hook"}, {"name": "New"}),
    "rotate_webhook_secret": lambda t, ids: case({"webhook_id": f"{t}-hook"}, {}),
    "list_webhook_deliveries": lambda t, ids: case({"webhook_id": f"{t}-hook"}),
    "replay_webhook": lambda t, ids: case({"webhook_id": f"{t}-hook"}, {"after": 0}),
    "retry_webhook": lambda t, ids: case({"webhook_id": f"{t}-hook"}),
    "list_groups": lambda t, ids: case(query={"organization": t}),
    "create_group": lambda t, ids: case(body={"organization": t, "key": "new"}),
    "show_group": lambda t, ids: case({"group_id": ids["group"]}),
    "update_group": lambda t, ids: case({"group_id": ids["group"]}, {"name": "New"}),
    "delete_group": lambda t, ids: case({"group_id": ids["group"]}),
    "list_group_members": lambda t, ids: case({"group_id": ids["group"]}),
    "add_group_member": lambda t, ids: case({"group_id": ids["group"]}, {"user": f"{t}-bob"}),
    "show_group_member": lambda t, ids: case({"group_id": ids["group"], "user_id": ids["user"]}),
    "remove_group_member": lambda t, ids: case({"group_id": ids["group"], "user_id": ids["user"]}),
    "list_memberships": lambda t, ids: case(query={"organization": t}),
    "list_user_memberships": lambda t, ids: case({"user_id": ids["user"]}),
    "add_membership": lambda t, ids: case(body={"organization": t, "user": "alice"}),
    "show_membership": lambda t, ids: case({"organization_id": t, "user_id": ids["member"]}),
    "remove_membership": lambda t, ids: case({"organization_id": t, "user_id": ids["member"]}),
    "list_project_grants": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "create_project_grant": lambda t, ids: case(
        body={"project": f"{t}-shop", "organization": f"{t}-empty", "roles": ["clerk"]}
    ),
    "show_project_grant": lambda t, ids: case({"project_grant_id": ids["project_grant"]}),
    "update_project_grant": lambda t, ids: case(
        {"project_grant_id": ids["project_grant"]}, {"roles": ["unused"]}
    ),
    "delete_project_grant": lambda t, ids: case({"project_grant_id": ids["project_grant"]}),
    "list_personal_tokens": lambda t, ids: case(query={"owner": f"{t}-robot"}),
    "create_personal_token": lambda t, ids: case(
        body={"service_account": f"{t}-robot", "scopes": ["urn:ostiary:api"]}
    ),
    "show_personal_token": lambda t, ids: case({"personal_token_id": ids["token"]}),
    "revoke_personal_token": lambda t, ids: case({"personal_token_id": ids["token"]}),
    "list_factors": lambda t, ids: case({"user_id": ids["reachable"]}),
    "remove_factor": lambda t, ids: case({"user_id": ids["reachable"], "factor_id": ids["factor"]}),
    "remove_all_factors": lambda t, ids: case({"user_id": ids["reachable"]}),
    "remove_user_password": lambda t, ids: case({"user_id": ids["reachable"]}),
    "list_trusted_devices": lambda t, ids: case({"user_id": ids["reachable"]}),
    "revoke_trusted_device": lambda t, ids: case(
        {"user_id": ids["reachable"], "device_id": ids["device"]}
    ),
    "export_user": lambda t, ids: case({"user_id": ids["user"]}),
    "revoke_user_sessions": lambda t, ids: case({"user_id": ids["user"]}),
    "import_users": lambda t, ids: case(
        body={"organization": t, "users": [{"username": "imported"}]}
    ),
    "list_registration_tokens": lambda t, ids: case(),
    "create_registration_token": lambda t, ids: case(body={"uses": 1}),
    "show_registration_token": lambda t, ids: case({"registration_token_id": ids["registration"]}),
    "delete_registration_token": lambda t, ids: case(
        {"registration_token_id": ids["registration"]}
    ),
    "list_logout_deliveries": lambda t, ids: case(),
    "retry_logout_delivery": lambda t, ids: case({"delivery_id": ids["delivery"]}),
    "show_instance": lambda t, ids: case(),
    "update_instance": lambda t, ids: case(body={"rsa_bits": 3072}),
    "delete_webhook": lambda t, ids: case({"webhook_id": f"{t}-hook"}),
    "list_lint": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "lint_policies": lambda t, ids: case(),
    "list_legacy_applications": lambda t, ids: case(query={"project": f"{t}-shop"}),
    "lint_organization_policies": lambda t, ids: case({"organization_id": t}),
    "lint_application": lambda t, ids: case({"client_id": f"{t}-mixed"}),
    "judge_finding": lambda t, ids: case(
        {"client_id": f"{t}-mixed"},
        {"rule": "redirect-uri-loopback", "target": "http://localhost/cb", "reason": "New"},
    ),
    "list_mends": lambda t, ids: case({"client_id": f"{t}-mixed"}),
    "mend_application": lambda t, ids: case(
        {"client_id": f"{t}-mixed"},
        {"rule": "redirect-uri-loopback", "target": "http://localhost/cb"},
    ),
    "undo_mend": lambda t, ids: case({"client_id": f"{t}-mixed", "mend_id": ids["mend"]}),
}
# What takes no access token, and reaches nothing that belongs to anybody.
PUBLIC = {"show_advisor", "ask_advisor"}
TABLE = tuple(route for route in ALL if not route.public)
# Where a client has one secret alone there is none to take back; the domain is proven, and the
# membership there already; what waits is only told not to wait, and tells itself what became of it.
NOTHING_TO_DO = {
    "revoke_application_secrets",
    "revoke_service_account_secrets",
    "verify_domain",
    "add_membership",
    "retry_webhook",
    "retry_logout_delivery",
}
# Of what the cases send: what may be about a person, or open something.
VALUES = ("new@new.test", "siem.example.com", "https://new.test", '"New"')
# Answered for everybody, with what they may see.
FILTERED = {"list_organizations"}
# Takes the right in the home of the user as well: who holds it in one place finds nobody there.
IN_TWO_PLACES = {"add_membership"}


@pytest.fixture
async def world(tmp_path, monkeypatch):
    async with open_world(tmp_path) as world:
        (kid, *_) = sorted(key.kid for key in await world.store.signing_keys())
        for t in ("t1", "t2"):
            world.ids[t]["kid"] = kid
        yield world


async def call(world: World, route: Route, token: str | None, t: str, **other: str) -> Any:
    """Call an operation on things of an organization; `other` are ids to ask for instead."""
    path, body, query = CASES[route.name](t, world.ids[t])
    if route.name == "delete_organization" and other.pop("empty", None):
        path = {"organization_id": f"{t}-empty"}
    filled = route.path.format(**path)
    headers = {"If-Match": "*"} if route.record is not None else {}
    return await world.call(route.method, filled, token, body, headers, **query)


def holds(role: Role, route: Route) -> bool:
    """Tell whether a role allows an operation in its own organization and project."""
    if RIGHTS[role].get(route.area, 0) < route.level:
        return False
    if role in INSTANCE_ROLES:
        return True
    if role is Role.PROJECT_OWNER:
        return route.place is Place.PROJECT
    return route.place is not Place.INSTANCE


def sees(role: Role, route: Route) -> bool:
    """Tell whether a role sees what an operation would change."""
    return RIGHTS[role].get(route.area, 0) >= Level.READ and (
        role is not Role.PROJECT_OWNER or route.place is Place.PROJECT
    )


# What is asked with a body, and changes nothing.
READING = {"preview_tokens"}


def test_every_operation_has_a_right_and_a_case():
    assert {route.name for route in ALL if route.public} == PUBLIC
    assert {route.name for route in TABLE} == set(CASES)
    assert len(CASES) == len(TABLE)
    for route in TABLE:
        assert isinstance(route.area, Area)
        assert isinstance(route.level, Level)
        reads = route.method == "GET" or route.name in READING
        assert route.level is (Level.READ if reads else Level.WRITE)


@pytest.mark.parametrize("role", Role)
async def test_ad_01_by_role(world, monkeypatch, role):
    token = await world.administrator(role.value)
    writes: list[Any] = []

    async def apply(effects: Any) -> None:
        writes.append(effects)

    # Nothing is written, so that every operation finds the same.
    monkeypatch.setattr(world.store, "apply", apply)
    wrong = []
    for route in TABLE:
        for t in ("t1", "t2"):
            del writes[:]
            empty = {"empty": "yes"} if role in INSTANCE_ROLES else {}
            answer = await call(world, route, token, t, **empty)
            status = answer.status_code
            own = t == "t1" or role in INSTANCE_ROLES
            if route.name in IN_TWO_PLACES and role not in INSTANCE_ROLES:
                fine = status == (403 if own and role is Role.ORG_VIEWER else 404)
            elif route.name in FILTERED or (own and holds(role, route)):
                fine = status == route.status
            elif route.place is Place.INSTANCE:
                # Who does not see the organization is not told that others delete it.
                unseen = not own or role is Role.PROJECT_OWNER
                fine = status == 403 or (unseen and status == 404)
            elif own:
                fine = status == 403 if sees(role, route) else status in {403, 404}
            else:
                fine = status == 404
            if status >= 400 or route.level is Level.READ:
                fine = fine and not writes
            if not fine:
                wrong.append((route.name, t, status, answer.text))
    assert wrong == []


async def test_ad_20_every_change_is_told_with_its_author(world, monkeypatch):
    """Who, from where, in which request: and of what they sent ids alone, no value."""
    user = await users.create(world.admin, ROOT, "t1", UserFields(username="root"))
    request = AdministratorFields(role=Role.INSTANCE_OWNER, user=user.id)
    await administrators.grant(world.admin, ROOT, request)
    token = await world.token("t1-web", user.id)
    told: list[Event] = []

    async def apply(effects: Any) -> None:
        told.extend(one.event for one in effects if isinstance(one, Emit))

    monkeypatch.setattr(world.store, "apply", apply)
    wrong = []
    for route in TABLE:
        if route.level is Level.READ or route.name in NOTHING_TO_DO:
            continue
        del told[:]
        answer = await call(world, route, token, "t1", empty="yes")
        assert answer.status_code == route.status, (route.name, answer.text)
        authors = {(one.actor_type, one.actor_id, one.ip) for one in told}
        traced = {bool(one.trace_id) for one in told}
        if (authors, traced) != ({("user", user.id, "192.0.2.9")}, {True}):
            wrong.append((route.name, tuple(told)))
        text = msgspec.json.encode(told).decode()
        wrong += [(route.name, tuple(told)) for value in VALUES if value in text]
    assert wrong == []


@pytest.mark.parametrize("role", [Role.ORG_OWNER, Role.PROJECT_OWNER])
async def test_ad_01_what_is_foreign_looks_like_what_does_not_exist(world, role):
    """The two answers differ in the id that was asked for, and in nothing else."""
    token = await world.administrator(role.value)
    wrong = []
    for route in TABLE:
        if route.place is Place.INSTANCE or route.name in FILTERED:
            continue
        path, body, query = CASES[route.name]("t2", world.ids["t2"])
        foreign = [*path.values(), *query.values()]
        if body is not None:
            foreign += [value for value in body.values() if isinstance(value, str)]
        names = [one for one in foreign if one.startswith("t2") or one in world.ids["t2"].values()]
        unknown = {one: "nothing-" + one[::-1] for one in names}

        def swap(value: Any, swapped: dict[str, str] = unknown) -> Any:
            return swapped.get(value, value) if isinstance(value, str) else value

        answers = []
        for change in (lambda value: value, swap):
            filled = route.path.format(**{name: change(one) for name, one in path.items()})
            sent = None if body is None else {name: change(one) for name, one in body.items()}
            asked = {name: change(one) for name, one in query.items()}
            headers = {"If-Match": "*"} if route.record is not None else {}
            answer = await world.call(route.method, filled, token, sent, headers, **asked)
            found = {**answer.json(), "trace_id": ""}
            for one, other in unknown.items():
                found["detail"] = found["detail"].replace(other, "…").replace(one, "…")
            answers.append((answer.status_code, found))
        if answers[0] != answers[1] or answers[0][0] != 404:
            wrong.append((route.name, answers))
    assert wrong == []


async def test_ad_01_without_a_right_to_call_at_all(world):
    """Anonymous, expired, revoked, of others: nobody gets as far as an operation."""
    t1 = world.ids["t1"]
    now = world.instance.clock.now()
    owner = await world.administrator("instance_owner")
    calls = {
        "anonymous": (None, 401),
        "nonsense": ("ost_at_nonsense", 401),
        "expired": (await world.token("t1-robot", expires_at=now), 401),
        "of another audience": (await world.token("t1-robot", audience=("https://t1.test",)), 401),
        "without the scope": (await world.token("t1-web", t1["bob"], scopes=("openid",)), 403),
        "of nobody's administrator": (await world.token("t1-web", t1["user"]), 403),
        "of an application": (await world.token("t1-web"), 403),
        "of a service account": (await world.token("t1-robot"), 403),
    }
    for route in TABLE:
        for name, (token, status) in calls.items():
            answer = await call(world, route, token, "t1")
            assert answer.status_code in {status, 429}, (route.name, name, answer.text)
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"].startswith('Bearer realm="ostiary"')
    # Whoever sends refused requests from the same address does not shut out others.
    answer = await world.call("GET", "/organizations", owner)
    assert answer.status_code == 200
