"""Role assignments: what a user, service account or group is in a project.

They are given by the project's own organization to those who belong to it, or by an
organization that the project is granted to, within the roles of that grant.
"""

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import groups, organization, organizations, project_grants, projects, roles
from ostiary.admin.actor import Actor, Area, Level, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.listing import read_all
from ostiary.model.client import ClientKind, ClientState
from ostiary.model.organization import Project, RoleAssignment, State
from ostiary.oauth.effects import Delete, Effects, Emit, Insert

WHAT = "role assignment"


class RoleAssignmentFields(Request, frozen=True, kw_only=True):
    """Who is to have which roles in which project.

    `user` is an id or a login name, `group` a key or an id; for a service account its id is
    given instead.
    """

    project: str
    user: str | UnsetType = UNSET
    service_account: str | UnsetType = UNSET
    group: str | UnsetType = UNSET
    roles: tuple[str, ...]


class _Place(msgspec.Struct, frozen=True):
    """In whose name roles of a project are given, and which of them may be."""

    project: Project
    organization_id: str
    grant_id: str | None
    available: tuple[str, ...]


async def assign(
    admin: Admin,
    actor: Actor,
    request: RoleAssignmentFields,
    organization_id: str | None = None,
    *,
    declared: bool = False,
) -> RoleAssignment:
    """Give somebody exactly these roles in a project, in place of those they had.

    They are given in the name of an organization: that of the project, or another one that
    it is granted to.

    Raises:
        NotFound: there is no such project, or nobody of that name in the organization, for
            the actor.
        NotAllowed: the actor may only read.
        Invalid: the project has, or grants, no such role, or none is named.
    """

    async def step() -> tuple[RoleAssignment, Effects]:
        now = admin.clock.now()
        place = await _find_place(admin, actor, request.project, organization_id)
        chosen = roles.choose(place.available, request.roles)
        subject = await find_subject(admin, request, place.organization_id)
        present = await _read(admin, place, subject)
        kind = "role.granted" if present is None else "role.changed"
        event = _tell(admin, actor, kind, place, subject, changed=chosen)
        if present is not None:
            values = {"roles": chosen, "grant_id": place.grant_id}
            changed, effects = revise(present, differences(present, values), now)
            return changed, (*effects, event) if effects else ()
        made = RoleAssignment(
            id=new_id(now, admin.entropy),
            organization_id=place.organization_id,
            project_id=place.project.id,
            user_id=subject,
            of_group=request.group is not UNSET,
            grant_id=place.grant_id,
            roles=chosen,
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        return made, (Insert(made), event)

    return await commit(admin, step)


async def revoke(
    admin: Admin,
    actor: Actor,
    project_id: str,
    user_id: str,
    organization_id: str | None = None,
) -> RoleAssignment:
    """Take from somebody all roles in a project that an organization gave.

    Raises:
        NotFound: there is no such project for the actor, or no roles to take.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[RoleAssignment, Effects]:
        place = await _find_place(admin, actor, project_id, organization_id)
        present = await _read(admin, place, user_id)
        if present is None:
            raise NotFound(WHAT, f"{project_id}/{user_id}")
        event = _tell(admin, actor, "role.revoked", place, user_id)
        return present, (Delete(RoleAssignment, present.id), event)

    return await commit(admin, step)


async def list_all(  # noqa: PLR0913 - whose assignments, and which page
    admin: Admin,
    actor: Actor,
    project_id: str,
    *,
    organization_id: str | None = None,
    after: str = "",
    limit: int = PAGE,
) -> tuple[RoleAssignment, ...]:
    """Return the role assignments of a project, ordered by id.

    With an organization, those that it gave; its administrators may ask for these.

    Raises:
        NotFound: there is no such project or organization for the actor.
    """
    if organization_id is not None:
        await organizations.show(admin, actor, organization_id)
        authorize_read(actor, organization_id, organization.WHAT, organization_id, Area.ASSIGNMENT)
        return await admin.store.list_role_assignments(
            project_id, None, after, limit, organization_id
        )
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
    """Return a role assignment by its id: to who gave it, and to whose project it is.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_role_assignment_by_id(assignment_id)
    if found is None:
        raise NotFound(WHAT, assignment_id)
    project = await admin.store.read_project(found.project_id)
    if project is not None and actor.may(
        Area.ASSIGNMENT, Level.READ, project.organization_id, project.id
    ):
        return found
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
    found = await read_all(partial(admin.store.list_role_assignments, None, user_id))
    return tuple(Delete(RoleAssignment, assignment.id) for assignment in found)


async def find_subject(admin: Admin, request: RoleAssignmentFields, organization_id: str) -> str:
    """Return the id of the user, service account or group that a request names.

    All belong to the organization: users by home or membership.

    Raises:
        Invalid: it names none, or several.
        NotFound: there is nobody of that name in the organization.
    """
    named = (request.user, request.service_account, request.group)
    if sum(one is not UNSET for one in named) != 1:
        raise Invalid.at("user", "name either a user, a service_account or a group")
    if request.service_account is not UNSET:
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
    if request.group is not UNSET:
        group = await admin.store.read_group_by_key(organization_id, request.group)
        group = group or await admin.store.read_group(request.group)
        if group is None or group.organization_id != organization_id:
            raise NotFound(groups.WHAT, request.group)
        return group.id
    return (await groups.find_person(admin, request.user or "", organization_id)).id


async def _find_place(
    admin: Admin, actor: Actor, project_id: str, organization_id: str | None
) -> _Place:
    project = await admin.store.read_project(project_id)
    if organization_id is None or (
        project is not None and project.organization_id == organization_id
    ):
        project = await projects.require(admin, actor, project_id, Area.ASSIGNMENT)
        return _Place(
            project, project.organization_id, None, tuple(role.key for role in project.roles)
        )
    await organizations.require(admin, actor, organization_id, Area.ASSIGNMENT)
    grant = await project_grants.find(admin, project_id, organization_id)
    if project is None or project.state is not State.ACTIVE:
        raise NotFound(projects.WHAT, project_id)
    return _Place(project, organization_id, grant.id, grant.roles)


async def _read(admin: Admin, place: _Place, subject: str) -> RoleAssignment | None:
    giver = None if place.grant_id is None else place.organization_id
    return await admin.store.read_role_assignment(place.project.id, subject, giver)


def _tell(  # noqa: PLR0913 - who gave or took what from whom
    admin: Admin,
    actor: Actor,
    event: str,
    place: _Place,
    subject: str,
    *,
    changed: tuple[str, ...] = (),
) -> Emit:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=place.organization_id,
        user_id=subject,
        target=place.project.id,
        changed=changed,
    )
