"""AD-01: what is outside of an actor's organizations does not exist for the actor."""

import pytest

from ostiary.admin import (
    apis,
    client_secrets,
    clients,
    instance,
    organizations,
    projects,
    role_assignments,
    roles,
    service_accounts,
    user_passwords,
    users,
)
from ostiary.admin.actor import operator
from ostiary.admin.apis import ApiFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.errors import NotAllowed, NotFound
from ostiary.admin.instance import InstanceFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.client import ClientState
from ostiary.model.organization import State
from ostiary.model.user import UserState
from support.actors import holding

OWNER = holding("org_owner", "t1")
AUDITOR = holding("org_viewer", "t1")
ROOT = operator("root")

# Every operation on things of organization `t`, whose ids begin with its name.
READS = {
    "organization": organizations.show,
    "project": lambda a, who, t: projects.show(a, who, f"{t}-shop"),
    "projects": projects.list_all,
    "api": lambda a, who, t: apis.show(a, who, f"{t}-api"),
    "apis": apis.list_all,
    "apis of a project": lambda a, who, t: apis.list_all(a, who, None, f"{t}-shop"),
    "client": lambda a, who, t: clients.show(a, who, f"{t}-web"),
    "clients": clients.list_all,
    "clients of a project": lambda a, who, t: clients.list_all(a, who, None, f"{t}-shop"),
    "user": lambda a, who, t: users.find(a, who, f"{t}-alice"),
    "users": users.list_all,
    "roles": lambda a, who, t: role_assignments.list_all(a, who, f"{t}-shop"),
}
CHANGES = {
    "organization": lambda a, who, t: organizations.update(
        a, who, t, OrganizationFields(name="New")
    ),
    "project": lambda a, who, t: projects.update(a, who, f"{t}-shop", ProjectFields(name="New")),
    "project made": lambda a, who, t: projects.create(a, who, t, ProjectFields(id="new")),
    "project gone": lambda a, who, t: projects.delete(a, who, f"{t}-empty"),
    "role made": lambda a, who, t: roles.create(a, who, f"{t}-shop", RoleFields(key="new")),
    "role": lambda a, who, t: roles.update(a, who, f"{t}-shop", RoleFields(key="r", name="New")),
    "role gone": lambda a, who, t: roles.delete(a, who, f"{t}-shop", "r"),
    "api made": lambda a, who, t: apis.create(
        a, who, f"{t}-shop", ApiFields(id="new", audience="https://new.test")
    ),
    "api": lambda a, who, t: apis.update(a, who, f"{t}-api", ApiFields(scopes=("x",))),
    "api gone": lambda a, who, t: apis.delete(a, who, f"{t}-api"),
    "client made": lambda a, who, t: clients.create(
        a, who, f"{t}-shop", ClientMetadata(redirect_uris=("https://x.test/",))
    ),
    "client": lambda a, who, t: clients.update(
        a, who, f"{t}-web", ClientMetadata(client_name="New")
    ),
    "client secret": lambda a, who, t: client_secrets.rotate_secret(a, who, f"{t}-web"),
    "client state": lambda a, who, t: clients.set_state(
        a, who, f"{t}-web", ClientState.INACTIVE
    ),
    "client gone": lambda a, who, t: clients.delete(a, who, f"{t}-web"),
    "account made": lambda a, who, t: service_accounts.create(a, who, t, ServiceAccountFields()),
    "account": lambda a, who, t: service_accounts.update(
        a, who, f"{t}-robot", ServiceAccountFields(name="New")
    ),
    "user made": lambda a, who, t: users.create(a, who, t, UserFields(username="new")),
    "user": lambda a, who, t: _user(a, who, t, users.update, UserFields(username="new")),
    "user password": lambda a, who, t: _user(a, who, t, user_passwords.set_password),
    "user state": lambda a, who, t: _user(a, who, t, users.set_state, UserState.LOCKED),
    "user gone": lambda a, who, t: _user(a, who, t, users.delete),
    "role granted": lambda a, who, t: role_assignments.assign(
        a, who, RoleAssignmentFields(project=f"{t}-shop", user=f"{t}-alice", roles=("r",))
    ),
    "role revoked": lambda a, who, t: role_assignments.revoke(
        a, who, f"{t}-shop", f"{t}-robot"
    ),
}  # fmt: skip
WHOLE_INSTANCE = {
    "organization made": lambda a, who: organizations.create(a, who, OrganizationFields(id="x")),
    "organization gone": lambda a, who: organizations.delete(a, who, "t1"),
    "organization off": lambda a, who: organizations.update(
        a, who, "t1", OrganizationFields(state=State.INACTIVE)
    ),
    "all projects": lambda a, who: projects.list_all(a, who, None),
    "all users": lambda a, who: users.list_all(a, who, None),
    "all clients": lambda a, who: clients.list_all(a, who, None),
    "all apis": lambda a, who: apis.list_all(a, who, None),
    "instance": instance.show,
    "instance changed": lambda a, who: instance.update(a, who, InstanceFields(rsa_bits=3072)),
}


async def _user(admin, actor, organization, operation, *arguments):
    user = await users.find(admin, ROOT, f"{organization}-alice")
    return await operation(admin, actor, user.id, *arguments)


@pytest.fixture
async def _two_organizations(admin):
    for t in ("t1", "t2"):
        await organizations.create(admin, ROOT, OrganizationFields(id=t))
        for project in ("shop", "empty"):
            await projects.create(admin, ROOT, t, ProjectFields(id=f"{t}-{project}"))
        await roles.create(admin, ROOT, f"{t}-shop", RoleFields(key="r"))
        await apis.create(
            admin, ROOT, f"{t}-shop", ApiFields(id=f"{t}-api", audience=f"https://{t}.test")
        )
        await clients.create(
            admin,
            ROOT,
            f"{t}-shop",
            ClientMetadata(client_id=f"{t}-web", redirect_uris=("https://app.test/",)),
        )
        await service_accounts.create(admin, ROOT, t, ServiceAccountFields(id=f"{t}-robot"))
        await users.create(admin, ROOT, t, UserFields(username=f"{t}-alice"))


@pytest.mark.usefixtures("_two_organizations")
@pytest.mark.parametrize("who", [OWNER, AUDITOR], ids=lambda who: who.id)
@pytest.mark.parametrize("name", READS)
async def test_ad_01_reads(admin, who, name):
    await READS[name](admin, who, "t1")
    with pytest.raises(NotFound):
        await READS[name](admin, who, "t2")


@pytest.mark.usefixtures("_two_organizations")
@pytest.mark.parametrize("name", CHANGES)
async def test_ad_01_changes(admin, desk, name):
    before = desk.writes
    with pytest.raises(NotFound):
        await CHANGES[name](admin, OWNER, "t2")
    with pytest.raises(NotAllowed if name != "role revoked" else (NotAllowed, NotFound)):
        await CHANGES[name](admin, AUDITOR, "t1")
    assert desk.writes == before
    if name == "role revoked":
        fields = RoleAssignmentFields(project="t1-shop", service_account="t1-robot", roles=("r",))
        await role_assignments.assign(admin, ROOT, fields)
    await CHANGES[name](admin, OWNER, "t1")
    assert desk.writes > before


@pytest.mark.usefixtures("_two_organizations")
@pytest.mark.parametrize("name", WHOLE_INSTANCE)
async def test_what_concerns_the_whole_instance(admin, desk, name):
    before = desk.writes
    with pytest.raises(NotAllowed):
        await WHOLE_INSTANCE[name](admin, OWNER)
    assert desk.writes == before


@pytest.mark.usefixtures("_two_organizations")
async def test_ad_07_lists_hold_what_the_actor_reaches(admin):
    assert [one.id for one in await organizations.list_all(admin, OWNER)] == ["t1"]
    assert [one.id for one in await organizations.list_all(admin, ROOT)] == ["t1", "t2"]
    found = await users.list_all(admin, OWNER, "t1")
    assert [one.username for one in found] == ["t1-alice"]
