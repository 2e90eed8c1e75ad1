"""Administrators: who may manage what."""

from ostiary.admin import administrators as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.administrators import AdministratorFields
from ostiary.model.administrator import Administrator as AdministratorRecord
from ostiary.model.administrator import AdministratorRole
from ostiary.web.api.filters import ORGANIZATION, PROJECT
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe


class Administrator(View, frozen=True, kw_only=True):
    """A role that a user or service account holds, in the instance or in a part of it."""

    id: str
    user: str
    role: AdministratorRole
    organization: str | None
    project: str | None
    created_at: Time | None


def view(record: AdministratorRecord) -> Administrator:
    """Show an administrator."""
    return Administrator(
        id=record.id,
        user=record.user_id,
        role=record.role,
        organization=record.organization_id,
        project=record.project_id,
        created_at=maybe(record.created_at),
    )


async def list_administrators(call: Call) -> Listed:
    """List the administrators of a project, an organization or the instance."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, call.project, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def grant(call: Call) -> Reply:
    """Make somebody an administrator."""
    made = await operations.grant(call.admin, call.actor, call.body)
    return Reply(body=view(made), location=f"/administrators/{made.id}")


async def show(call: Call) -> Reply:
    """Return an administrator."""
    found = await operations.show(call.admin, call.actor, call.path["administrator_id"])
    return Reply(body=view(found))


async def revoke(call: Call) -> Reply:
    """Take a role away from an administrator."""
    await operations.revoke(call.admin, call.actor, call.path["administrator_id"])
    return Reply()


_ONE = "/administrators/{administrator_id}"
ROUTES = (
    Route(
        method="GET",
        path="/administrators",
        name="list_administrators",
        summary="List administrators",
        description="Those of an organization include those of its projects.",
        operation=list_administrators,
        area=Area.ADMINISTRATOR,
        level=Level.READ,
        place=Place.PROJECT,
        answer=Administrator,
        filters=(ORGANIZATION, PROJECT),
        listing=True,
    ),
    Route(
        method="POST",
        path="/administrators",
        name="grant_administrator",
        summary="Make somebody an administrator",
        description="The roles `org_…` name an organization, `project_owner` a project, the "
        "others neither. You can give what you hold yourself, and no more.",
        operation=grant,
        area=Area.ADMINISTRATOR,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=AdministratorFields,
        answer=Administrator,
        status=201,
        example={"user": "alice", "role": "org_user_manager", "organization": "acme"},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_administrator",
        summary="Show an administrator",
        operation=show,
        area=Area.ADMINISTRATOR,
        level=Level.READ,
        place=Place.PROJECT,
        answer=Administrator,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_administrator",
        summary="Take a role away from an administrator",
        description="Whatever they do next is refused.",
        operation=revoke,
        area=Area.ADMINISTRATOR,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
    ),
)
