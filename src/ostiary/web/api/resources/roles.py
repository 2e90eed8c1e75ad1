"""Roles: what a project says that people can be in it."""

from ostiary.admin import projects
from ostiary.admin import roles as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.roles import RoleFields
from ostiary.model.organization import Role
from ostiary.web.api import views
from ostiary.web.api.filters import required_project
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewRole = variant("NewRole", RoleFields, project=str)
RoleChanges = variant("RoleChanges", RoleFields, without=("key",))


async def list_roles(call: Call) -> Listed:
    """List the roles of a project, ordered by key."""
    project = await projects.show(call.admin, call.actor, call.query["project"])
    found = sorted((one for one in project.roles if one.key > call.after), key=lambda one: one.key)
    return Listed(
        records=found[: call.limit],
        view=lambda one: views.role(project.id, one),
        key=lambda one: one.key,
    )


async def create(call: Call) -> Reply:
    """Add a role to a project."""
    place, request = call.body.project, narrow(RoleFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(place, made, f"/roles/{place}/{made.key}")


async def show(call: Call) -> Reply:
    """Return a role of a project."""
    place, key = call.path["project_id"], call.path["key"]
    return _show(place, await operations.show(call.admin, call.actor, place, key))


async def update(call: Call) -> Reply:
    """Change the name of a role."""
    place = call.path["project_id"]
    request = RoleFields(key=call.path["key"], name=call.body.name)
    return _show(place, await operations.update(call.admin, call.actor, place, request))


async def delete(call: Call) -> Reply:
    """Take a role from a project."""
    await operations.delete(call.admin, call.actor, call.path["project_id"], call.path["key"])
    return Reply()


def _show(project_id: str, record: Role, location: str | None = None) -> Reply:
    return Reply(body=views.role(project_id, record), location=location)


_ONE = "/roles/{project_id}/{key}"
ROUTES = (
    Route(
        method="GET",
        path="/roles",
        name="list_roles",
        summary="List the roles of a project",
        operation=list_roles,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Role,
        filters=(required_project("whose roles are wanted"),),
        listing=True,
    ),
    Route(
        method="POST",
        path="/roles",
        name="create_role",
        summary="Add a role to a project",
        operation=create,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=NewRole,
        answer=views.Role,
        status=201,
        example={"project": "shop", "key": "clerk", "name": "Clerk"},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_role",
        summary="Show a role",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Role,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_role",
        summary="Change the name of a role",
        description="The key is what tokens hold, and stays.",
        operation=update,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=RoleChanges,
        answer=views.Role,
        example={"name": "Shop clerk"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_role",
        summary="Take a role from a project",
        description="Nobody may have it any more.",
        operation=delete,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
    ),
)
