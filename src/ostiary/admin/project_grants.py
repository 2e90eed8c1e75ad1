"""Project grants: a project shared with another organization, with some of its roles.

The other organization's administrators assign these roles to their own people, and no
others. Taking a grant back ends every assignment that rests on it.
"""

from functools import partial

from ostiary.admin import organization, organizations, projects, roles
from ostiary.admin.actor import Actor, Area, Level, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.listing import read_pages
from ostiary.model.membership import ProjectGrant
from ostiary.model.organization import Project, RoleAssignment, State
from ostiary.oauth.effects import Delete, Effects, Emit, Insert

WHAT = "project grant"


class ProjectGrantFields(Request, frozen=True, kw_only=True):
    """The organization that a project is shared with, and the roles it may assign."""

    organization: str
    roles: tuple[str, ...]


async def create(
    admin: Admin,
    actor: Actor,
    project_id: str,
    request: ProjectGrantFields,
    *,
    declared: bool = False,
) -> ProjectGrant:
    """Share a project with another organization.

    Raises:
        NotFound: there is no such project for the actor, or no such organization at all.
        NotAllowed: the actor may only read.
        Invalid: the project has no such role, none is named, or it belongs to them.
        AlreadyExists: it is shared with this organization.
    """

    async def step() -> tuple[ProjectGrant, Effects]:
        now = admin.clock.now()
        project = await projects.require(admin, actor, project_id)
        chosen = roles.choose(_keys(project), request.roles)
        await _require_other(admin, project, request.organization)
        if await admin.store.read_project_grant_to(project.id, request.organization) is not None:
            raise AlreadyExists(
                "organization",
                request.organization,
                path="organization",
                hint="The project is shared with it: change that grant.",
            )
        made = ProjectGrant(
            id=new_id(now, admin.entropy),
            project_id=project.id,
            organization_id=project.organization_id,
            granted_organization_id=request.organization,
            roles=chosen,
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        return made, (Insert(made), _tell(admin, actor, made, "project_grant.created", chosen))

    return await commit(admin, step)


async def update(
    admin: Admin, actor: Actor, grant_id: str, wanted: tuple[str, ...]
) -> ProjectGrant:
    """Change which roles may be assigned; whoever has another one loses it at once.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: the project has no such role, or none is named.
    """

    async def step() -> tuple[ProjectGrant, Effects]:
        present = await _require(admin, actor, grant_id)
        project = await projects.require(admin, actor, present.project_id)
        changes = differences(present, {"roles": roles.choose(_keys(project), wanted)})
        changed, effects = revise(present, changes, admin.clock.now())
        if not effects:
            return present, ()
        event = _tell(admin, actor, changed, "project_grant.changed", changed.roles)
        return changed, (*effects, event)

    return await commit(admin, step)


async def delete(admin: Admin, actor: Actor, grant_id: str) -> ProjectGrant:
    """Take a project back: assignments of its roles by the other organization end at once.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[ProjectGrant, Effects]:
        present = await _require(admin, actor, grant_id)
        event = _tell(admin, actor, present, "project_grant.revoked", ())
        return present, (Delete(ProjectGrant, present.id), event)

    deleted = await commit(admin, step)
    # Without their grant they count for nothing; they go in steps of their own.
    async for page in read_pages(partial(admin.store.list_assignments_of_grant, deleted.id)):
        await admin.store.apply(tuple(Delete(RoleAssignment, one.id) for one in page))
    return deleted


async def show(admin: Admin, actor: Actor, grant_id: str) -> ProjectGrant:
    """Return a project grant, to either side of it.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_project_grant(grant_id)
    if found is None or not _sees(actor, found):
        raise NotFound(WHAT, grant_id)
    return found


async def list_all(  # noqa: PLR0913 - whose grants, and which page
    admin: Admin,
    actor: Actor,
    *,
    project_id: str | None = None,
    granted_organization_id: str | None = None,
    after: str = "",
    limit: int = PAGE,
) -> tuple[ProjectGrant, ...]:
    """Return the grants of a project, those to an organization, or both, ordered by id.

    Raises:
        NotFound: there is no such project or organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    if project_id is not None:
        project = await projects.show(admin, actor, project_id)
        authorize_read(
            actor,
            project.organization_id,
            projects.WHAT,
            project_id,
            Area.PROJECT,
            project_id=project.id,
        )
    else:
        await organizations.authorize_list(admin, actor, granted_organization_id, Area.PROJECT)
    return await admin.store.list_project_grants(
        project_id, None, granted_organization_id, after, limit
    )


async def find(admin: Admin, project_id: str, organization_id: str) -> ProjectGrant:
    """Return the grant of a project to an organization.

    Raises:
        NotFound: the project is not shared with it, or does not exist.
    """
    found = await admin.store.read_project_grant_to(project_id, organization_id)
    if found is None:
        raise NotFound(projects.WHAT, project_id)
    return found


async def _require(admin: Admin, actor: Actor, grant_id: str) -> ProjectGrant:
    found = await admin.store.read_project_grant(grant_id)
    if found is None or not _sees(actor, found):
        raise NotFound(WHAT, grant_id)
    try:
        await projects.require(admin, actor, found.project_id)
    except NotFound:
        raise NotAllowed(
            "Only administrators of the project's own organization change its grants."
        ) from None
    return found


def _sees(actor: Actor, grant: ProjectGrant) -> bool:
    own = actor.may(Area.PROJECT, Level.READ, grant.organization_id, grant.project_id)
    return own or actor.may(Area.PROJECT, Level.READ, grant.granted_organization_id)


async def _require_other(admin: Admin, project: Project, organization_id: str) -> None:
    if organization_id == project.organization_id:
        raise Invalid.at("organization", "owns the project: it needs no grant")
    found = await admin.store.read_organization(organization_id)
    if found is None or found.state is State.DELETED:
        raise NotFound(organization.WHAT, organization_id)


def _keys(project: Project) -> tuple[str, ...]:
    return tuple(role.key for role in project.roles)


def _tell(
    admin: Admin, actor: Actor, grant: ProjectGrant, event: str, roles: tuple[str, ...]
) -> Emit:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=grant.organization_id,
        target=f"{grant.project_id}/{grant.granted_organization_id}",
        changed=roles,
    )
