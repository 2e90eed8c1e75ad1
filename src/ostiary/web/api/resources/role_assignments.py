"""Role assignments: what a user or service account is in a project."""

from msgspec import UNSET, UnsetType

from ostiary.admin import role_assignments as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.model.organization import RoleAssignment as RoleAssignmentRecord
from ostiary.web.api.filters import required_project
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import Time, View, maybe

NewRoleAssignment = variant("NewRoleAssignment", RoleAssignmentFields, organization=str | UnsetType)
GIVER = Filter(
    name="organization",
    description="Only those that this organization gave, which the project is granted to.",
    example="globex",
)


class RoleAssignment(View, frozen=True, kw_only=True):
    """The roles that a user, a service account or a group has in a project.

    `organization` is the one that gave them; `user` may be a service account's id.
    """

    id: str
    organization: str
    project: str
    user: str | None
    group: str | None
    roles: tuple[str, ...]
    created_at: Time | None
    updated_at: Time | None


def view(record: RoleAssignmentRecord) -> RoleAssignment:
    """Show a role assignment."""
    return RoleAssignment(
        id=record.id,
        organization=record.organization_id,
        project=record.project_id,
        user=None if record.of_group else record.user_id,
        group=record.user_id if record.of_group else None,
        roles=record.roles,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


async def list_assignments(call: Call) -> Listed:
    """List who has which roles in a project."""
    found = await operations.list_all(
        call.admin,
        call.actor,
        call.query["project"],
        organization_id=call.query.get(GIVER.name),
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def assign(call: Call) -> Reply:
    """Give somebody exactly these roles."""
    giver = None if call.body.organization is UNSET else call.body.organization
    request = narrow(RoleAssignmentFields, call.body)
    made = await operations.assign(call.admin, call.actor, request, giver)
    return Reply(body=view(made), location=f"/role-assignments/{made.id}")


async def show(call: Call) -> Reply:
    """Return a role assignment."""
    found = await operations.show(call.admin, call.actor, call.path["assignment_id"])
    return Reply(body=view(found))


async def revoke(call: Call) -> Reply:
    """Take all roles in a project from somebody."""
    found = await operations.show(call.admin, call.actor, call.path["assignment_id"])
    await operations.revoke(
        call.admin, call.actor, found.project_id, found.user_id, found.organization_id
    )
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
        filters=(required_project("whose assignments are wanted"), GIVER),
        listing=True,
    ),
    Route(
        method="POST",
        path="/role-assignments",
        name="assign_roles",
        summary="Give somebody roles in a project",
        description="Exactly these, in place of those that they had. They are given in the name "
        "of the project's own organization, or of another one that the project is granted to.",
        operation=assign,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=NewRoleAssignment,
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
