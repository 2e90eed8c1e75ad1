"""Delegated administration: nobody gives, takes or opens what they do not hold (AD-05)."""

import pytest

from ostiary.admin import (
    administrators,
    client_secrets,
    clients,
    organizations,
    projects,
    service_account_keys,
    service_accounts,
    user_passwords,
    users,
)
from ostiary.admin.actor import RIGHTS, Actor, Area, Level, operator, within
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.errors import Invalid, NotAllowed, NotFound
from ostiary.admin.holdings import holdings_of
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.admin.user_fields import UserFields
from ostiary.model.administrator import AdministratorRole as Role
from ostiary.model.client import ClientKind
from ostiary.model.event import Source
from ostiary.model.user import UserState
from ostiary.oauth import management
from support.actors import holding

ROOT = operator("root")
ACCOUNT = ClientKind.SERVICE_ACCOUNT


@pytest.fixture(autouse=True)
async def _place(admin):
    for t in ("t1", "t2"):
        await organizations.create(admin, ROOT, OrganizationFields(id=t))
        await projects.create(admin, ROOT, t, ProjectFields(id=f"{t}-shop"))
        await service_accounts.create(admin, ROOT, t, ServiceAccountFields(id=f"{t}-robot"))
        await users.create(admin, ROOT, t, UserFields(username=f"{t}-alice"))


async def make(admin, role, subject="t1-alice", by=ROOT, **place):
    named = {"service_account" if "robot" in subject else "user": subject}
    return await administrators.grant(
        admin, by, AdministratorFields(role=Role(role), **named, **place)
    )


async def actor_of(admin, user_id):
    return Actor(type="user", id=user_id, holds=await holdings_of(admin, user_id))


PLACES = {
    Role.INSTANCE_OWNER: {},
    Role.INSTANCE_VIEWER: {},
    Role.ORG_OWNER: {"organization": "t1"},
    Role.ORG_USER_MANAGER: {"organization": "t1"},
    Role.ORG_VIEWER: {"organization": "t1"},
    Role.PROJECT_OWNER: {"project": "t1-shop"},
}
# What each may give at its own place, or at a place within it.
MAY_GIVE = {
    Role.INSTANCE_OWNER: set(Role),
    Role.INSTANCE_VIEWER: set(),
    Role.ORG_OWNER: {Role.ORG_OWNER, Role.ORG_USER_MANAGER, Role.ORG_VIEWER, Role.PROJECT_OWNER},
    Role.ORG_USER_MANAGER: set(),
    Role.ORG_VIEWER: set(),
    Role.PROJECT_OWNER: {Role.PROJECT_OWNER},
}


@pytest.mark.parametrize("given", Role)
@pytest.mark.parametrize("held", Role)
async def test_ad_05_nobody_gives_or_takes_what_they_do_not_hold(admin, desk, held, given):
    await make(admin, held, "t1-robot", **PLACES[held])
    actor = await actor_of(admin, "t1-robot")
    if given in MAY_GIVE[held]:
        made = await make(admin, given, by=actor, **PLACES[given])
        assert desk.events[-1].type == "administrator.granted"
        await administrators.revoke(admin, actor, made.id)
        assert desk.events[-1].type == "administrator.revoked"
        return
    before = desk.writes
    with pytest.raises((NotAllowed, NotFound)):
        await make(admin, given, by=actor, **PLACES[given])
    # Nor to themselves.
    with pytest.raises((NotAllowed, NotFound)):
        await make(admin, given, "t1-robot", by=actor, **PLACES[given])
    assert desk.writes == before
    present = await make(admin, given, **PLACES[given])
    with pytest.raises((NotAllowed, NotFound)):
        await administrators.revoke(admin, actor, present.id)
    assert await administrators.show(admin, ROOT, present.id) == present


@pytest.mark.parametrize("role", [Role.ORG_OWNER, Role.ORG_VIEWER])
async def test_ad_01_roles_of_other_organizations_do_not_exist(admin, role):
    owner = holding("org_owner", "t1")
    present = await make(admin, role, "t2-alice", organization="t2")
    for operation in (administrators.show, administrators.revoke):
        with pytest.raises(NotFound):
            await operation(admin, owner, present.id)
    with pytest.raises(NotFound):
        await make(admin, role, by=owner, organization="t2")
    with pytest.raises(NotFound):
        await make(admin, "project_owner", by=owner, project="t2-shop")
    # Nor do people: being named is no way to find out who there is.
    with pytest.raises(NotFound):
        await make(admin, role, "t2-alice", by=owner, organization="t1")
    with pytest.raises(NotFound):
        await administrators.list_all(admin, owner, "t2")


OPENING = {
    "password": user_passwords.set_password,
    "e-mail": lambda a, who, user: users.update(a, who, user, UserFields(username="new")),
    "state": lambda a, who, user: users.set_state(a, who, user, UserState.LOCKED),
    "unlock": users.unlock,
    "deletion": users.delete,
}
OPENING_ACCOUNT = {
    "secret": lambda a, who, key: client_secrets.rotate_secret(a, who, key, kind=ACCOUNT),
    "key": lambda a, who, key: service_account_keys.add(a, who, key, alg="ES256"),
    "update": lambda a, who, key: service_accounts.update(
        a, who, key, ServiceAccountFields(name="New")
    ),
    "deletion": lambda a, who, key: clients.delete(a, who, key, kind=ACCOUNT),
}


@pytest.mark.parametrize("role", [Role.INSTANCE_VIEWER, Role.ORG_OWNER, Role.PROJECT_OWNER])
@pytest.mark.parametrize("name", OPENING)
async def test_ad_05_an_account_that_may_do_more_cannot_be_opened(admin, desk, role, name):
    alice = await users.find(admin, ROOT, "t1-alice")
    await make(admin, role, **PLACES[role])
    before = desk.writes
    with pytest.raises(NotAllowed, match="administers more"):
        await OPENING[name](admin, holding("org_user_manager", "t1"), alice.id)
    assert desk.writes == before
    await OPENING[name](admin, ROOT, alice.id)


async def test_everybody_looks_after_their_own_account(admin):
    """Whatever they administer: an owner of the instance changes their password as others do."""
    alice = await users.find(admin, ROOT, "t1-alice")
    await make(admin, "instance_owner")
    herself = within("user", alice.id, "t1", Source())
    await user_passwords.set_password(admin, herself, alice.id)
    somebody_else = within("user", "t1-bob", "t1", Source())
    with pytest.raises(NotAllowed):
        await user_passwords.set_password(admin, somebody_else, alice.id)


@pytest.mark.parametrize("name", OPENING_ACCOUNT)
async def test_ad_05_a_service_account_that_may_do_more_cannot_be_opened(admin, desk, name):
    await make(admin, "instance_owner", "t1-robot")
    before = desk.writes
    with pytest.raises(NotAllowed, match="administers more"):
        await OPENING_ACCOUNT[name](admin, holding("org_owner", "t1"), "t1-robot")
    assert desk.writes == before
    await OPENING_ACCOUNT[name](admin, ROOT, "t1-robot")


async def test_ad_05_an_application_does_not_get_to_manage_in_peoples_names(admin):
    """Whoever signs in to it would lend it everything that they administer."""
    metadata = ClientMetadata(
        client_id="console",
        redirect_uris=("https://console.test/cb",),
        allowed_scopes=("openid", management.SCOPE),
    )
    for lesser in (holding("org_owner", "t1"), holding("project_owner", "t1", "t1-shop")):
        with pytest.raises(NotAllowed):
            await clients.create(admin, lesser, "t1-shop", metadata)
    await clients.create(admin, ROOT, "t1-shop", metadata)
    for operation in (
        lambda who: clients.update(admin, who, "console", ClientMetadata(client_name="X")),
        lambda who: client_secrets.rotate_secret(admin, who, "console"),
        lambda who: clients.delete(admin, who, "console"),
    ):
        with pytest.raises(NotAllowed):
            await operation(holding("org_owner", "t1"))
    ordinary = ClientMetadata(client_id="web", redirect_uris=("https://web.test/cb",))
    await clients.create(admin, holding("org_owner", "t1"), "t1-shop", ordinary)
    with pytest.raises(NotAllowed):
        await clients.update(
            admin,
            holding("org_owner", "t1"),
            "web",
            ClientMetadata(allowed_scopes=("openid", management.SCOPE)),
        )


async def test_a_role_is_given_once(admin, desk):
    first = await make(admin, "org_owner", organization="t1")
    before = desk.writes
    assert await make(admin, "org_owner", organization="t1") == first
    assert desk.writes == before
    await make(admin, "org_owner", organization="t2")
    assert len(await administrators.list_all(admin, ROOT, None)) == 2
    assert await administrators.list_all(admin, ROOT, "t1") == (first,)


async def test_roles_end_with_the_account_and_with_the_place(admin):
    await make(admin, "org_owner", organization="t1")
    await make(admin, "org_viewer", "t1-robot", organization="t1")
    await make(admin, "project_owner", "t2-alice", project="t1-shop")
    await projects.delete(admin, ROOT, "t1-shop")
    assert len(await administrators.list_all(admin, ROOT, "t1")) == 2
    await users.delete(admin, ROOT, (await users.find(admin, ROOT, "t1-alice")).id)
    await clients.delete(admin, ROOT, "t1-robot", kind=ACCOUNT)
    assert await administrators.list_all(admin, ROOT, None) == ()
    await make(admin, "org_owner", "t2-alice", organization="t1")
    await organizations.delete(admin, ROOT, "t1")
    assert await administrators.list_all(admin, ROOT, None) == ()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"role": Role.ORG_OWNER, "user": "t1-alice"}, "organization"),
        ({"role": Role.PROJECT_OWNER, "user": "t1-alice"}, "project"),
        ({"role": Role.ORG_OWNER, "user": "t1-alice", "project": "t1-shop"}, "project"),
        ({"role": Role.INSTANCE_OWNER, "user": "t1-alice", "organization": "t1"}, "organization"),
        ({"role": Role.INSTANCE_OWNER}, "user"),
        ({"role": Role.INSTANCE_OWNER, "user": "a", "service_account": "b"}, "user"),
        (
            {"role": Role.PROJECT_OWNER, "user": "a", "project": "t1-shop", "organization": "t2"},
            "organization",
        ),
    ],
)
async def test_role_and_place_must_fit(admin, fields, path):
    with pytest.raises(Invalid) as refused:
        await administrators.grant(admin, ROOT, AdministratorFields(**fields))
    assert [one.path for one in refused.value.problems] == [path]


def test_whoever_may_change_something_may_see_it():
    assert set(RIGHTS) == set(Role)
    for rights in RIGHTS.values():
        assert set(rights) <= set(Area)
        assert set(rights.values()) <= {Level.READ, Level.WRITE}


async def test_project_owners_see_their_projects_alone(admin):
    await projects.create(admin, ROOT, "t1", ProjectFields(id="t1-other"))
    owner = holding("project_owner", "t1", "t1-shop")
    assert [one.id for one in await projects.list_all(admin, owner, "t1")] == ["t1-shop"]
    assert await organizations.list_all(admin, owner) == ()
    with pytest.raises(NotFound):
        await projects.show(admin, owner, "t1-other")
    with pytest.raises(NotFound):
        await users.find(admin, owner, "t1-alice")
    with pytest.raises(NotAllowed):
        await projects.delete(admin, owner, "t1-shop")
