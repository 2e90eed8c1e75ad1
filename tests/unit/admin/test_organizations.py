"""Organizations, projects, roles, APIs and role assignments."""

import pytest

from ostiary.admin import (
    apis,
    clients,
    defaults,
    organizations,
    projects,
    role_assignments,
    roles,
    service_accounts,
    users,
)
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.errors import AlreadyExists, InUse, Invalid, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.organization import State
from support.desk import ISSUER


async def test_an_organization_is_made_changed_and_deleted(admin, actor, desk):
    made = await organizations.create(
        admin, actor, OrganizationFields(id="acme", domains=("acme.test",))
    )
    assert (made.name, made.domains, made.state) == ("acme", ("acme.test",), State.ACTIVE)
    await organizations.update(
        admin, actor, "acme", OrganizationFields(name="ACME", state=State.INACTIVE)
    )
    changed = await organizations.show(admin, actor, "acme")
    assert (changed.name, changed.domains, changed.state) == (
        "ACME",
        ("acme.test",),
        State.INACTIVE,
    )
    await organizations.delete(admin, actor, "acme")
    with pytest.raises(NotFound):
        await organizations.show(admin, actor, "acme")
    with pytest.raises(AlreadyExists):
        await organizations.create(admin, actor, OrganizationFields(id="acme"))
    told = [(event.type, event.details) for event in desk.events]
    assert told == [
        ("organization.created", {}),
        ("organization.updated", {"changed": ["name", "state"]}),
        ("organization.deleted", {}),
    ]


async def test_ids_are_made_where_none_is_chosen(admin, actor):
    made = await organizations.create(admin, actor, OrganizationFields(name="ACME"))
    assert len(made.id) == 36


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (OrganizationFields(id="a/b"), "id"),
        (OrganizationFields(id="a", name=""), "name"),
        (OrganizationFields(id="a", name="a\u202e"), "name"),
        (OrganizationFields(id="a", domains=("acme.test", "nodot")), "domains[1]"),
        (OrganizationFields(id="a", domains=("a.test",) * 101), "domains"),
        (OrganizationFields(id="a", state=State.DELETED), "state"),
    ],
)
async def test_organizations_that_cannot_be(admin, actor, fields, path):
    with pytest.raises(Invalid) as error:
        await organizations.create(admin, actor, fields)
    assert [problem.path for problem in error.value.problems] == [path]


async def test_what_is_in_use_is_not_deleted(admin, actor, acme):
    metadata = ClientMetadata(client_id="web", redirect_uris=("https://app.test/",))
    await clients.create(admin, actor, "shop", metadata)
    await apis.create(admin, actor, "shop", ApiFields(id="orders", audience="https://o.test"))
    user = await users.create(admin, actor, "acme", UserFields(username="alice"))
    await service_accounts.create(admin, actor, "acme", ServiceAccountFields(id="robot"))
    with pytest.raises(InUse, match="applications"):
        await projects.delete(admin, actor, "shop")
    await clients.delete(admin, actor, "web")
    with pytest.raises(InUse, match="APIs"):
        await projects.delete(admin, actor, "shop")
    await apis.delete(admin, actor, "orders")
    with pytest.raises(InUse, match="users"):
        await organizations.delete(admin, actor, "acme")
    await users.delete(admin, actor, user.id)
    with pytest.raises(InUse, match="projects"):
        await organizations.delete(admin, actor, "acme")
    await projects.delete(admin, actor, "shop")
    with pytest.raises(InUse, match="service accounts"):
        await organizations.delete(admin, actor, "acme")


async def test_a_project_is_made_in_an_organization_that_is_there(admin, actor):
    with pytest.raises(NotFound):
        await projects.create(admin, actor, "nowhere", ProjectFields(id="shop"))


async def test_project_ids_are_unique_in_the_instance(admin, actor, acme):
    await organizations.create(admin, actor, OrganizationFields(id="other"))
    with pytest.raises(AlreadyExists) as error:
        await projects.create(admin, actor, "other", ProjectFields(id="shop"))
    assert "acme" not in error.value.message


async def test_roles(admin, actor, acme):
    await roles.create(admin, actor, "shop", RoleFields(key="buyer", name="Buyer"))
    await roles.create(admin, actor, "shop", RoleFields(key="clerk"))
    with pytest.raises(AlreadyExists):
        await roles.create(admin, actor, "shop", RoleFields(key="buyer"))
    await roles.update(admin, actor, "shop", RoleFields(key="clerk", name="Clerk"))
    project = await projects.show(admin, actor, "shop")
    assert [(role.key, role.name) for role in project.roles] == [
        ("buyer", "Buyer"),
        ("clerk", "Clerk"),
    ]
    await roles.delete(admin, actor, "shop", "buyer")
    with pytest.raises(NotFound):
        await roles.delete(admin, actor, "shop", "buyer")
    with pytest.raises(Invalid):
        await roles.create(admin, actor, "shop", RoleFields(key="a b"))


async def test_role_assignments(admin, actor, acme):
    user = await users.create(admin, actor, "acme", UserFields(username="alice"))
    await service_accounts.create(admin, actor, "acme", ServiceAccountFields(id="robot"))
    for key in ("buyer", "clerk"):
        await roles.create(admin, actor, "shop", RoleFields(key=key))

    async def assign(**fields):
        return await role_assignments.assign(
            admin, actor, RoleAssignmentFields(project="shop", **fields)
        )

    first = await assign(user="ALICE", roles=("clerk", "buyer"))
    assert (first.user_id, first.roles) == (user.id, ("buyer", "clerk"))
    second = await assign(user=user.id, roles=("clerk",))
    assert (second.id, second.roles) == (first.id, ("clerk",))
    assert (await assign(service_account="robot", roles=("buyer",))).user_id == "robot"
    with pytest.raises(Invalid, match="did you mean clerk"):
        await assign(user="alice", roles=("clark",))
    with pytest.raises(Invalid, match="at least one role"):
        await assign(user="alice", roles=())
    with pytest.raises(Invalid, match="either a user, a service_account or a group"):
        await assign(roles=("buyer",))
    with pytest.raises(Invalid, match="either a user, a service_account or a group"):
        await assign(user="alice", service_account="robot", roles=("buyer",))
    for nobody in ({"user": "bob"}, {"user": "robot"}, {"service_account": user.id}):
        with pytest.raises(NotFound):
            await assign(**nobody, roles=("buyer",))
    with pytest.raises(InUse):
        await roles.delete(admin, actor, "shop", "clerk")
    listed = await role_assignments.list_all(admin, actor, "shop")
    assert {one.user_id for one in listed} == {user.id, "robot"}
    await role_assignments.revoke(admin, actor, "shop", user.id)
    with pytest.raises(NotFound):
        await role_assignments.revoke(admin, actor, "shop", user.id)


async def test_people_of_other_organizations_get_no_roles(admin, actor, acme):
    await organizations.create(admin, actor, OrganizationFields(id="other"))
    await users.create(admin, actor, "other", UserFields(username="mallory"))
    await roles.create(admin, actor, "shop", RoleFields(key="buyer"))
    with pytest.raises(NotFound):
        await role_assignments.assign(
            admin,
            actor,
            RoleAssignmentFields(project="shop", user="mallory", roles=("buyer",)),
        )


async def test_apis(admin, actor, acme):
    fields = ApiFields(id="orders", audience="https://orders.test", scopes=("orders.read",))
    await apis.create(admin, actor, "shop", fields)
    with pytest.raises(AlreadyExists):
        await apis.create(admin, actor, "shop", fields)
    with pytest.raises(AlreadyExists, match="audience"):
        await apis.create(admin, actor, "shop", ApiFields(audience="https://orders.test"))
    await apis.update(admin, actor, "orders", ApiFields(audience="https://orders.test", scopes=()))
    assert (await apis.show(admin, actor, "orders")).scopes == ()
    await apis.delete(admin, actor, "orders")
    assert await apis.list_all(admin, actor, "acme") == ()
    again = await apis.create(admin, actor, "shop", ApiFields(audience="https://orders.test"))
    assert again.id != "orders"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (ApiFields(id="a"), "audience"),
        (ApiFields(id="a", audience="orders"), "audience"),
        (ApiFields(id="a", audience="https://o.test/#x"), "audience"),
        (ApiFields(id="a", audience=ISSUER), "audience"),
        (ApiFields(id="a", audience=f"{ISSUER}/api/v1"), "audience"),
        (ApiFields(id="a b", audience="https://o.test"), "id"),
        (ApiFields(id="a", audience="https://o.test", scopes=("a b",)), "scopes[0]"),
        (ApiFields(id="a", audience="https://o.test", scopes=("x", "x")), "scopes[1]"),
        (ApiFields(id="a", audience="https://o.test", scopes=("openid",)), "scopes[0]"),
        (ApiFields(id="a", audience="https://o.test", scopes=("urn:ostiary:api",)), "scopes[0]"),
        (ApiFields(id="a", audience="https://o.test", scopes=("s" * 201,)), "scopes[0]"),
        (
            ApiFields(id="a", audience="https://o.test", scopes=tuple(map(str, range(201)))),
            "scopes",
        ),
    ],
    ids=str,
)
async def test_apis_that_cannot_be(admin, actor, acme, fields, path):
    with pytest.raises(Invalid) as error:
        await apis.create(admin, actor, "shop", fields)
    assert [problem.path for problem in error.value.problems] == [path]


async def test_the_default_organization_and_project_are_made_once(admin, actor, desk):
    await defaults.establish(admin)
    writes = desk.writes
    await defaults.establish(admin)
    assert desk.writes == writes == 2
    assert (await projects.show(admin, actor, "default")).organization_id == "default"


async def test_deleted_defaults_stay_deleted(admin, actor):
    await defaults.establish(admin)
    await projects.delete(admin, actor, "default")
    await organizations.delete(admin, actor, "default")
    await defaults.establish(admin)
    assert await organizations.list_all(admin, actor) == ()
