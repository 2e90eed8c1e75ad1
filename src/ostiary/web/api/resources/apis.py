"""APIs: resource servers with an audience and scopes of their own (RFC 8707)."""

from ostiary.admin import apis as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.apis import ApiFields
from ostiary.model.organization import Api
from ostiary.web.api import views
from ostiary.web.api.filters import ORGANIZATION, PROJECT
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewApi = variant("NewApi", ApiFields, without=("state",), required=("audience",), project=str)
ApiChanges = variant("ApiChanges", ApiFields, without=("id",))


async def list_apis(call: Call) -> Listed:
    """List the APIs of a project or an organization."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, call.project, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=views.api, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Add an API to a project."""
    place, request = call.body.project, narrow(ApiFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(made, f"/apis/{made.id}")


async def show(call: Call) -> Reply:
    """Return an API."""
    return _show(await operations.show(call.admin, call.actor, call.path["api_id"]))


async def update(call: Call) -> Reply:
    """Change an API."""
    key, request = call.path["api_id"], narrow(ApiFields, call.body)
    return _show(await operations.update(call.admin, call.actor, key, request))


async def delete(call: Call) -> Reply:
    """Delete an API."""
    await operations.delete(call.admin, call.actor, call.path["api_id"])
    return Reply()


def _show(record: Api, location: str | None = None) -> Reply:
    return Reply(body=views.api(record), version=record.version, location=location)


_ONE = "/apis/{api_id}"
ROUTES = (
    Route(
        method="GET",
        path="/apis",
        name="list_apis",
        summary="List APIs",
        operation=list_apis,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Api,
        filters=(ORGANIZATION, PROJECT),
        listing=True,
    ),
    Route(
        method="POST",
        path="/apis",
        name="create_api",
        summary="Add an API to a project",
        operation=create,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=NewApi,
        answer=views.Api,
        status=201,
        example={
            "project": "shop",
            "id": "orders",
            "audience": "https://orders.acme.example",
            "scopes": ["orders.read", "orders.write"],
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_api",
        summary="Show an API",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Api,
        record=Api,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_api",
        summary="Change an API",
        description="Only what is given changes. Applications keep scopes that it no longer has, "
        "without use.",
        operation=update,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=ApiChanges,
        answer=views.Api,
        record=Api,
        example={"scopes": ["orders.read"]},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_api",
        summary="Delete an API",
        description="No new tokens are issued for it.",
        operation=delete,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
        record=Api,
    ),
)
