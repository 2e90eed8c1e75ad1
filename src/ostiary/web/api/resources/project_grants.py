"""Project grants: projects shared with other organizations, with some of their roles."""

from ostiary.admin import project_grants as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.model.membership import ProjectGrant as ProjectGrantRecord
from ostiary.web.api.filters import PROJECT
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import Time, View, maybe

NewProjectGrant = variant("NewProjectGrant", ProjectGrantFields, project=str)
ProjectGrantChanges = variant("ProjectGrantChanges", ProjectGrantFields, without=("organization",))
GRANTED = Filter(
    name="organization",
    description="Id of the organization that projects are shared with. Unless a project is "
    "given, it is needed, but for who administers the whole instance or one organization only.",
    example="globex",
)


class ProjectGrant(View, frozen=True, kw_only=True):
    """A project that another organization may assign some roles of to its own people."""

    id: str
    project: str
    organization: str
    owner: str
    roles: tuple[str, ...]
    created_at: Time | None
    updated_at: Time | None


def view(record: ProjectGrantRecord) -> ProjectGrant:
    """Show a project grant."""
    return ProjectGrant(
        id=record.id,
        project=record.project_id,
        organization=record.granted_organization_id,
        owner=record.organization_id,
        roles=record.roles,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


async def list_grants(call: Call) -> Listed:
    """List with whom a project is shared, or what is shared with an organization."""
    project = call.query.get(PROJECT.name)
    granted = call.query.get(GRANTED.name)
    if project is None and granted is None:
        # A project's own administrator is after its grants, any other after what they were given.
        project = call.project
        granted = None if project is not None else call.organization
    found = await operations.list_all(
        call.admin,
        call.actor,
        project_id=project,
        granted_organization_id=granted,
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Share a project with an organization."""
    place, request = call.body.project, narrow(ProjectGrantFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(made, f"/project-grants/{made.id}")


async def show(call: Call) -> Reply:
    """Return a project grant."""
    return _show(await operations.show(call.admin, call.actor, call.path["project_grant_id"]))


async def update(call: Call) -> Reply:
    """Change which roles may be assigned."""
    key = call.path["project_grant_id"]
    return _show(await operations.update(call.admin, call.actor, key, call.body.roles))


async def delete(call: Call) -> Reply:
    """Take a project back."""
    await operations.delete(call.admin, call.actor, call.path["project_grant_id"])
    return Reply()


def _show(record: ProjectGrantRecord, location: str | None = None) -> Reply:
    return Reply(body=view(record), version=record.version, location=location)


_ONE = "/project-grants/{project_grant_id}"
ROUTES = (
    Route(
        method="GET",
        path="/project-grants",
        name="list_project_grants",
        summary="List project grants",
        description="Those of a project, those to an organization, or both.",
        operation=list_grants,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ProjectGrant,
        filters=(PROJECT, GRANTED),
        listing=True,
    ),
    Route(
        method="POST",
        path="/project-grants",
        name="create_project_grant",
        summary="Share a project with an organization",
        description="Its administrators may assign exactly these roles to their own people.",
        operation=create,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=NewProjectGrant,
        answer=ProjectGrant,
        status=201,
        example={"project": "shop", "organization": "globex", "roles": ["clerk"]},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_project_grant",
        summary="Show a project grant",
        description="To administrators of either side.",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ProjectGrant,
        record=ProjectGrantRecord,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_project_grant",
        summary="Change which roles may be assigned",
        description="Whoever has another one by the grant loses it at once.",
        operation=update,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=ProjectGrantChanges,
        answer=ProjectGrant,
        record=ProjectGrantRecord,
        example={"roles": ["clerk"]},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_project_grant",
        summary="Take a project back from an organization",
        description="Whoever it assigned a role to loses it at once.",
        operation=delete,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
        record=ProjectGrantRecord,
    ),
)
