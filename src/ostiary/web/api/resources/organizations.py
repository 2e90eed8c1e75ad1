"""Organizations: the administrative boundaries of an instance."""

from ostiary.admin import organizations as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.organizations import OrganizationFields
from ostiary.model.organization import Organization
from ostiary.web.api import views
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewOrganization = variant("NewOrganization", OrganizationFields, without=("state",))
OrganizationChanges = variant("OrganizationChanges", OrganizationFields, without=("id",))


async def list_organizations(call: Call) -> Listed:
    """List the organizations that the caller administers something in."""
    found = await operations.list_all(call.admin, call.actor, after=call.after, limit=call.limit)
    return Listed(records=found, view=views.organization, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Make an organization."""
    made = await operations.create(call.admin, call.actor, narrow(OrganizationFields, call.body))
    return _show(made, f"/organizations/{made.id}")


async def show(call: Call) -> Reply:
    """Return an organization."""
    return _show(await operations.show(call.admin, call.actor, call.path["organization_id"]))


async def update(call: Call) -> Reply:
    """Change an organization."""
    key, request = call.path["organization_id"], narrow(OrganizationFields, call.body)
    return _show(await operations.update(call.admin, call.actor, key, request))


async def delete(call: Call) -> Reply:
    """Delete an organization."""
    await operations.delete(call.admin, call.actor, call.path["organization_id"])
    return Reply()


def _show(record: Organization, location: str | None = None) -> Reply:
    return Reply(body=views.organization(record), version=record.version, location=location)


_ONE = "/organizations/{organization_id}"
ROUTES = (
    Route(
        method="GET",
        path="/organizations",
        name="list_organizations",
        summary="List organizations",
        description="Those that you administer, ordered by id.",
        operation=list_organizations,
        area=Area.ORGANIZATION,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.Organization,
        listing=True,
    ),
    Route(
        method="POST",
        path="/organizations",
        name="create_organization",
        summary="Make an organization",
        description="The id may be chosen; the name is the id unless given.",
        operation=create,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        body=NewOrganization,
        answer=views.Organization,
        status=201,
        example={"id": "acme", "name": "ACME", "domains": ["acme.example"]},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_organization",
        summary="Show an organization",
        operation=show,
        area=Area.ORGANIZATION,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.Organization,
        record=Organization,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_organization",
        summary="Change an organization",
        description="Only what is given changes. Switching one off, which shuts out its people "
        "and applications at once, takes an administrator of the whole instance.",
        operation=update,
        area=Area.ORGANIZATION,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=OrganizationChanges,
        answer=views.Organization,
        record=Organization,
        example={"name": "ACME Corporation"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_organization",
        summary="Delete an organization",
        description="Nothing may be left in it. Its id is never given out again.",
        operation=delete,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        status=204,
        record=Organization,
    ),
)
