"""Role assignments: what a user or service account is in a project."""

from ostiary.admin import role_assignments as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.model.organization import RoleAssignment as RoleAssignmentRecord
from ostiary.web.api.filters import required_project
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe


class RoleAssignment(View, frozen=True, kw_only=True):
    """The roles that a user or service account has in a project."""

    id: str
    organization: str
    project: str
    user: str
    roles: tuple[str, ...]
    created_at: Time | None
    updated_at: Time | None


def view(record: RoleAssignmentRecord) -> RoleAssignment:
    """Show a role assignment."""
    return RoleAssignment(
        id=record.id,
        organization=record.organization_id,
        project=record.project_id,
        user=record.user_id,
        roles=record.roles,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


async def list_assignments(call: Call) -> Listed:
    """List who has which roles in a project."""
    found = await operations.list_all(
        call.admin, call.actor, call.query["project"], after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def assign(call: Call) -> Reply:
    """Give somebody exactly these roles."""
    made = await operations.assign(call.admin, call.actor, call.body)
    return Reply(body=view(made), location=f"/role-assignments/{made.id}")


async def show(call: Call) -> Reply:
    """Return a role assignment."""
    found = await operations.show(call.admin, call.actor, call.path["assignment_id"])
    return Reply(body=view(found))


async def revoke(call: Call) -> Reply:
    """Take all roles in a project from somebody."""
    found = await operations.show(call.admin, call.actor, call.path["assignment_id"])
    await operations.revoke(call.admin, call.actor, found.project_id, found.user_id)
    return Reply()


_ONE = "/role-assignments/{assignment_id}"
ROUTES = (
    Route(
        method="GET",
        path="/role-assignments",
        name="list_role_assignments",
        summary="List who has which roles in a project",
        operation=list_assignments,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=RoleAssignment,
        filters=(required_project("whose assignments are wanted"),),
        listing=True,
    ),
    Route(
        method="POST",
        path="/role-assignments",
        name="assign_roles",
        summary="Give somebody roles in a project",
        description="Exactly these, in place of those that they had.",
        operation=assign,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=RoleAssignmentFields,
        answer=RoleAssignment,
        status=201,
        example={"project": "shop", "user": "alice", "roles": ["clerk"]},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_role_assignment",
        summary="Show a role assignment",
        operation=show,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=RoleAssignment,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_roles",
        summary="Take all roles in a project from somebody",
        operation=revoke,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
    ),
)
