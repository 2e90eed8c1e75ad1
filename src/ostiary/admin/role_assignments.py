"""Role assignments: what a user or service account is in a project."""

from msgspec import UNSET, UnsetType

from ostiary.admin import projects
from ostiary.admin.actor import Actor, Area, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request, suggest
from ostiary.admin.errors import Invalid, NotFound, Problem
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.users import canonical_name
from ostiary.model.client import ClientKind, ClientState
from ostiary.model.organization import Project, RoleAssignment
from ostiary.model.user import UserState
from ostiary.oauth.effects import Delete, Effects, Insert

WHAT = "role assignment"


class RoleAssignmentFields(Request, frozen=True, kw_only=True):
    """Who is to have which roles in which project.

    `user` is an id or a login name; for a service account its id is given instead.
    """

    project: str
    user: str | UnsetType = UNSET
    service_account: str | UnsetType = UNSET
    roles: tuple[str, ...]


async def assign(
    admin: Admin, actor: Actor, request: RoleAssignmentFields, *, declared: bool = False
) -> RoleAssignment:
    """Give somebody exactly these roles in a project, in place of those they had.

    Raises:
        NotFound: there is no such project, user or service account for the actor.
        NotAllowed: the actor may only read.
        Invalid: the project has no such role, or none is named.
    """

    async def step() -> tuple[RoleAssignment, Effects]:
        now = admin.clock.now()
        project = await projects.require(admin, actor, request.project, Area.ASSIGNMENT)
        _check_roles(project, request.roles)
        subject = await find_subject(admin, request, project.organization_id)
        roles = tuple(role.key for role in project.roles if role.key in request.roles)
        present = await admin.store.read_role_assignment(project.id, subject)
        event = tell(
            "role.granted" if present is None else "role.changed",
            actor,
            now,
            organization_id=project.organization_id,
            user_id=subject,
            target=project.id,
            changed=roles,
        )
        if present is not None:
            changed, effects = revise(present, differences(present, {"roles": roles}), now)
            return changed, (*effects, event) if effects else ()
        made = RoleAssignment(
            id=new_id(now, admin.entropy),
            organization_id=project.organization_id,
            project_id=project.id,
            user_id=subject,
            roles=roles,
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        return made, (Insert(made), event)

    return await commit(admin, step)


async def revoke(admin: Admin, actor: Actor, project_id: str, user_id: str) -> RoleAssignment:
    """Take all roles in a project from somebody.

    Raises:
        NotFound: there is no such project for the actor, or no roles to take.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[RoleAssignment, Effects]:
        now = admin.clock.now()
        project = await projects.require(admin, actor, project_id, Area.ASSIGNMENT)
        present = await admin.store.read_role_assignment(project.id, user_id)
        if present is None:
            raise NotFound(WHAT, f"{project_id}/{user_id}")
        event = tell(
            "role.revoked",
            actor,
            now,
            organization_id=project.organization_id,
            user_id=user_id,
            target=project.id,
        )
        return present, (Delete(RoleAssignment, present.id), event)

    return await commit(admin, step)


async def list_all(
    admin: Admin, actor: Actor, project_id: str, *, after: str = "", limit: int = PAGE
) -> tuple[RoleAssignment, ...]:
    """Return the role assignments of a project, ordered by id.

    Raises:
        NotFound: there is no such project for the actor.
    """
    project = await projects.show(admin, actor, project_id)
    authorize_read(
        actor,
        project.organization_id,
        projects.WHAT,
        project_id,
        Area.ASSIGNMENT,
        project_id=project.id,
    )
    return await admin.store.list_role_assignments(project.id, None, after, limit)


async def show(admin: Admin, actor: Actor, assignment_id: str) -> RoleAssignment:
    """Return a role assignment by its id.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_role_assignment_by_id(assignment_id)
    if found is None:
        raise NotFound(WHAT, assignment_id)
    authorize_read(
        actor,
        found.organization_id,
        WHAT,
        assignment_id,
        Area.ASSIGNMENT,
        project_id=found.project_id,
    )
    return found


async def take_all(admin: Admin, user_id: str) -> tuple[Delete, ...]:
    """Return the effects that take every role from an account that is deleted."""
    found: list[Delete] = []
    after = ""
    while page := await admin.store.list_role_assignments(None, user_id, after, PAGE):
        found.extend(Delete(RoleAssignment, assignment.id) for assignment in page)
        after = page[-1].id
    return tuple(found)


async def find_subject(admin: Admin, request: RoleAssignmentFields, organization_id: str) -> str:
    """Return the id of the user or service account that a request names.

    Users of other organizations exist for it only once project grants do.

    Raises:
        Invalid: it names neither, or both.
        NotFound: there is nobody of that name in the organization.
    """
    if request.service_account is not UNSET and request.user is UNSET:
        key = request.service_account
        client = await admin.store.read_client(key)
        if (
            client is None
            or client.kind is not ClientKind.SERVICE_ACCOUNT
            or client.state is ClientState.DELETED
            or client.organization_id != organization_id
        ):
            raise NotFound("service account", key)
        return client.client_id
    if request.user is UNSET or request.service_account is not UNSET:
        raise Invalid.at("user", "name either a user or a service_account")
    user = await admin.store.read_user_by_login_name(canonical_name(request.user))
    if user is None:
        user = await admin.store.read_user(request.user)
    if user is None or user.state is UserState.DELETED or user.organization_id != organization_id:
        raise NotFound("user", request.user)
    return user.id


def _check_roles(project: Project, keys: tuple[str, ...]) -> None:
    known = [role.key for role in project.roles]
    problems = [
        Problem(f"roles[{index}]", f"is no role of this project{suggest(key, known)}")
        for index, key in enumerate(keys)
        if key not in known
    ]
    if not keys:
        problems.append(Problem("roles", "must name at least one role"))
    if problems:
        raise Invalid(problems)
