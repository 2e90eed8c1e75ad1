"""Organizations: the administrative boundaries of an instance."""

from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from ostiary.admin import (
    branding,
    domains,
    holdings,
    logos,
    organization_policies,
    policies,
    texts,
)
from ostiary.admin.actor import (
    Actor,
    Area,
    Level,
    authorize_change,
    authorize_creation,
    authorize_instance,
    authorize_read,
)
from ostiary.admin.branding import BrandingFields
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, InUse, Invalid, NotAllowed, NotFound, Problem
from ostiary.admin.organization import WHAT, read
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.model.client import ClientKind
from ostiary.model.image import ORGANIZATION, Image
from ostiary.model.organization import Organization, State
from ostiary.oauth.effects import Delete, Effects, Insert

DEFAULT_ID = "default"


class OrganizationFields(Request, frozen=True, kw_only=True):
    """What an organization is made with, or what is to change about it."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    domains: tuple[str, ...] | UnsetType | None = UNSET
    policies: Any | UnsetType = UNSET
    branding: BrandingFields | UnsetType | None = UNSET
    state: State | UnsetType = UNSET

    later: ClassVar[frozenset[str]] = frozenset({"administrators"})


async def create(
    admin: Admin, actor: Actor, request: OrganizationFields, *, declared: bool = False
) -> Organization:
    """Make an organization; the id may be chosen, and the name is the id unless given.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
        Invalid: a value breaks a rule.
        AlreadyExists: the id was given out before.
    """
    authorize_instance(actor)
    _check(request)

    async def step() -> tuple[Organization, Effects]:
        now = admin.clock.now()
        key = new_id(now, admin.entropy) if request.id is UNSET else request.id
        if await admin.store.read_organization(key) is not None:
            raise AlreadyExists("organization id", key, path="id")
        values, claimed = await _values(admin, actor, None, key, request)
        made = Organization(
            **{"id": key, "name": key, **values},
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        event = tell("organization.created", actor, now, organization_id=key)
        return made, (Insert(made), *claimed, event)

    return await commit(admin, step)


async def update(
    admin: Admin, actor: Actor, organization_id: str, request: OrganizationFields
) -> Organization:
    """Change an organization. Deactivating it shuts out its users and clients at once.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
    """
    _check(request)

    async def step() -> tuple[Organization, Effects]:
        now = admin.clock.now()
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        values, claimed = await _values(admin, actor, present, present.id, request)
        changes = differences(present, values)
        if "state" in changes:
            authorize_instance(actor)
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = tell(
            "organization.updated",
            actor,
            now,
            organization_id=present.id,
            changed=tuple(changes),
        )
        return changed, (*effects, *claimed, event)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, organization_id: str) -> Organization:
    """Delete an organization that nothing is left in.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor does not reach the whole instance.
        InUse: something is still in it, or shared with it.
    """

    async def step() -> tuple[Organization, Effects]:
        now = admin.clock.now()
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        authorize_instance(actor)
        await _require_empty(admin, present.id)
        erased = {"state": State.DELETED, "domains": (), "pending_domains": ()}
        changed, effects = revise(present, erased, now)
        administered = await holdings.take_all_in(admin, present.id)
        let_go = (*domains.release(present.domains), Delete(Image, ORGANIZATION + present.id))
        event = tell("organization.deleted", actor, now, organization_id=present.id)
        return changed, (*effects, *administered, *let_go, event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, organization_id: str) -> Organization:
    """Return an organization.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await read(admin, organization_id)
    authorize_read(actor, found.id, WHAT, organization_id)
    return found


async def list_all(
    admin: Admin, actor: Actor, *, after: str = "", limit: int = PAGE
) -> tuple[Organization, ...]:
    """Return the organizations that the actor reaches, ordered by id."""
    if actor.organizations is None:
        return await admin.store.list_organizations(after, limit)
    found = []
    for key in sorted(one for one in actor.organizations if one > after and actor.reaches(one)):
        one = await admin.store.read_organization(key)
        if one is not None and one.state is not State.DELETED:
            found.append(one)
    return tuple(found[:limit])


async def require(
    admin: Admin, actor: Actor, organization_id: str, area: Area = Area.ORGANIZATION
) -> Organization:
    """Return the organization that something of an area is to be made in.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """
    found = await read(admin, organization_id)
    authorize_creation(actor, area, found.id, None, NotFound(WHAT, organization_id))
    return found


async def authorize_list(
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    area: Area = Area.ORGANIZATION,
    project_id: str | None = None,
) -> None:
    """Hold a list of things of an area to a place that the actor sees; None stands for all.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor sees the place, but not these things in it; or does not see
            the whole instance, and named no organization.
    """
    if organization_id is None:
        if not actor.may(area, Level.READ):
            raise NotAllowed("Name the organization whose list you want.")
        return
    await read(admin, organization_id)
    if actor.may(area, Level.READ, organization_id, project_id):
        return
    if actor.reaches(organization_id):
        raise NotAllowed(f"Your administrator roles do not let you see this list: {area}.")
    raise NotFound(WHAT, organization_id)


async def _require_empty(admin: Admin, organization_id: str) -> None:
    store = admin.store
    if await store.list_users(organization_id, "", 1):
        raise InUse(WHAT, organization_id, "users")
    if await store.list_projects(organization_id, "", 1):
        raise InUse(WHAT, organization_id, "projects")
    if await store.list_clients(ClientKind.SERVICE_ACCOUNT, organization_id, None, "", 1):
        raise InUse(WHAT, organization_id, "service accounts")
    if await store.list_groups(organization_id, "", 1):
        raise InUse(WHAT, organization_id, "groups")
    if await store.list_members(organization_id, "", 1):
        raise InUse(WHAT, organization_id, "members")
    if await store.list_project_grants(None, None, organization_id, "", 1):
        raise InUse(WHAT, organization_id, "project grants")
    if await store.list_webhooks(organization_id, "", 1):
        raise InUse(WHAT, organization_id, "webhooks")


async def _values(
    admin: Admin, actor: Actor, present: Organization | None, key: str, request: OrganizationFields
) -> tuple[dict[str, Any], Effects]:
    """Return what is given, by field, and the effects that go with it."""
    values: dict[str, Any] = {}
    effects: Effects = ()
    problems: list[Problem] = []
    blank = Organization(id=key, name=key) if present is None else present
    for name in ("name", "state"):
        if getattr(request, name) is not UNSET:
            values[name] = getattr(request, name)
    if request.domains is not UNSET:
        wanted = request.domains or ()
        taken, effects = await domains.take_over(admin, actor, present, key, wanted)
        values |= taken
    if request.policies is not UNSET:
        instance = policies.in_force(await admin.store.read_configuration())
        values["policies"] = organization_policies.merge(
            blank.policies, request.policies, instance, problems
        )
    if request.branding is not UNSET:
        wanted_branding = branding.merge(blank.branding, request.branding, problems)
        values["branding"] = wanted_branding
        before, after = blank.branding.logo, wanted_branding.logo
        effects += logos.follow(ORGANIZATION + key, before, after, admin.clock.now())
    if problems:
        raise Invalid(problems)
    return values, effects


def _check(request: OrganizationFields) -> None:
    problems = []
    if request.id is not UNSET and (wrong := texts.check_id(request.id)):
        problems.append(Problem("id", wrong))
    if request.name is not UNSET and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    problems.extend(domains.check(request.domains or ()))
    if request.state is State.DELETED:
        problems.append(Problem("state", "must be active or inactive: to delete, delete it"))
    if problems:
        raise Invalid(problems)
