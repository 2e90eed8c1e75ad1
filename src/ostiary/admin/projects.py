"""Projects: groups of applications and APIs that share roles."""

from typing import Any

from msgspec import UNSET, UnsetType

from ostiary.admin import holdings, organizations, texts
from ostiary.admin.actor import Actor, Area, Level, authorize_creation, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, InUse, Invalid, NotAllowed, NotFound, Problem
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.model.client import ClientKind
from ostiary.model.organization import ExchangeMode, ExchangeRule, Project, State
from ostiary.oauth.effects import Effects, Insert

WHAT = "project"
DEFAULT_ID = "default"
MAX_RULES = 100
MAX_AUDIENCES = 100


class ExchangeFields(Request, frozen=True, kw_only=True):
    """A rule about token exchange: see `ostiary.model.organization.ExchangeRule`."""

    actor: str
    subject_client: str
    audiences: tuple[str, ...]
    mode: ExchangeMode = ExchangeMode.DELEGATION


class ProjectFields(Request, frozen=True, kw_only=True):
    """What a project is made with, or what is to change about it."""

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    state: State | UnsetType = UNSET
    token_exchange: tuple[ExchangeFields, ...] | UnsetType | None = UNSET


async def create(
    admin: Admin,
    actor: Actor,
    organization_id: str,
    request: ProjectFields,
    *,
    declared: bool = False,
) -> Project:
    """Make a project; the id may be chosen, and the name is the id unless given.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: the id was given out before.
    """
    _check(request)

    async def step() -> tuple[Project, Effects]:
        now = admin.clock.now()
        organization = await organizations.require(admin, actor, organization_id, Area.PROJECT)
        key = new_id(now, admin.entropy) if request.id is UNSET else request.id
        if await admin.store.read_project(key) is not None:
            raise AlreadyExists("project id", key, path="id")
        made = Project(
            id=key,
            organization_id=organization.id,
            name=key if request.name is UNSET else request.name,
            token_exchange=_rules(request),
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        event = tell("project.created", actor, now, organization_id=organization.id, target=key)
        return made, (Insert(made), event)

    return await commit(admin, step)


async def update(admin: Admin, actor: Actor, project_id: str, request: ProjectFields) -> Project:
    """Change the name or state of a project.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
    """
    _check(request)

    async def step() -> tuple[Project, Effects]:
        now = admin.clock.now()
        present = await require(admin, actor, project_id)
        given = {"name": request.name, "state": request.state}
        values: dict[str, Any] = {
            name: value for name, value in given.items() if value is not UNSET
        }
        if request.token_exchange is not UNSET:
            values["token_exchange"] = _rules(request)
        changes = differences(present, values)
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = tell(
            "project.updated",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
            changed=tuple(changes),
        )
        return changed, (*effects, event)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, project_id: str) -> Project:
    """Delete a project that nothing is left in; its roles go with it.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        InUse: it still has applications, APIs or grants.
    """

    async def step() -> tuple[Project, Effects]:
        now = admin.clock.now()
        present = await require(admin, actor, project_id)
        if not actor.may(Area.PROJECT, Level.WRITE, present.organization_id):
            raise NotAllowed("Whoever administers the organization can delete its projects.")
        if await admin.store.list_clients(ClientKind.APPLICATION, None, present.id, "", 1):
            raise InUse(WHAT, project_id, "applications")
        if await admin.store.list_apis(None, present.id, "", 1):
            raise InUse(WHAT, project_id, "APIs")
        if await admin.store.list_project_grants(present.id, None, None, "", 1):
            raise InUse(WHAT, project_id, "grants")
        changed, effects = revise(present, {"state": State.DELETED, "roles": ()}, now)
        administered = await holdings.take_all_in(admin, present.organization_id, present.id)
        event = tell(
            "project.deleted",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
        )
        return changed, (*effects, *administered, event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, project_id: str) -> Project:
    """Return a project.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await _read(admin, project_id)
    authorize_read(
        actor, found.organization_id, WHAT, project_id, Area.PROJECT, project_id=found.id
    )
    return found


async def find_place(
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None,
    area: Area = Area.PROJECT,
) -> str | None:
    """Hold a list of things of a project, an organization or all to what the actor sees.

    Returns:
        The organization that they are in, which is that of the project where one is named.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    if project_id is not None:
        organization_id = (await show(admin, actor, project_id)).organization_id
    await organizations.authorize_list(admin, actor, organization_id, area, project_id)
    return organization_id


async def list_all(
    admin: Admin, actor: Actor, organization_id: str | None, *, after: str = "", limit: int = PAGE
) -> tuple[Project, ...]:
    """Return the projects of an organization, or of all, ordered by id.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    if organization_id is not None and not actor.may(Area.PROJECT, Level.READ, organization_id):
        found = await _own(admin, actor, organization_id)
        if found:
            return tuple(one for one in found if one.id > after)[:limit]
    await organizations.authorize_list(admin, actor, organization_id, Area.PROJECT)
    return await admin.store.list_projects(organization_id, after, limit)


async def require(
    admin: Admin, actor: Actor, project_id: str, area: Area = Area.PROJECT
) -> Project:
    """Return a project that is to be changed, or that something of an area is to be made in.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """
    found = await _read(admin, project_id)
    unknown = NotFound(WHAT, project_id)
    authorize_creation(actor, area, found.organization_id, found.id, unknown)
    return found


async def _own(admin: Admin, actor: Actor, organization_id: str) -> list[Project]:
    """Return the projects that the actor administers one by one."""
    found = [await admin.store.read_project(key) for key in sorted(actor.projects)]
    return [
        one
        for one in found
        if one is not None
        and one.organization_id == organization_id
        and one.state is not State.DELETED
        and actor.may(Area.PROJECT, Level.READ, organization_id, one.id)
    ]


async def _read(admin: Admin, project_id: str) -> Project:
    found = await admin.store.read_project(project_id)
    if found is None or found.state is State.DELETED:
        raise NotFound(WHAT, project_id)
    return found


def _check(request: ProjectFields) -> None:
    problems = []
    if request.id is not UNSET and (wrong := texts.check_id(request.id)):
        problems.append(Problem("id", wrong))
    if request.name is not UNSET and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    if request.state is State.DELETED:
        problems.append(Problem("state", "must be active or inactive: to delete, delete it"))
    for index, rule in enumerate(request.token_exchange or ()):
        path = f"token_exchange[{index}]"
        problems += [
            Problem(f"{path}.{name}", wrong)
            for name in ("actor", "subject_client")
            if (wrong := texts.check_client_id(getattr(rule, name)))
        ]
        if not 0 < len(rule.audiences) <= MAX_AUDIENCES:
            problems.append(Problem(f"{path}.audiences", f"must name 1 to {MAX_AUDIENCES} APIs"))
    if len(request.token_exchange or ()) > MAX_RULES:
        problems.append(Problem("token_exchange", f"must have at most {MAX_RULES} rules"))
    if problems:
        raise Invalid(problems)


def _rules(request: ProjectFields) -> tuple[ExchangeRule, ...]:
    return tuple(
        ExchangeRule(
            actor=rule.actor,
            subject_client=rule.subject_client,
            audiences=rule.audiences,
            mode=rule.mode,
        )
        for rule in request.token_exchange or ()
    )
