"""Grants: what people let applications do (their connected apps)."""

from ostiary.admin import grants as operations
from ostiary.admin.actor import Area, Level
from ostiary.model.grant import Grant as GrantRecord
from ostiary.web.api.filters import required_user
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of


class Grant(View, frozen=True, kw_only=True):
    """What a person let an application do: its codes and tokens end with it."""

    id: str
    user: str
    organization: str
    client_id: str
    session: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    offline: bool
    created_at: Time
    expires_at: Time
    revoked_at: Time | None
    revoked_reason: str | None


def view(record: GrantRecord) -> Grant:
    """Show a grant."""
    return Grant(
        id=record.id,
        user=record.user_id,
        organization=record.organization_id,
        client_id=record.client_id,
        session=record.session_id,
        scopes=record.scopes,
        resources=record.resources,
        offline=record.offline,
        created_at=time_of(record.created_at),
        expires_at=time_of(record.expires_at),
        revoked_at=maybe(record.revoked_at),
        revoked_reason=record.revoked_reason,
    )


async def list_grants(call: Call) -> Listed:
    """List what a user lets applications do now."""
    found = await operations.list_of(
        call.admin,
        call.idp.store,
        call.actor,
        call.query["user"],
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def show(call: Call) -> Reply:
    """Return a grant."""
    found = await operations.show(call.idp.store, call.actor, call.path["grant_id"])
    return Reply(body=view(found))


async def revoke(call: Call) -> Reply:
    """End a grant."""
    await operations.revoke(call.admin, call.idp.store, call.actor, call.path["grant_id"])
    return Reply()


_ONE = "/grants/{grant_id}"
ROUTES = (
    Route(
        method="GET",
        path="/grants",
        name="list_grants",
        summary="List what a user lets applications do",
        description="Those that are good now: the user's connected applications, once for each "
        "time that they were connected.",
        operation=list_grants,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Grant,
        filters=(required_user("whose grants are wanted"),),
        listing=True,
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_grant",
        summary="Show a grant",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Grant,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_grant",
        summary="Disconnect an application",
        description="Every code and token of the grant ends; the user's other grants go on.",
        operation=revoke,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
