"""Delegated administration against whoever wants more than they hold (AD-05)."""

import pytest

from ostiary.admin import (
    administrators,
    factors,
    groups,
    invitations,
    memberships,
    personal_tokens,
    project_grants,
    recovery,
    role_assignments,
    sessions,
    users,
)
from ostiary.admin.actor import Actor, Area, Holding, Level
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from ostiary.admin.groups import GroupFields
from ostiary.admin.personal_tokens import PersonalTokenFields
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.user_fields import EmailFields, UserFields
from ostiary.identity.users import login_names
from ostiary.model.administrator import AdministratorRole
from ostiary.model.user import User
from ostiary.oauth import management
from ostiary.oauth.effects import Insert
from support.actors import holding
from support.management import ROOT, open_world, problem

ANY = {"If-Match": "*"}


OPENING = {
    "reset link": recovery.send_reset_link,
    "factor": lambda a, who, user: factors.remove(a, who, user, "any"),
    "factors": factors.remove_all,
    "password": factors.remove_password,
    "device": lambda a, who, user: factors.revoke_device(a, who, user, "any"),
    "sessions": sessions.revoke_all,
    "invitation": invitations.resend,
    "withdrawal": invitations.revoke,
}


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


@pytest.fixture
async def staff(world):
    """The id of a group of `t1` that has a role in its shop."""
    group = await groups.create(world.admin, ROOT, "t1", GroupFields(key="crew"))
    request = RoleAssignmentFields(project="t1-shop", group="crew", roles=("clerk",))
    await role_assignments.assign(world.admin, ROOT, request)
    return group.id


class TestActor:
    """Who asks is somebody with nothing, unless it is said what they hold."""

    def test_ad_05_nobody_holds_everything_by_being_forgotten(self):
        with pytest.raises(TypeError, match="holds"):
            Actor(type="user", id="mallory")
        nobody = Actor(type="user", id="mallory", holds=())
        assert not any(nobody.may(area, Level.READ, "t1") for area in Area)
        assert nobody.organizations == frozenset()


class TestBorrowedIds:
    """Users, clients and groups share the ids that roles are given to."""

    async def test_ad_05_a_service_account_is_not_made_under_the_id_of_a_group(self, world, staff):
        """Deleting it would take the roles of the group, in another organization."""
        mallory = await world.administrator("org_user_manager", "t2")
        body = {"organization": "t2", "id": staff}
        answer = await world.call("POST", "/service-accounts", mallory, body)
        problem(answer, 409, "conflict")
        assert await world.store.read_role_assignment("t1-shop", staff) is not None

    async def test_ad_05_an_application_is_not_made_under_the_id_of_a_group(self, world, staff):
        mallory = await world.administrator("project_owner", "t2")
        body = {"project": "t2-shop", "client_id": staff, "redirect_uris": ["https://evil.test/"]}
        problem(await world.call("POST", "/applications", mallory, body), 409, "conflict")

    async def test_ad_05_nobody_is_imported_under_the_id_of_a_group(self, world, staff):
        fields = UserFields(username="mallory")
        with pytest.raises(AlreadyExists):
            await users.create(world.admin, ROOT, "t1", fields, user_id=staff)

    async def test_ad_05_the_id_of_a_group_alone_gives_none_of_its_roles(self, world, staff):
        """Even where the database holds such a person."""
        mallory = User(id=staff, organization_id="t1", username="mallory")
        await world.store.apply((Insert(mallory),))
        assert await world.store.role_assignments("t1-shop", staff) == ()
        alice = world.ids["t1"]["user"]
        await groups.add_member(world.admin, ROOT, staff, alice)
        found = await world.store.role_assignments("t1-shop", alice)
        assert {one.of_group for one in found} == {False, True}


class TestBorrowedNames:
    """Where an id or a login name may be given, nobody is named by the id of somebody else."""

    async def test_ad_05_a_name_that_reads_like_the_id_of_somebody_is_refused(self, world):
        mallory = await world.administrator("org_user_manager", "t2")
        bob = world.ids["t1"]["bob"]
        body = {"organization": "t2", "username": bob}
        problem(await world.call("POST", "/users", mallory, body), 409, "conflict")
        own = world.ids["t2"]["user"]
        renamed = await world.call("PATCH", f"/users/{own}", mallory, {"username": bob}, ANY)
        problem(renamed, 409, "conflict")

    async def test_ad_05_an_id_that_reads_like_the_name_of_somebody_is_refused(self, world):
        fields = UserFields(username="mallory")
        with pytest.raises(AlreadyExists):
            await users.create(world.admin, ROOT, "t2", fields, user_id="t1-bob")

    async def test_ad_05_an_id_counts_before_a_name(self, world):
        """What is meant for the person of an id never goes to whoever took it for a name."""
        bob = world.ids["t1"]["bob"]
        mallory = User(id="mallory", organization_id="t1", username=bob)
        await world.store.apply((Insert(mallory), *map(Insert, login_names(mallory))))
        request = AdministratorFields(role=AdministratorRole.ORG_OWNER, user=bob, organization="t1")
        made = await administrators.grant(world.admin, ROOT, request)
        assert made.user_id == bob
        assigned = await role_assignments.assign(
            world.admin, ROOT, RoleAssignmentFields(project="t1-shop", user=bob, roles=("clerk",))
        )
        assert assigned.user_id == bob
        assert (await users.find(world.admin, ROOT, bob)).id == bob

    async def test_a_user_may_keep_an_id_that_is_their_own_name(self, world):
        fields = UserFields(username="dave")
        made = await users.create(world.admin, ROOT, "t1", fields, user_id="dave")
        changes = UserFields(username="dave", email=EmailFields(address="dave@t1.test"))
        changed = await users.update(world.admin, ROOT, made.id, changes)
        assert changed.email == "dave@t1.test"


class TestBeyondOwnPeople:
    """Who administers people of one place, against people of another and those above."""

    async def test_ad_05_who_may_only_look_at_somebody_puts_them_nowhere(self, world):
        mallory = Actor(
            type="user",
            id="mallory",
            holds=(
                Holding(role=AdministratorRole.ORG_VIEWER, organization_id="t1"),
                Holding(role=AdministratorRole.ORG_OWNER, organization_id="t2"),
            ),
        )
        with pytest.raises(NotAllowed):
            await memberships.add(world.admin, mallory, "t2", "t1-alice")
        assert await world.store.read_membership("t2", world.ids["t1"]["user"]) is None

    async def test_ad_05_nobody_takes_the_tokens_of_those_above_them(self, world):
        above = AdministratorFields(
            role=AdministratorRole.ORG_OWNER, service_account="t1-robot", organization="t1"
        )
        await administrators.grant(world.admin, ROOT, above)
        request = PersonalTokenFields(service_account="t1-robot", scopes=(management.SCOPE,))
        made = await personal_tokens.create(world.admin, ROOT, request)
        below, level = holding("org_user_manager", "t1"), holding("org_owner", "t1")
        with pytest.raises(NotAllowed):
            await personal_tokens.create(world.admin, below, request)
        with pytest.raises(NotAllowed):
            await personal_tokens.revoke(world.admin, below, made.token.id)
        with pytest.raises(NotFound):
            await personal_tokens.revoke(world.admin, holding("org_owner", "t2"), made.token.id)
        await personal_tokens.revoke(world.admin, level, made.token.id)

    async def test_ad_22_a_token_does_not_grow_with_its_person(self, world):
        """Who makes one for somebody else has nothing of the roles that they are given later."""
        configuration = await world.store.read_configuration()
        policies = {"personal_tokens": {"users": True}}
        await world.instance.change(configuration, policies=policies)
        request = PersonalTokenFields(user="t1-alice", scopes=(management.SCOPE,))
        below = holding("org_user_manager", "t1")
        early = await personal_tokens.create(world.admin, below, request)
        world.instance.clock.time += 1
        role = AdministratorFields(
            role=AdministratorRole.ORG_OWNER, user="t1-alice", organization="t1"
        )
        made = await administrators.grant(world.admin, ROOT, role)
        problem(await world.call("GET", "/users", early.text), 403, "not_allowed")
        with pytest.raises(NotAllowed):
            await personal_tokens.create(world.admin, below, request)
        late = await personal_tokens.create(world.admin, ROOT, request)
        assert (await world.call("GET", "/users", late.text)).status_code == 200
        await administrators.revoke(world.admin, ROOT, made.id)
        problem(await world.call("GET", "/users", late.text), 403, "not_allowed")

    @pytest.mark.parametrize("name", OPENING)
    async def test_ad_05_an_account_above_is_not_opened(self, world, name):
        """Neither by what it signs in with, nor by what it is signed in to."""
        bob = world.ids["t1"]["bob"]  # owns a project
        below = holding("org_user_manager", "t1")
        position = await world.store.settled_position()
        with pytest.raises(NotAllowed):
            await OPENING[name](world.admin, below, bob)
        with pytest.raises(NotFound):
            await OPENING[name](world.admin, holding("org_owner", "t2"), bob)
        assert await world.store.settled_position() == position


class TestForeignSubjects:
    """Roles of a project go to those who belong to the organization that gives them."""

    @pytest.mark.parametrize("kind", ["user", "service_account", "group"])
    async def test_ad_05_nobody_of_another_organization_is_given_roles(self, world, staff, kind):
        """And the answer is that of who does not exist."""
        foreign = {
            "user": world.ids["t1"]["bob"],
            "service_account": "t1-robot",
            "group": staff,
        }[kind]
        mallory = await world.administrator("org_owner", "t2")
        body = {"project": "t2-shop", "roles": ["clerk"]}
        answer = await world.call("POST", "/role-assignments", mallory, {**body, kind: foreign})
        unknown = await world.call("POST", "/role-assignments", mallory, {**body, kind: "nobody"})
        told = problem(answer, 404, "not_found")["detail"]
        assert told.replace(foreign, "nobody") == problem(unknown, 404, "not_found")["detail"]

    async def test_ad_05_roles_of_another_organizations_project_are_not_given(self, world):
        """Unless it is shared, and in the name of an organization of one's own."""
        mallory = holding("org_owner", "t2")
        own = world.ids["t2"]["user"]
        request = RoleAssignmentFields(project="t1-shop", user=own, roles=("clerk",))
        for place in (None, "t1", "t2"):
            with pytest.raises(NotFound):
                await role_assignments.assign(world.admin, mallory, request, place)
        shared = ProjectGrantFields(organization="t2", roles=("clerk",))
        await project_grants.create(world.admin, ROOT, "t1-shop", shared)
        more = RoleAssignmentFields(project="t1-shop", user=own, roles=("unused",))
        with pytest.raises(Invalid):
            await role_assignments.assign(world.admin, mallory, more, "t2")
        foreign = RoleAssignmentFields(
            project="t1-shop", user=world.ids["t1"]["user"], roles=("clerk",)
        )
        with pytest.raises(NotFound):
            await role_assignments.assign(world.admin, mallory, foreign, "t2")
        await role_assignments.assign(world.admin, mallory, request, "t2")
