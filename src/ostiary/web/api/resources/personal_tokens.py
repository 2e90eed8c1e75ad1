"""Personal access tokens of service accounts, and of people where the policy lets them."""

from ostiary.admin import personal_tokens as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.personal_tokens import PersonalTokenFields
from ostiary.model.personal_token import PersonalToken as PersonalTokenRecord
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of

OWNER = Filter(
    name="owner",
    description="Id of the service account, or id or login name of the user, whose tokens are "
    "wanted.",
    required=True,
    example="robot",
)


class PersonalToken(View, frozen=True, kw_only=True):
    """A token that a program uses in its owner's name. `user` may be a service account's id."""

    id: str
    user: str
    organization: str
    name: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    created_at: Time
    expires_at: Time
    last_used_at: Time | None
    token: str | None


def view(record: PersonalTokenRecord, text: str | None = None) -> PersonalToken:
    """Show a token; its text only where it was just made."""
    return PersonalToken(
        id=record.id,
        user=record.user_id,
        organization=record.organization_id,
        name=record.name,
        scopes=record.scopes,
        audience=record.audience,
        created_at=time_of(record.created_at),
        expires_at=time_of(record.expires_at),
        last_used_at=maybe(record.last_used_at),
        token=text,
    )


async def list_tokens(call: Call) -> Listed:
    """List the tokens of a user or a service account."""
    owner = await operations.find_owner(call.admin, call.actor, call.query[OWNER.name])
    found = await operations.list_all(
        call.admin, call.actor, owner, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Make a token."""
    made = await operations.create(call.admin, call.actor, call.body)
    return Reply(body=view(made.token, made.text), location=f"/personal-tokens/{made.token.id}")


async def show(call: Call) -> Reply:
    """Return a token."""
    return Reply(
        body=view(await operations.show(call.admin, call.actor, call.path["personal_token_id"]))
    )


async def revoke(call: Call) -> Reply:
    """Take a token back."""
    await operations.revoke(call.admin, call.actor, call.path["personal_token_id"])
    return Reply()


_ONE = "/personal-tokens/{personal_token_id}"
ROUTES = (
    Route(
        method="GET",
        path="/personal-tokens",
        name="list_personal_tokens",
        summary="List somebody's personal tokens",
        description="Of a user or of a service account; with when each was used last, which is "
        "noted once an hour at most.",
        operation=list_tokens,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=PersonalToken,
        filters=(OWNER,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/personal-tokens",
        name="create_personal_token",
        summary="Make a personal token",
        description="It is in the answer, and cannot be read again. Its scopes are of its "
        "owner's; whoever makes it administers at least as much as the owner does.",
        operation=create,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=PersonalTokenFields,
        answer=PersonalToken,
        status=201,
        example={
            "service_account": "robot",
            "name": "Nightly import",
            "scopes": ["urn:ostiary:api"],
            "lifetime": 7776000,
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_personal_token",
        summary="Show a personal token",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=PersonalToken,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_personal_token",
        summary="Take a personal token back",
        description="It is good for nothing from now on.",
        operation=revoke,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
