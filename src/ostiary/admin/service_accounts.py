"""Service accounts: machines with an identity of their own, and OAuth clients by their id."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from ostiary.admin import clients, organizations, texts
from ostiary.admin.actor import Actor, Area
from ostiary.admin.change import commit
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.clients import Registered
from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.store import Admin
from ostiary.model.client import AccessTokenType, AppType, Client, ClientKind
from ostiary.oauth.effects import Effects
from ostiary.oauth.grants import client_credentials, jwt_bearer

KIND = ClientKind.SERVICE_ACCOUNT
GRANT_TYPES = (client_credentials.grant_type, jwt_bearer.grant_type)
_RENAMED = {"client_name": "name", "client_id": "id"}


class ServiceAccountFields(Request, frozen=True, kw_only=True):
    """What a service account is made with, or what is to change about it.

    With `jwks` it proves itself by private_key_jwt, else by a secret.
    """

    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    jwks: dict[str, Any] | UnsetType | None = UNSET
    client_secret: str | UnsetType = UNSET
    token_endpoint_auth_method: str | UnsetType | None = UNSET
    allowed_scopes: tuple[str, ...] | UnsetType | None = UNSET
    access_token_type: AccessTokenType | UnsetType | None = UNSET
    access_token_lifetime: int | UnsetType | None = UNSET

    later: ClassVar[frozenset[str]] = frozenset({"jwks_uri", "metadata", "grant_types"})


async def create(
    admin: Admin,
    actor: Actor,
    organization_id: str,
    request: ServiceAccountFields,
    *,
    declared: bool = False,
) -> Registered:
    """Make a service account. A secret is made where it has no keys and none was given.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: the id was given out before, to an application or a user, too.
    """
    _check(request)

    async def step() -> tuple[Registered, Effects]:
        organization = await organizations.require(admin, actor, organization_id, Area.USER)
        template = Client(
            client_id="", kind=KIND, organization_id=organization.id, declared=declared
        )
        with _renamed():
            return await clients.register(admin, actor, template, _metadata(request))

    return await commit(admin, step)


async def update(
    admin: Admin, actor: Actor, account_id: str, request: ServiceAccountFields
) -> Registered:
    """Change what was given of a service account.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
    """
    _check(request)

    async def step() -> tuple[Registered, Effects]:
        with _renamed():
            return await clients.change(admin, actor, KIND, account_id, _metadata(request))

    return await commit(admin, step)


def _metadata(request: ServiceAccountFields) -> ClientMetadata:
    method = request.token_endpoint_auth_method
    if method is UNSET and request.jwks is not UNSET:
        method = "client_secret_basic" if request.jwks is None else "private_key_jwt"
    return ClientMetadata(
        type=AppType.API,
        grant_types=GRANT_TYPES,
        client_id=request.id,
        client_name=request.name,
        jwks=request.jwks,
        client_secret=request.client_secret,
        token_endpoint_auth_method=method,
        allowed_scopes=request.allowed_scopes,
        access_token_type=request.access_token_type,
        access_token_lifetime=request.access_token_lifetime,
    )


def _check(request: ServiceAccountFields) -> None:
    if request.id is not UNSET and (wrong := texts.check_id(request.id)):
        raise Invalid.at("id", wrong)


@contextmanager
def _renamed() -> Iterator[None]:
    """Tell problems by the names that service accounts have for what clients have."""
    try:
        yield
    except Invalid as error:
        raise Invalid(
            Problem(_RENAMED.get(one.path, one.path), one.message) for one in error.problems
        ) from None
