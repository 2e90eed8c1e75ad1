"""People by the API: found by words, put into groups, shared with, brought over, written down."""

import pytest

from ostiary.admin import administrators, role_assignments, users
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole
from ostiary.oauth import management
from support.management import AUDIENCE, ROOT, problem

BCRYPT = "$2b$04$abcdefghijklmnopqrstuu5eL8AvqWLtXYlHxd6JJ3cOBvx7nU9Wy"


async def user_named(world, name):
    return (await world.store.read_user_by_login_name(name)).id


async def owner_of(world, *places):
    """Make somebody of the first organization who owns several; return a token of theirs."""
    user = await users.create(world.admin, ROOT, places[0], UserFields(username="both"))
    for place in places:
        fields = AdministratorFields(
            role=AdministratorRole.ORG_OWNER, user=user.id, organization=place
        )
        await administrators.grant(world.admin, ROOT, fields)
    return await world.token(f"{places[0]}-web", user.id)


class TestSearch:
    async def test_by_the_beginnings_of_words_page_by_page(self, world, root):
        for name in ("anna", "anton", "berta"):
            body = {"organization": "t1", "username": name, "profile": {"family_name": "Xylander"}}
            assert (await world.call("POST", "/users", root, body)).status_code == 201
        found, cursor = [], {}
        while True:
            answer = await world.call(
                "GET", "/users", root, organization="t1", search="xyl an", limit=1, **cursor
            )
            page = answer.json()
            found += [one["username"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(found) == ["anna", "anton"]

    async def test_do_10_wildcards_are_no_words_and_nobody_chooses_the_order(self, world, root):
        """What is searched goes by index, whatever is asked (`test_do_10_searches_go_by_index`)."""
        body = {"organization": "t1", "username": "carla", "profile": {"family_name": "100%-er"}}
        assert (await world.call("POST", "/users", root, body)).status_code == 201
        for text, names in (("%c%a%", []), ("%arla", []), ("c_r", []), ("100%", ["carla"])):
            answer = await world.call("GET", "/users", root, organization="t1", search=text)
            assert [one["username"] for one in answer.json()["items"]] == names, text
        for name in ("sort", "order", "order_by"):
            answer = await world.call(
                "GET", "/users", root, organization="t1", **{name: "metadata"}
            )
            assert problem(answer, 400, "invalid")["errors"][0]["parameter"] == name

    async def test_by_state(self, world, root):
        key = await user_named(world, "t1-bob")
        await world.call("PUT", f"/users/{key}/state", root, {"state": "locked"})
        answer = await world.call("GET", "/users", root, organization="t1", state="locked")
        assert [one["id"] for one in answer.json()["items"]] == [key]
        answer = await world.call("GET", "/users", root, organization="t1", state="deleted")
        problem(answer, 400, "invalid")

    async def test_a_login_name_names_one_user_and_takes_no_other_filter(self, world, root):
        answer = await world.call("GET", "/users", root, login_name="t1-bob", state="active")
        assert problem(answer, 400, "invalid")["errors"][0]["parameter"] == "login_name"


class TestGroups:
    async def test_from_beginning_to_end(self, world, root):
        body = {"organization": "t1", "key": "sales", "name": "Sales"}
        answer = await world.call("POST", "/groups", root, body)
        assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
        path = answer.headers["location"].removeprefix("/api/v1")
        answer = await world.call("POST", f"{path}/members", root, {"user": "t1-bob"})
        assert answer.status_code == 201
        member = answer.headers["location"].removeprefix("/api/v1")
        assert (await world.call("GET", member, root)).json()["username"] == "t1-bob"
        answer = await world.call("PATCH", path, root, {"name": "S"}, {"If-Match": '"1"'})
        assert (answer.json()["name"], answer.headers["etag"]) == ("S", '"2"')
        answer = await world.call("PATCH", path, root, {"name": "T"}, {"If-Match": '"1"'})
        problem(answer, 412, "precondition_failed")
        assert (await world.call("DELETE", member, root)).status_code == 204
        problem(await world.call("GET", member, root), 404, "not_found")
        assert (await world.call("DELETE", path, root)).status_code == 204

    async def test_ad_05_nobody_of_another_organization_gets_in(self, world):
        owner = await world.administrator("org_owner")
        path = f"/groups/{world.ids['t1']['group']}/members"
        problem(await world.call("POST", path, owner, {"user": "t2-bob"}), 404, "not_found")


class TestMemberships:
    async def test_ad_01_it_takes_both_sides(self, world):
        body = {"organization": "t1", "user": "t2-bob"}
        one = await world.administrator("org_owner")
        problem(await world.call("POST", "/memberships", one, body), 404, "not_found")
        both = await owner_of(world, "t1", "t2")
        answer = await world.call("POST", "/memberships", both, body)
        assert answer.status_code == 201
        path = answer.headers["location"].removeprefix("/api/v1")
        assert (await world.call("GET", path, one)).status_code == 200
        user = await user_named(world, "t2-bob")
        listed = await world.call("GET", f"/users/{user}/memberships", both)
        assert [one["organization"] for one in listed.json()["items"]] == ["t1"]
        assert (await world.call("DELETE", path, one)).status_code == 204


class TestProjectGrants:
    async def test_a_project_owner_shares_and_takes_back(self, world):
        owner = await world.administrator("project_owner")
        body = {"project": "t1-shop", "organization": "t2", "roles": ["clerk"]}
        answer = await world.call("POST", "/project-grants", owner, body)
        assert answer.status_code == 201
        path = answer.headers["location"].removeprefix("/api/v1")
        assert (await world.call("GET", path, owner)).json()["owner"] == "t1"
        listed = await world.call("GET", "/project-grants", owner)
        assert {one["organization"] for one in listed.json()["items"]} == {"acme", "t2"}
        assert (await world.call("DELETE", path, owner)).status_code == 204

    async def test_ad_01_the_other_side_sees_it_and_changes_nothing(self, world, root):
        body = {"project": "t1-shop", "organization": "t2", "roles": ["clerk"]}
        made = (await world.call("POST", "/project-grants", root, body)).json()
        other = await world.administrator("org_owner", "t2")
        path = f"/project-grants/{made['id']}"
        assert (await world.call("GET", path, other)).status_code == 200
        listed = await world.call("GET", "/project-grants", other)
        assert [one["id"] for one in listed.json()["items"]] == [made["id"]]
        answer = await world.call("PATCH", path, other, {"roles": ["unused"]}, {"If-Match": "*"})
        problem(answer, 403, "not_allowed")
        problem(await world.call("DELETE", path, other), 403, "not_allowed")


class TestAssignmentsByGrant:
    async def test_revoking_one_takes_that_one_and_no_other(self, world, root):
        """The project's own organization may have given roles to the same person."""
        share = {"project": "t1-shop", "organization": "t2", "roles": ["clerk"]}
        await world.call("POST", "/project-grants", root, share)
        person = await user_named(world, "t2-bob")
        body = {"organization": "t1", "user": "t2-bob"}
        await world.call("POST", "/memberships", root, body)
        request = RoleAssignmentFields(project="t1-shop", user="t2-bob", roles=("unused",))
        own = await role_assignments.assign(world.admin, ROOT, request)
        other = await world.administrator("org_owner", "t2")
        body = {"project": "t1-shop", "user": "t2-bob", "roles": ["clerk"], "organization": "t2"}
        made = await world.call("POST", "/role-assignments", other, body)
        assert (made.status_code, made.json()["organization"]) == (201, "t2")
        listed = await world.call(
            "GET", "/role-assignments", other, project="t1-shop", organization="t2"
        )
        assert [one["user"] for one in listed.json()["items"]] == [person]
        path = f"/role-assignments/{made.json()['id']}"
        owner = await world.administrator("project_owner")
        assert (await world.call("GET", path, owner)).status_code == 200
        assert (await world.call("DELETE", path, root)).status_code == 204
        problem(await world.call("GET", path, root), 404, "not_found")
        assert (await world.call("GET", f"/role-assignments/{own.id}", root)).status_code == 200

    async def test_a_group_is_shown_as_one(self, world, root):
        body = {"project": "t1-shop", "group": "staff", "roles": ["clerk"]}
        made = (await world.call("POST", "/role-assignments", root, body)).json()
        assert (made["user"], made["group"]) == (None, world.ids["t1"]["group"])


class TestPersonalTokens:
    async def test_the_text_is_shown_once_and_the_use_is_noted_once_an_hour(self, world, root):
        machine = "t1-robot"
        fields = AdministratorFields(
            role=AdministratorRole.ORG_VIEWER, service_account=machine, organization="t1"
        )
        await administrators.grant(world.admin, ROOT, fields)
        body = {"service_account": machine, "scopes": [management.SCOPE]}
        made = (await world.call("POST", "/personal-tokens", root, body)).json()
        assert made["audience"] == [AUDIENCE]
        path = f"/personal-tokens/{made['id']}"
        shown = (await world.call("GET", path, root)).json()
        assert (shown["token"], shown["last_used_at"]) == (None, None)
        assert made["token"] not in (await world.call("GET", path, root)).text
        clock = world.instance.clock
        seen = []
        for later in (0, 1800, 1801):
            clock.time += later
            answer = await world.call("GET", "/organizations", made["token"])
            assert answer.status_code == 200
            seen.append((await world.store.read_personal_token(made["id"])).last_used_at)
        assert seen == [clock.time - 3601, clock.time - 3601, clock.time]

    async def test_ad_07_whether_somebody_foreign_has_tokens_is_not_told(self, world):
        owner = await world.administrator("org_owner")
        details = set()
        for name in ("t2-robot", "t2-alice", "nobody"):
            answer = await world.call("GET", "/personal-tokens", owner, owner=name)
            details.add(problem(answer, 404, "not_found")["detail"].replace(name, "…"))
        assert len(details) == 1

    async def test_ad_22_nobody_revokes_the_tokens_of_greater_ones(self, world):
        fields = AdministratorFields(
            role=AdministratorRole.ORG_OWNER, service_account="t1-robot", organization="t1"
        )
        await administrators.grant(world.admin, ROOT, fields)
        lesser = await world.administrator("org_user_manager")
        answer = await world.call("DELETE", f"/personal-tokens/{world.ids['t1']['token']}", lesser)
        problem(answer, 403, "not_allowed")


class TestFactors:
    async def test_listed_without_secrets_and_removed_one_by_one_or_all(self, world, root):
        ids = world.ids["t1"]
        path = f"/users/{ids['reachable']}"
        answer = await world.call("GET", f"{path}/factors", root)
        assert [one["kind"] for one in answer.json()["items"]] == ["email_code", "passkey"]
        assert "public_key" not in answer.text
        gone = await world.call("DELETE", f"{path}/factors/{ids['factor']}", root)
        assert gone.status_code == 204
        answer = await world.call("GET", f"{path}/trusted-devices", root)
        assert [one["id"] for one in answer.json()["items"]] == [ids["device"]]
        assert (await world.call("DELETE", f"{path}/factors", root)).status_code == 204
        for rest in ("factors", "trusted-devices"):
            answer = await world.call("GET", f"{path}/{rest}", root)
            assert answer.json()["items"] == []
        problem(await world.call("DELETE", f"{path}/password", root), 400, "invalid")


class TestImports:
    async def test_each_is_told_of_and_none_holds_others_up(self, world, root):
        users = [
            {"username": "ann", "password": {"hash": BCRYPT}},
            {"username": "t1-alice"},
            {"username": "t2-alice"},
        ]
        body = {"organization": "t1", "users": users, "dry_run": True}
        rehearsed = (await world.call("POST", "/user-imports", root, body)).json()
        assert (rehearsed["applied"], rehearsed["created"]) == (False, 1)
        assert await world.store.read_user_by_login_name("ann") is None
        done = (await world.call("POST", "/user-imports", root, body | {"dry_run": False})).json()
        outcomes = [one["outcome"] for one in done["users"]]
        assert outcomes == ["created", "unchanged", "failed"]
        assert done["users"][0]["user"] == await user_named(world, "ann")
        again = (await world.call("POST", "/user-imports", root, body | {"dry_run": False})).json()
        assert (again["created"], again["unchanged"]) == (0, 2)

    async def test_who_looks_after_users_may_bring_them(self, world):
        lesser = await world.administrator("org_user_manager")
        body = {"organization": "t1", "users": [{"username": "ann"}]}
        answer = await world.call("POST", "/user-imports", lesser, body)
        assert (answer.status_code, answer.json()["created"]) == (200, 1)

    @pytest.mark.parametrize(
        ("users", "pointer"),
        [
            ([{"username": "x"}] * 101, "/users"),
            ([{"username": "x", "password": {"plain": "secret"}}], "/users/0/password/plain"),
            ([{"username": "x", "nmae": "y"}], "/users/0/nmae"),
        ],
    )
    async def test_do_03_one_call_is_bounded(self, world, root, users, pointer):
        body = {"organization": "t1", "users": users}
        answer = await world.call("POST", "/user-imports", root, body)
        assert [one["pointer"] for one in problem(answer, 400, "invalid")["errors"]] == [pointer]


class TestExport:
    async def test_it_has_everything_and_is_noted(self, world, root):
        key = world.ids["t1"]["user"]
        found = (await world.call("POST", f"/users/{key}/export", root)).json()
        assert found["account"]["username"] == "t1-alice"
        assert [one["key"] for one in found["groups"]] == ["staff"]
        ((_, event), *_) = await world.store.list_events(("account.exported",), None, 1)
        assert event.user_id == key

    async def test_it_takes_more_than_looking(self, world):
        viewer = await world.administrator("org_viewer")
        answer = await world.call("POST", f"/users/{world.ids['t1']['user']}/export", viewer)
        problem(answer, 403, "not_allowed")


class TestRegistrationTokens:
    async def test_the_text_is_shown_once(self, world, root):
        body = {"lifetime": 60, "uses": 2}
        made = await world.call("POST", "/registration-tokens", root, body)
        assert made.status_code == 201
        path = made.headers["location"].removeprefix("/api/v1")
        shown = (await world.call("GET", path, root)).json()
        assert (shown["token"], shown["uses"], shown["used"]) == (None, 2, 0)
        assert (await world.call("DELETE", path, root)).status_code == 204

    async def test_pages_go_on_behind_those_that_have_ended(self, world, root):
        for _ in range(2):
            await world.call("POST", "/registration-tokens", root, {"lifetime": 60})
        world.instance.clock.time += 61
        last = (await world.call("POST", "/registration-tokens", root, {})).json()["id"]
        found, cursor = [], {}
        while True:
            answer = await world.call("GET", "/registration-tokens", root, limit=1, **cursor)
            page = answer.json()
            found += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found[-1] == last
        assert len(found) == 3

    @pytest.mark.parametrize("lifetime", [0, -1, 10**18])
    async def test_do_03_lifetimes_are_bounded(self, world, root, lifetime):
        answer = await world.call("POST", "/registration-tokens", root, {"lifetime": lifetime})
        assert problem(answer, 400, "invalid")["errors"][0]["pointer"] == "/lifetime"


class TestLogoutDeliveries:
    async def test_listed_and_tried_again(self, world, root):
        found = (await world.call("GET", "/logout-deliveries", root)).json()["items"]
        assert {one["client_id"] for one in found} == {"t1-web", "t2-web"}
        none = await world.call("GET", "/logout-deliveries", root, state="failed")
        assert none.json()["items"] == []
        path = f"/logout-deliveries/{found[0]['id']}/retry"
        assert (await world.call("POST", path, root)).status_code == 204
        for unknown in ("999999", "x", "9" * 30, "²"):
            answer = await world.call("POST", f"/logout-deliveries/{unknown}/retry", root)
            problem(answer, 404, "not_found")
