"""Initial access tokens: who has one may register applications (RFC 7591, 3)."""

from msgspec import UNSET, UnsetType

from ostiary.admin import registration_tokens as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid
from ostiary.admin.registration_tokens import IssuedToken
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of

MAX_LIFETIME = 100 * 365 * 86400


class RegistrationTokenFields(Request, frozen=True, kw_only=True):
    """For how long, and for how many applications, a token is good: without end unless given."""

    lifetime: int | UnsetType | None = UNSET
    uses: int | UnsetType | None = UNSET


class RegistrationToken(View, frozen=True, kw_only=True):
    """An initial access token. `token` is shown when it was made, and null ever after."""

    id: str
    uses: int | None
    used: int
    created_at: Time
    expires_at: Time | None
    token: str | None


def view(issued: IssuedToken) -> RegistrationToken:
    """Show a token."""
    record = issued.record
    return RegistrationToken(
        id=record.id,
        uses=record.uses,
        used=issued.used,
        created_at=time_of(record.created_at),
        expires_at=maybe(record.expires_at),
        token=issued.text,
    )


async def list_tokens(call: Call) -> Listed:
    """List the tokens that have not ended."""
    found = await operations.list_all(
        call.admin, call.idp.store, call.actor, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.record.id)


async def create(call: Call) -> Reply:
    """Make a token."""
    lifetime = None if call.body.lifetime is UNSET else call.body.lifetime
    if lifetime is not None and not 1 <= lifetime <= MAX_LIFETIME:
        raise Invalid.at("lifetime", f"must be 1 to {MAX_LIFETIME} seconds, or null")
    made = await operations.create(
        call.admin,
        call.actor,
        expires_at=None if lifetime is None else call.admin.clock.now() + lifetime,
        uses=None if call.body.uses is UNSET else call.body.uses,
    )
    return Reply(body=view(made), location=f"/registration-tokens/{made.record.id}")


async def show(call: Call) -> Reply:
    """Return a token."""
    key = call.path["registration_token_id"]
    return Reply(body=view(await operations.show(call.idp.store, call.actor, key)))


async def delete(call: Call) -> Reply:
    """End a token."""
    key = call.path["registration_token_id"]
    await operations.delete(call.admin, call.idp.store, call.actor, key)
    return Reply()


_ONE = "/registration-tokens/{registration_token_id}"
ROUTES = (
    Route(
        method="GET",
        path="/registration-tokens",
        name="list_registration_tokens",
        summary="List initial access tokens",
        operation=list_tokens,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=RegistrationToken,
        listing=True,
    ),
    Route(
        method="POST",
        path="/registration-tokens",
        name="create_registration_token",
        summary="Make an initial access token",
        description="It is in the answer, and cannot be read again. It opens nothing as long as "
        "the policy `client_registration` has the mode `off`.",
        operation=create,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        body=RegistrationTokenFields,
        answer=RegistrationToken,
        status=201,
        example={"lifetime": 86400, "uses": 3},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_registration_token",
        summary="Show an initial access token",
        operation=show,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=RegistrationToken,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_registration_token",
        summary="End an initial access token",
        description="What was registered with it stays.",
        operation=delete,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        status=204,
    ),
)
