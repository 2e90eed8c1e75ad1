"""Who belongs where: memberships, groups and projects that are shared."""

import pytest

from ostiary.admin import (
    groups,
    memberships,
    organizations,
    project_grants,
    role_assignments,
    roles,
    users,
)
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.errors import AlreadyExists, Contended, InUse, Invalid, NotAllowed, NotFound
from ostiary.admin.groups import GroupFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole


@pytest.fixture
async def people(admin, actor, acme):
    """Alice of ACME, Bob of Globex, and the roles of the shop."""
    await organizations.create(admin, actor, OrganizationFields(id="globex"))
    for key in ("buyer", "clerk", "boss"):
        await roles.create(admin, actor, "shop", RoleFields(key=key))
    alice = await users.create(admin, actor, "acme", UserFields(username="alice"))
    bob = await users.create(admin, actor, "globex", UserFields(username="bob"))
    return {"alice": alice, "bob": bob}


def only(*organizations):
    owns = tuple(
        Holding(role=AdministratorRole.ORG_OWNER, organization_id=one) for one in organizations
    )
    return Actor(type="user", id="carol", holds=owns)


async def held(admin, user):
    found = await admin.store.role_assignments("shop", user.id)
    return {(one.organization_id, role) for one in found for role in one.roles}


def to(**who):
    return RoleAssignmentFields(project="shop", **who)


class TestMemberships:
    """Users in organizations that are not their home."""

    async def test_a_member_can_be_given_roles_and_loses_them_with_the_membership(
        self, admin, actor, people, desk
    ):
        bob = people["bob"]
        with pytest.raises(NotFound):
            await role_assignments.assign(admin, actor, to(user="bob", roles=("buyer",)))
        await memberships.add(admin, actor, "acme", "bob")
        assert (await memberships.add(admin, actor, "acme", bob.id)).user_id == bob.id
        await role_assignments.assign(admin, actor, to(user="bob", roles=("buyer",)))
        group = await groups.create(admin, actor, "acme", GroupFields(key="staff"))
        await groups.add_member(admin, actor, group.id, "bob")
        await role_assignments.assign(admin, actor, to(group="staff", roles=("boss",)))
        assert await held(admin, bob) == {("acme", "buyer"), ("acme", "boss")}
        ((membership, user),) = await memberships.list_all(admin, actor, "acme")
        assert (membership.organization_id, user.id) == ("acme", bob.id)
        await memberships.remove(admin, actor, "acme", bob.id)
        assert await held(admin, bob) == set()
        assert await groups.list_members(admin, actor, group.id) == ()
        assert await memberships.list_of_user(admin, actor, bob.id) == ()
        told = [event.type for event in desk.events if event.user_id == bob.id]
        assert told[-1] == "membership.removed"
        assert told.count("membership.added") == 1
        with pytest.raises(NotFound):
            await memberships.remove(admin, actor, "acme", bob.id)

    async def test_nobody_is_a_member_of_their_home(self, admin, actor, people):
        with pytest.raises(Invalid, match="home"):
            await memberships.add(admin, actor, "acme", "alice")

    async def test_ad_01_whoever_administers_one_of_both_finds_nobody(self, admin, people):
        for administrator in (only("acme"), only("globex"), only()):
            with pytest.raises(NotFound):
                await memberships.add(admin, administrator, "acme", "bob")
        await memberships.add(admin, only("acme", "globex"), "acme", "bob")
        with pytest.raises(NotFound):
            await memberships.list_all(admin, only("globex"), "acme")
        assert await memberships.list_of_user(admin, only("globex"), "bob") == ()

    async def test_who_is_deleted_is_nowhere(self, admin, actor, people):
        await memberships.add(admin, actor, "acme", "bob")
        group = await groups.create(admin, actor, "acme", GroupFields(key="s", members=("bob",)))
        await users.delete(admin, actor, people["bob"].id)
        assert await memberships.list_all(admin, actor, "acme") == ()
        assert await groups.list_members(admin, actor, group.id) == ()


class TestGroups:
    """People who are given roles together."""

    async def test_the_life_of_a_group(self, admin, actor, people, desk):
        made = await groups.create(
            admin, actor, "acme", GroupFields(key="staff", name="Staff", members=("alice",))
        )
        assert (await groups.find(admin, actor, "acme", "staff")).id == made.id
        with pytest.raises(AlreadyExists):
            await groups.create(admin, actor, "acme", GroupFields(key="staff"))
        # Another organization has its own.
        await groups.create(admin, actor, "globex", GroupFields(key="staff"))
        await role_assignments.assign(admin, actor, to(group="staff", roles=("boss",)))
        assert await held(admin, people["alice"]) == {("acme", "boss")}
        changed = await groups.update(admin, actor, made.id, GroupFields(key="staff", name="All"))
        assert (changed.name, changed.key) == ("All", "staff")
        assert len(await groups.list_members(admin, actor, made.id)) == 1
        await groups.update(admin, actor, made.id, GroupFields(key="staff", members=()))
        assert await held(admin, people["alice"]) == set()
        with pytest.raises(InUse):
            await organizations.delete(admin, actor, "globex")
        await groups.delete(admin, actor, made.id)
        with pytest.raises(NotFound):
            await groups.show(admin, actor, made.id)
        assert await admin.store.list_role_assignments(None, made.id, "", 10) == ()
        told = [event.type for event in desk.events if event.target == made.id]
        assert told == [
            "group.created",
            "group.member_added",
            "group.updated",
            "group.member_removed",
            "group.deleted",
        ]

    async def test_only_those_who_belong_to_the_organization(self, admin, actor, people):
        group = await groups.create(admin, actor, "acme", GroupFields(key="staff"))
        for name in ("bob", people["bob"].id, "nobody"):
            with pytest.raises(NotFound):
                await groups.add_member(admin, actor, group.id, name)
        with pytest.raises(NotFound):
            await groups.remove_member(admin, actor, group.id, people["alice"].id)

    async def test_ad_01_groups_of_others_do_not_exist(self, admin, actor, people):
        group = await groups.create(admin, actor, "acme", GroupFields(key="staff"))
        stranger = only("globex")
        for work in (
            groups.show(admin, stranger, group.id),
            groups.find(admin, stranger, "acme", "staff"),
            groups.update(admin, stranger, group.id, GroupFields(key="staff", name="x")),
            groups.delete(admin, stranger, group.id),
            groups.add_member(admin, stranger, group.id, "alice"),
            groups.list_members(admin, stranger, group.id),
            groups.create(admin, stranger, "acme", GroupFields(key="other")),
        ):
            with pytest.raises(NotFound):
                await work

    @pytest.mark.parametrize(
        "fields",
        [{"key": ""}, {"key": "a b"}, {"key": "a", "name": "a\u202eb"}, {"key": 'a"b'}],
    )
    async def test_groups_that_cannot_be(self, admin, actor, acme, fields):
        with pytest.raises(Invalid):
            await groups.create(admin, actor, "acme", GroupFields(**fields))

    async def test_a_race_for_a_key_has_one_winner(self, admin, actor, acme, race):
        made = await groups.create(race(1), actor, "acme", GroupFields(key="staff"))
        assert made.key == "staff"
        with pytest.raises(Contended):
            await groups.add_member(race(2), actor, made.id, (await one(admin, actor)).id)


async def one(admin, actor):
    return await users.create(admin, actor, "acme", UserFields(username="zoe"))


class TestProjectGrants:
    """A project of ACME that Globex may use."""

    async def test_ad_05_the_other_organization_assigns_only_what_it_was_granted(
        self, admin, actor, people, desk
    ):
        bob = people["bob"]
        theirs = only("globex")
        asked = to(user="bob", roles=("buyer",))
        with pytest.raises(NotFound):
            await role_assignments.assign(admin, theirs, asked, "globex")
        grant = await project_grants.create(
            admin, actor, "shop", ProjectGrantFields(organization="globex", roles=("buyer",))
        )
        await role_assignments.assign(admin, theirs, asked, "globex")
        assert await held(admin, bob) == {("globex", "buyer")}
        with pytest.raises(Invalid):
            await role_assignments.assign(admin, theirs, to(user="bob", roles=("boss",)), "globex")
        # Neither in the name of the owner, nor to others' people, nor to themselves more.
        for giver, name in ((None, "alice"), ("acme", "alice"), ("globex", "alice")):
            with pytest.raises(NotFound):
                await role_assignments.assign(admin, theirs, to(user=name, roles=("buyer",)), giver)
        with pytest.raises(NotAllowed):
            await project_grants.update(admin, theirs, grant.id, ("buyer", "boss"))
        with pytest.raises(NotAllowed):
            await project_grants.delete(admin, theirs, grant.id)
        with pytest.raises(NotFound):
            await project_grants.show(admin, only("other"), grant.id)
        assert await project_grants.list_all(admin, theirs, granted_organization_id="globex") == (
            grant,
        )
        listed = await role_assignments.list_all(admin, theirs, "shop", organization_id="globex")
        assert [one.user_id for one in listed] == [bob.id]
        with pytest.raises(NotFound):
            await role_assignments.list_all(admin, theirs, "shop")

    async def test_taking_back_a_role_or_all_ends_it_at_once(self, admin, actor, people):
        bob = people["bob"]
        grant = await project_grants.create(
            admin,
            actor,
            "shop",
            ProjectGrantFields(organization="globex", roles=("clerk", "buyer")),
        )
        assert grant.roles == ("buyer", "clerk")
        asked = to(user="bob", roles=("buyer", "clerk"))
        await role_assignments.assign(admin, actor, asked, "globex")
        await project_grants.update(admin, actor, grant.id, ("clerk",))
        assert await held(admin, bob) == {("globex", "clerk")}
        with pytest.raises(InUse):
            await roles.delete(admin, actor, "shop", "clerk")
        await project_grants.delete(admin, actor, grant.id)
        assert await held(admin, bob) == set()
        again = ProjectGrantFields(organization="globex", roles=("clerk", "buyer"))
        await project_grants.create(admin, actor, "shop", again)
        assert await held(admin, bob) == set()
        with pytest.raises(AlreadyExists):
            await project_grants.create(admin, actor, "shop", again)

    async def test_grants_that_cannot_be(self, admin, actor, people):
        for fields, error in (
            ({"organization": "globex", "roles": ()}, Invalid),
            ({"organization": "globex", "roles": ("byuer",)}, Invalid),
            ({"organization": "acme", "roles": ("buyer",)}, Invalid),
            ({"organization": "nothing", "roles": ("buyer",)}, NotFound),
        ):
            with pytest.raises(error):
                await project_grants.create(admin, actor, "shop", ProjectGrantFields(**fields))
        with pytest.raises(NotFound):
            await project_grants.create(
                admin,
                only("globex"),
                "shop",
                ProjectGrantFields(organization="globex", roles=("buyer",)),
            )

    async def test_revoking_goes_by_who_gave(self, admin, actor, people):
        fields = ProjectGrantFields(organization="globex", roles=("buyer",))
        await project_grants.create(admin, actor, "shop", fields)
        bob = people["bob"]
        await role_assignments.assign(admin, actor, to(user="bob", roles=("buyer",)), "globex")
        with pytest.raises(NotFound):
            await role_assignments.revoke(admin, actor, "shop", bob.id)
        await role_assignments.revoke(admin, only("globex"), "shop", bob.id, "globex")
        assert await held(admin, bob) == set()
