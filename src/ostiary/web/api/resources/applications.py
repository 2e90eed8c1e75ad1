"""Applications: the clients of projects (RFC 7591), and their secrets."""

from ostiary.admin import clients as operations
from ostiary.admin import token_preview
from ostiary.admin.actor import Area, Level
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.token_preview import PreviewFields
from ostiary.model.client import Client, ClientKind
from ostiary.oauth.preview import Preview
from ostiary.web.api import views
from ostiary.web.api.client_access import ClientAccess
from ostiary.web.api.filters import ORGANIZATION, PROJECT
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewApplication = variant("NewApplication", ClientMetadata, project=str)
ApplicationChanges = variant("ApplicationChanges", ClientMetadata, without=("client_id",))


async def list_applications(call: Call) -> Listed:
    """List the applications of a project or an organization."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, call.project, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=views.application, key=lambda one: one.client_id)


async def create(call: Call) -> Reply:
    """Register an application."""
    place, metadata = call.body.project, narrow(ClientMetadata, call.body)
    made = await operations.create(call.admin, call.actor, place, metadata)
    return _show(made.client, made.client_secret, f"/applications/{made.client.client_id}")


async def show(call: Call) -> Reply:
    """Return an application."""
    return _show(await operations.show(call.admin, call.actor, call.path["client_id"]))


async def update(call: Call) -> Reply:
    """Change an application."""
    key, metadata = call.path["client_id"], narrow(ClientMetadata, call.body)
    changed = await operations.update(call.admin, call.actor, key, metadata)
    return _show(changed.client, changed.client_secret)


async def delete(call: Call) -> Reply:
    """Delete an application."""
    await operations.delete(call.admin, call.actor, call.path["client_id"])
    return Reply()


async def preview_tokens(call: Call) -> Reply:
    """Return what an application would be told about somebody."""
    key, reader = call.path["client_id"], call.idp.store
    found = await token_preview.show(call.admin, call.actor, key, call.body, reader)
    return Reply(body=found)


def _show(record: Client, secret: str | None = None, location: str | None = None) -> Reply:
    return Reply(body=views.application(record, secret), version=record.version, location=location)


_ONE = "/applications/{client_id}"
_ACCESS = ClientAccess(
    kind=ClientKind.APPLICATION,
    path=_ONE,
    parameter="client_id",
    place=Place.PROJECT,
    answer=views.Application,
    view=views.application,
)
ROUTES = (
    Route(
        method="GET",
        path="/applications",
        name="list_applications",
        summary="List applications",
        operation=list_applications,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Application,
        filters=(ORGANIZATION, PROJECT),
        listing=True,
    ),
    Route(
        method="POST",
        path="/applications",
        name="create_application",
        summary="Register an application",
        description="A secret is made unless one is given or none is needed; it is shown here "
        "and never again. An application that people may let manage this server, by the scope "
        "`urn:ostiary:api`, takes an administrator of the whole instance.",
        operation=create,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=NewApplication,
        answer=views.Application,
        status=201,
        example={
            "project": "shop",
            "client_id": "shop-web",
            "client_name": "Shop",
            "redirect_uris": ["https://shop.example/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_application",
        summary="Show an application",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=views.Application,
        record=Client,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_application",
        summary="Change an application",
        description="Only what is given changes; null puts a member back to its default. A given "
        "secret takes the place of all others at once.",
        operation=update,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=ApplicationChanges,
        answer=views.Application,
        record=Client,
        example={"client_name": "Web shop"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_application",
        summary="Delete an application",
        description="Everything issued to it ends, and its id is never given out again.",
        operation=delete,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        status=204,
        record=Client,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/token-preview",
        name="preview_tokens",
        summary="Preview the tokens of an application",
        description="What an ID token, an access token and userinfo would tell about somebody who "
        "grants these scopes, and which scope or setting put each claim there. Nobody signs in, "
        "and nothing is issued.",
        operation=preview_tokens,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        body=PreviewFields,
        answer=Preview,
        # It writes nothing that could be written twice.
        repeatable=False,
        example={"user": "alice", "scopes": ["openid", "profile"]},
    ),
    *_ACCESS.routes,
)
