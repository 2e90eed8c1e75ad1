"""Records as the API shows them: by the names that declarative files use, without secrets."""

from datetime import UTC, datetime
from typing import Annotated, Any, cast

import msgspec

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.clients import Registered
from ostiary.model.branding import Branding
from ostiary.model.client import AccessTokenType, AppType, ClientState, Lifetimes
from ostiary.model.client import Client as ClientRecord
from ostiary.model.organization import Api as ApiRecord
from ostiary.model.organization import ExchangeRule, State
from ostiary.model.organization import Organization as OrganizationRecord
from ostiary.model.organization import Project as ProjectRecord
from ostiary.model.organization import Role as RoleRecord
from ostiary.model.user import Address, Profile, UserState
from ostiary.model.user import User as UserRecord

Time = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


def time_of(seconds: int) -> str:
    """Write a time as RFC 3339 does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe(seconds: int | None) -> str | None:
    """Write a time that may not be known."""
    return time_of(seconds) if seconds else None


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Something as it is shown."""


class Organization(View, frozen=True, kw_only=True):
    """An organization: the administrative boundary that everything else is in."""

    id: str
    name: str
    domains: tuple[str, ...]
    pending_domains: tuple[str, ...]
    policies: dict[str, Any]
    branding: Branding
    state: State
    created_at: Time | None
    updated_at: Time | None


def organization(record: OrganizationRecord) -> Organization:
    """Show an organization."""
    return Organization(
        id=record.id,
        name=record.name,
        domains=record.domains,
        pending_domains=record.pending_domains,
        policies=record.policies,
        branding=record.branding,
        state=record.state,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


class Role(View, frozen=True, kw_only=True):
    """A role of a project, which applications read in tokens by its key."""

    project: str
    key: str
    name: str


def role(project_id: str, record: RoleRecord) -> Role:
    """Show a role of a project."""
    return Role(project=project_id, key=record.key, name=record.name)


class RoleOfProject(View, frozen=True, kw_only=True):
    """A role as its project lists it."""

    key: str
    name: str


class Project(View, frozen=True, kw_only=True):
    """A project: applications and APIs that share roles."""

    id: str
    organization: str
    name: str
    state: State
    roles: tuple[RoleOfProject, ...]
    token_exchange: tuple[ExchangeRule, ...]
    created_at: Time | None
    updated_at: Time | None


def project(record: ProjectRecord) -> Project:
    """Show a project."""
    return Project(
        id=record.id,
        organization=record.organization_id,
        name=record.name,
        state=record.state,
        roles=tuple(RoleOfProject(key=one.key, name=one.name) for one in record.roles),
        token_exchange=record.token_exchange,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


class Api(View, frozen=True, kw_only=True):
    """An API: a resource server with an audience and scopes of its own (RFC 8707)."""

    id: str
    organization: str
    project: str
    audience: str
    scopes: tuple[str, ...]
    state: State
    created_at: Time | None
    updated_at: Time | None


def api(record: ApiRecord) -> Api:
    """Show an API."""
    return Api(
        id=record.id,
        organization=record.organization_id,
        project=record.project_id,
        audience=record.audience,
        scopes=record.scopes,
        state=record.state,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


class ClientSecret(View, frozen=True, kw_only=True):
    """A secret of a client, which itself is shown only when it is made."""

    created_at: Time
    expires_at: Time | None


def _secrets(record: ClientRecord) -> tuple[ClientSecret, ...]:
    return tuple(
        ClientSecret(created_at=time_of(one.created_at), expires_at=maybe(one.expires_at))
        for one in record.secrets
    )


# What is shown of an application besides its metadata.
_OF_APPLICATION: list[tuple[str, Any]] = [
    ("client_id", str),
    ("organization", str),
    ("project", str | None),
    ("state", ClientState),
    ("type", AppType),
]
_LIFETIMES = {f"{name}_lifetime": name for name in Lifetimes.__struct_fields__}
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(ClientRecord)}
# Metadata can be shown because they can be set: nothing else of a record is.
_METADATA = tuple(
    name
    for name in ClientMetadata.__struct_fields__
    if name in _FIELDS and name not in dict(_OF_APPLICATION)
)
Application = msgspec.defstruct(
    "Application",
    [
        *_OF_APPLICATION,
        *((name, _FIELDS[name]) for name in _METADATA),
        *((name, int | None) for name in _LIFETIMES),
        ("client_secrets", tuple[ClientSecret, ...]),
        ("client_secret", str | None),
        ("created_at", Time | None),
        ("updated_at", Time | None),
    ],
    bases=(View,),
    namespace={
        "__doc__": "An application, by the names of RFC 7591 and OpenID Connect registration. "
        "`client_secret` is shown when it was made, and null ever after."
    },
    frozen=True,
    kw_only=True,
)


def application(record: ClientRecord, secret: str | None = None) -> View:
    """Show an application."""
    values: dict[str, Any] = {name: getattr(record, name) for name in _METADATA}
    values |= {name: getattr(record.lifetimes, of) for name, of in _LIFETIMES.items()}
    shown = Application(
        client_id=record.client_id,
        organization=record.organization_id,
        project=record.project_id,
        state=record.state,
        type=record.type,
        **values,
        client_secrets=_secrets(record),
        client_secret=secret,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )
    return cast("View", shown)


class ServiceAccount(View, frozen=True, kw_only=True):
    """A service account. `client_secret` is shown when it was made, and null ever after."""

    id: str
    organization: str
    name: str
    state: ClientState
    token_endpoint_auth_method: str
    jwks: dict[str, Any] | None
    allowed_scopes: tuple[str, ...]
    access_token_type: AccessTokenType
    access_token_lifetime: int | None
    client_secrets: tuple[ClientSecret, ...]
    client_secret: str | None
    created_at: Time | None
    updated_at: Time | None


def service_account(record: ClientRecord, secret: str | None = None) -> ServiceAccount:
    """Show a service account."""
    return ServiceAccount(
        id=record.client_id,
        organization=record.organization_id,
        name=record.client_name,
        state=record.state,
        token_endpoint_auth_method=record.token_endpoint_auth_method,
        jwks=record.jwks,
        allowed_scopes=record.allowed_scopes,
        access_token_type=record.access_token_type,
        access_token_lifetime=record.lifetimes.access_token,
        client_secrets=_secrets(record),
        client_secret=secret,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


class NewSecret(View, frozen=True, kw_only=True):
    """A client secret that was made: it cannot be read again."""

    client_id: str
    client_secret: str | None
    client_secrets: tuple[ClientSecret, ...]


def new_secret(made: Registered) -> NewSecret:
    """Show a secret that was made."""
    return NewSecret(
        client_id=made.client.client_id,
        client_secret=made.client_secret,
        client_secrets=_secrets(made.client),
    )


class Email(View, frozen=True, kw_only=True):
    """An e-mail address, and whether it is known to be the user's."""

    address: str
    verified: bool


class Phone(View, frozen=True, kw_only=True):
    """A telephone number, and whether it is known to be the user's."""

    number: str
    verified: bool


class User(View, frozen=True, kw_only=True):
    """A person who signs in."""

    id: str
    organization: str
    username: str
    state: UserState
    has_password: bool
    email: Email | None
    phone: Phone | None
    profile: Profile
    address: Address | None
    metadata: dict[str, str]
    created_at: Time | None
    updated_at: Time | None


def user(record: UserRecord) -> User:
    """Show a user."""
    email = phone = None
    if record.email is not None:
        email = Email(address=record.email, verified=record.email_verified)
    if record.phone_number is not None:
        phone = Phone(number=record.phone_number, verified=record.phone_number_verified)
    return User(
        id=record.id,
        organization=record.organization_id,
        username=record.username,
        state=record.state,
        has_password=record.password_hash is not None,
        email=email,
        phone=phone,
        profile=record.profile,
        address=record.address,
        metadata=record.metadata,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


class UserExport(View, frozen=True, kw_only=True):
    """All that is kept about a person (GDPR, articles 15 and 20), without credentials."""

    format: str
    exported_at: Time
    account: dict[str, Any]
    sessions: list[dict[str, Any]]
    applications: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    personal_tokens: list[dict[str, Any]]
    factors: list[dict[str, Any]]
    trusted_devices: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    memberships: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    events: list[dict[str, Any]]
    events_truncated: bool


class NewPassword(View, frozen=True, kw_only=True):
    """A password that was set. One that was made is shown here, and never again."""

    user: str
    password: str | None
