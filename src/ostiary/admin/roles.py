"""Roles: what a project says that people can be in it."""

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import projects, texts
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, revise, tell
from ostiary.admin.decode import Request, suggest
from ostiary.admin.errors import AlreadyExists, InUse, Invalid, NotFound, Problem
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_pages
from ostiary.model.organization import Project, Role
from ostiary.oauth.effects import Effects

WHAT = "role"
MAX_ROLES = 500


class RoleFields(Request, frozen=True, kw_only=True):
    """What a role is made with, or what is to change about it."""

    key: str
    name: str | UnsetType | None = UNSET


async def create(
    admin: Admin, actor: Actor, project_id: str, request: RoleFields, *, declared: bool = False
) -> Role:
    """Add a role to a project.

    Raises:
        NotFound: there is no such project for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule, or the project has 500 roles.
        AlreadyExists: the project has a role with this key.
    """
    _check(request)

    async def step() -> tuple[Role, Effects]:
        project = await projects.require(admin, actor, project_id)
        if any(role.key == request.key for role in project.roles):
            raise AlreadyExists("role key", request.key, path="key")
        if len(project.roles) >= MAX_ROLES:
            raise Invalid.at("key", f"a project has at most {MAX_ROLES} roles")
        made = Role(key=request.key, name=request.name or "", declared=declared)
        return made, _write(
            admin, actor, project, (*project.roles, made), event="role.created", key=made.key
        )

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, project_id: str, key: str) -> Role:
    """Return a role of a project.

    Raises:
        NotFound: there is no such project or role for the actor.
    """
    return _find(await projects.show(admin, actor, project_id), key)


async def update(admin: Admin, actor: Actor, project_id: str, request: RoleFields) -> Role:
    """Change the name of a role; its key is what tokens hold, and stays.

    Raises:
        NotFound: there is no such project or role for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
    """
    _check(request)

    async def step() -> tuple[Role, Effects]:
        project = await projects.require(admin, actor, project_id)
        present = _find(project, request.key)
        name = present.name if request.name is UNSET else request.name or ""
        if name == present.name:
            return present, ()
        changed = msgspec.structs.replace(present, name=name)
        roles = tuple(changed if role is present else role for role in project.roles)
        return changed, _write(admin, actor, project, roles, event="role.updated", key=changed.key)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, project_id: str, key: str) -> Role:
    """Take a role from a project.

    Raises:
        NotFound: there is no such project or role for the actor.
        NotAllowed: the actor may only read.
        InUse: somebody still has it, or may assign it.
    """

    async def step() -> tuple[Role, Effects]:
        project = await projects.require(admin, actor, project_id)
        present = _find(project, key)
        if await _assigned(admin, project.id, key):
            raise InUse(WHAT, key, "assignments")
        if await _granted(admin, project.id, key):
            raise InUse(WHAT, key, "project grants")
        roles = tuple(role for role in project.roles if role is not present)
        return present, _write(admin, actor, project, roles, event="role.deleted", key=key)

    return await commit(admin, step)


def _find(project: Project, key: str) -> Role:
    for role in project.roles:
        if role.key == key:
            return role
    raise NotFound(WHAT, key)


async def _assigned(admin: Admin, project_id: str, key: str) -> bool:
    fetch = partial(admin.store.list_role_assignments, project_id, None)
    async for page in read_pages(fetch):
        if any(key in assignment.roles for assignment in page):
            return True
    return False


async def _granted(admin: Admin, project_id: str, key: str) -> bool:
    fetch = partial(admin.store.list_project_grants, project_id, None, None)
    async for page in read_pages(fetch):
        if any(key in grant.roles for grant in page):
            return True
    return False


def _write(  # noqa: PLR0913 - who did what, to which role of which project
    admin: Admin,
    actor: Actor,
    project: Project,
    roles: tuple[Role, ...],
    *,
    event: str,
    key: str,
) -> Effects:
    now = admin.clock.now()
    _, effects = revise(project, {"roles": roles}, now)
    told = tell(
        event,
        actor,
        now,
        organization_id=project.organization_id,
        target=f"{project.id}/{key}",
    )
    return (*effects, told)


def choose(known: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the named ones of the known roles, in the order in which these are known.

    Raises:
        Invalid: one is unknown, or none is named.
    """
    problems = [
        Problem(f"roles[{index}]", f"is no role of this project{suggest(key, known, index)}")
        for index, key in enumerate(keys)
        if key not in known
    ]
    if not keys:
        problems.append(Problem("roles", "must name at least one role"))
    if problems:
        raise Invalid(problems)
    return tuple(key for key in known if key in keys)


def _check(request: RoleFields) -> None:
    problems = []
    if wrong := texts.check_role_key(request.key):
        problems.append(Problem("key", wrong))
    if request.name and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    if problems:
        raise Invalid(problems)
