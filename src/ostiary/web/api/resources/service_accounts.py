"""Service accounts: machines with an identity of their own; their keys and secrets."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import clients, service_account_keys
from ostiary.admin import service_accounts as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.service_accounts import KIND, ServiceAccountFields
from ostiary.model.client import Client
from ostiary.web.api import views
from ostiary.web.api.client_access import ClientAccess
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant

NewServiceAccount = variant("NewServiceAccount", ServiceAccountFields, organization=str)
ServiceAccountChanges = variant("ServiceAccountChanges", ServiceAccountFields, without=("id",))


class NewKeyFields(Request, frozen=True, kw_only=True):
    """A new key: a pair that is made here, or the public half of one. `lifetime` is in seconds."""

    alg: str = "RS256"
    public_jwk: dict[str, Any] | UnsetType = UNSET
    lifetime: int | UnsetType | None = UNSET


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a program needs to act as a service account."""

    type: str
    key_id: str
    service_account_id: str
    private_key: str
    token_uri: str


class NewServiceAccountKey(views.View, frozen=True, kw_only=True):
    """A key that was added. `file`, where a pair was made, is shown here and never again."""

    service_account: str
    key_id: str
    expires_at: views.Time | None
    file: KeyFile | None


class ServiceAccountKey(views.View, frozen=True, kw_only=True):
    """A public key of a service account."""

    service_account: str
    key_id: str
    public_jwk: dict[str, Any]
    expires_at: views.Time | None


async def list_accounts(call: Call) -> Listed:
    """List the service accounts of an organization."""
    found = await clients.list_all(
        call.admin,
        call.actor,
        call.organization,
        kind=KIND,
        after=call.after,
        limit=call.limit,
    )
    return Listed(records=found, view=views.service_account, key=lambda one: one.client_id)


async def create(call: Call) -> Reply:
    """Make a service account."""
    place, request = call.body.organization, narrow(ServiceAccountFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(made.client, made.client_secret, f"/service-accounts/{made.client.client_id}")


async def show(call: Call) -> Reply:
    """Return a service account."""
    return _show(await clients.show(call.admin, call.actor, _key(call), kind=KIND))


async def update(call: Call) -> Reply:
    """Change a service account."""
    request = narrow(ServiceAccountFields, call.body)
    changed = await operations.update(call.admin, call.actor, _key(call), request)
    return _show(changed.client, changed.client_secret)


async def delete(call: Call) -> Reply:
    """Delete a service account."""
    await clients.delete(call.admin, call.actor, _key(call), kind=KIND)
    return Reply()


async def list_keys(call: Call) -> Listed:
    """List the keys of a service account, ordered by id."""
    found = await clients.show(call.admin, call.actor, _key(call), kind=KIND)
    keys = [] if found.jwks is None else found.jwks["keys"]
    wanted = sorted((one for one in keys if one["kid"] > call.after), key=lambda one: one["kid"])

    def view(jwk: dict[str, Any]) -> ServiceAccountKey:
        return ServiceAccountKey(
            service_account=found.client_id,
            key_id=jwk["kid"],
            public_jwk=jwk,
            expires_at=views.maybe(found.key_expiry.get(jwk["kid"])),
        )

    return Listed(records=wanted[: call.limit], view=view, key=lambda one: str(one["kid"]))


async def add_key(call: Call) -> Reply:
    """Add a key to a service account."""
    body = call.body
    added = await service_account_keys.add(
        call.admin,
        call.actor,
        _key(call),
        alg=body.alg,
        public_jwk=body.public_jwk or None,
        lifetime=None if body.lifetime is UNSET else body.lifetime,
    )
    shown = NewServiceAccountKey(
        service_account=added.client.client_id,
        key_id=added.key_id,
        expires_at=views.maybe(added.expires_at),
        file=None if added.file is None else KeyFile(**msgspec.structs.asdict(added.file)),
    )
    location = f"/service-accounts/{added.client.client_id}/keys/{added.key_id}"
    return Reply(body=shown, location=location)


async def remove_key(call: Call) -> Reply:
    """Take a key from a service account."""
    await service_account_keys.remove(call.admin, call.actor, _key(call), call.path["key_id"])
    return Reply()


def _key(call: Call) -> str:
    return call.path["service_account_id"]


def _show(record: Client, secret: str | None = None, location: str | None = None) -> Reply:
    return Reply(
        body=views.service_account(record, secret), version=record.version, location=location
    )


_ONE = "/service-accounts/{service_account_id}"
_ACCESS = ClientAccess(
    kind=KIND,
    path=_ONE,
    parameter="service_account_id",
    place=Place.ORGANIZATION,
    answer=views.ServiceAccount,
    view=views.service_account,
)
ROUTES = (
    Route(
        method="GET",
        path="/service-accounts",
        name="list_service_accounts",
        summary="List service accounts",
        operation=list_accounts,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.ServiceAccount,
        filters=(ORGANIZATION,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/service-accounts",
        name="create_service_account",
        summary="Make a service account",
        description="With `jwks` it proves itself by its keys, else by a secret, which is shown "
        "here and never again. What it may manage, it is made an administrator of.",
        operation=create,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewServiceAccount,
        answer=views.ServiceAccount,
        status=201,
        example={
            "organization": "acme",
            "id": "robot",
            "name": "Robot",
            "allowed_scopes": ["urn:ostiary:api"],
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_service_account",
        summary="Show a service account",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=views.ServiceAccount,
        record=Client,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_service_account",
        summary="Change a service account",
        description="Only what is given changes; null puts a member back to its default.",
        operation=update,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=ServiceAccountChanges,
        answer=views.ServiceAccount,
        record=Client,
        example={"name": "Nightly robot"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_service_account",
        summary="Delete a service account",
        description="Everything issued to it ends, and its id is never given out again.",
        operation=delete,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        record=Client,
    ),
    *_ACCESS.routes,
    Route(
        method="GET",
        path=f"{_ONE}/keys",
        name="list_service_account_keys",
        summary="List the keys of a service account",
        operation=list_keys,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=ServiceAccountKey,
        listing=True,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/keys",
        name="add_service_account_key",
        summary="Add a key to a service account",
        description="A pair is made unless the public half of one is given. The private half is "
        "in the answer, and is not kept.",
        operation=add_key,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewKeyFields,
        answer=NewServiceAccountKey,
        status=201,
        example={"alg": "ES256", "lifetime": 31536000},
    ),
    Route(
        method="DELETE",
        path=f"{_ONE}/keys/{{key_id}}",
        name="remove_service_account_key",
        summary="Take a key from a service account",
        description="Nothing that it signs is good from now on.",
        operation=remove_key,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
