"""Projects: applications and APIs that share roles."""

from ostiary.admin import projects as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.projects import ProjectFields
from ostiary.model.organization import Project
from ostiary.web.api import views
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewProject = variant("NewProject", ProjectFields, without=("state",), organization=str)
ProjectChanges = variant("ProjectChanges", ProjectFields, without=("id",))


async def list_projects(call: Call) -> Listed:
    """List the projects of an organization."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=views.project, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Make a project."""
    place, request = call.body.organization, narrow(ProjectFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(made, f"/projects/{made.id}")


async def show(call: Call) -> Reply:
    """Return a project."""
    return _show(await operations.show(call.admin, call.actor, call.path["project_id"]))


async def update(call: Call) -> Reply:
    """Change a project."""
    key, request = call.path["project_id"], narrow(ProjectFields, call.body)
    return _show(await operations.update(call.admin, call.actor, key, request))


async def delete(call: Call) -> Reply:
    """Delete a project."""
    await operations.delete(call.admin, call.actor, call.path["project_id"])
    return Reply()


def _show(record: Project, location: str | None = None) -> Reply:
    return Reply(body=views.project(record), version=record.version, location=location)


_ONE = "/projects/{project_id}"
ROUTES = (
    Route(
        method="GET",
        path="/projects",
        name="list_projects",
        summary="List projects",
        description="Those that you administer, of one organization.",
        operation=list_projects,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Project,
        filters=(ORGANIZATION,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/projects",
        name="create_project",
        summary="Make a project",
        description="The id may be chosen; the name is the id unless given.",
        operation=create,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewProject,
        answer=views.Project,
        status=201,
        example={"organization": "acme", "id": "shop", "name": "Shop"},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_project",
        summary="Show a project",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Project,
        record=Project,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_project",
        summary="Change a project",
        description="Only what is given changes.",
        operation=update,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=ProjectChanges,
        answer=views.Project,
        record=Project,
        example={"name": "Web shop"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_project",
        summary="Delete a project",
        description="No application and no API may be left in it; its roles go with it.",
        operation=delete,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        record=Project,
    ),
)
