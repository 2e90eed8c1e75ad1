"""Clients: applications of a project, and service accounts of an organization.

Field names are those of RFC 7591 and OpenID Connect Dynamic Registration 1.0
wherever these have one.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.branding import Branding
from ostiary.model.record import Versioned


class ClientKind(StrEnum):
    """What the client is, for administration: the protocol treats both alike."""

    APPLICATION = "application"
    SERVICE_ACCOUNT = "service_account"
    # Part of the program, of no organization, and never stored.
    BUILT_IN = "built_in"


class AppType(StrEnum):
    """The type of an application, which decides what it may use."""

    WEB = "OIDC_APP_TYPE_WEB"
    USER_AGENT = "OIDC_APP_TYPE_USER_AGENT"
    NATIVE = "OIDC_APP_TYPE_NATIVE"
    API = "API"
    DEVICE = "DEVICE"


class AccessTokenType(StrEnum):
    """The form of a client's access tokens."""

    OPAQUE = "OIDC_TOKEN_TYPE_BEARER"
    JWT = "OIDC_TOKEN_TYPE_JWT"


class ClientState(StrEnum):
    """Whether a client may be used. A deleted client's id is never used again."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


def is_public(kind: AppType, method: str) -> bool:
    """Tell whether a client of this type and authentication method can keep no secret."""
    return method == "none" or kind is AppType.NATIVE


class ClientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A client secret at rest: the SHA-256 digest of a 256-bit random value."""

    digest: bytes
    created_at: int
    expires_at: int | None = None


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lifetimes of one client in seconds; None leaves it to the policy."""

    code: int | None = None
    access_token: int | None = None
    id_token: int | None = None
    refresh_idle: int | None = None
    refresh_absolute: int | None = None


class Legacy(msgspec.Struct, frozen=True, kw_only=True):
    """Why an application uses flows that are no longer recommended, and until which day.

    `until` is a date as `YYYY-MM-DD`, in UTC; the day itself still counts.
    """

    reason: str
    until: str | None = None


class SelfRegistration(msgspec.Struct, frozen=True, kw_only=True):
    """How a client that registered itself is managed by whoever registered it (RFC 7592).

    `token` is the SHA-256 digest of its registration access token; `initial_token` the id
    of the initial access token that it came with, None where none was needed.
    """

    token: bytes
    initial_token: str | None = None


class Client(Versioned, frozen=True, kw_only=True):
    """A registered OAuth client (RFC 6749, 2; RFC 7591, 2)."""

    client_id: str
    kind: ClientKind = ClientKind.APPLICATION
    organization_id: str
    project_id: str | None = None
    state: ClientState = ClientState.ACTIVE
    # Made by declarative configuration, which may delete it again.
    declared: bool = False
    type: AppType = AppType.WEB
    client_name: str = ""
    client_uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    contacts: tuple[str, ...] = ()
    # Texts and addresses for people in other languages, as in `client_name#de` (RFC 7591, 2.2).
    localized: dict[str, str] = {}
    # What it changes about the pages of its own organization.
    branding: Branding = Branding()
    software_id: str | None = None
    software_version: str | None = None

    token_endpoint_auth_method: str = "client_secret_basic"
    token_endpoint_auth_signing_alg: str | None = None
    secrets: tuple[ClientSecret, ...] = ()
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    # When inline keys end, by `kid`; those that are not named do not.
    key_expiry: dict[str, int] = {}

    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool = False
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    response_modes: tuple[str, ...] = ()
    allowed_scopes: tuple[str, ...] = ("openid",)
    web_origins: tuple[str, ...] = ()
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    # What people may sign in to it with, within the policy; all of that where none is named.
    allowed_factors: tuple[str, ...] = ()
    initiate_login_uri: str | None = None
    subject_type: str = "public"
    sector_identifier_uri: str | None = None

    access_token_type: AccessTokenType = AccessTokenType.JWT
    access_token_signing_alg: str | None = None
    id_token_signed_response_alg: str = "RS256"
    id_token_encrypted_response_alg: str | None = None
    # Content encryption of encrypted answers; None is the default of the standard.
    id_token_encrypted_response_enc: str | None = None
    userinfo_signed_response_alg: str | None = None
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    id_token_userinfo_assertion: bool = False
    id_token_role_assertion: bool = False
    access_token_role_assertion: bool = False
    # Tells of the groups of the client's organization that a person is in.
    groups_assertion: bool = False
    # Has people say which of their organizations they act for, and tells of it.
    organization_assertion: bool = False
    clock_skew: int = 0
    lifetimes: Lifetimes = Lifetimes()

    legacy: Legacy | None = None
    # That there is one, for whoever looks for such clients.
    uses_legacy: bool = False
    require_pkce: bool = True
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: str | None = None
    # Where request objects may be fetched from, each compared whole.
    request_uris: tuple[str, ...] = ()
    require_consent: bool = False
    refresh_token_always: bool = False

    # Set where the client came by dynamic registration.
    registration: SelfRegistration | None = None
    # Access tokens of this client that were issued before are refused: the handle for
    # tokens without a grant (client_credentials).
    tokens_not_before: int = 0
    created_at: int = 0
    updated_at: int = 0
    # When a list of it was last given more than it had, by the name of the list: what was
    # not there could not be seen in use.
    widened_at: dict[str, int] = {}

    @property
    def public(self) -> bool:
        """Whether the client cannot keep a secret (RFC 6749, 2.1).

        What every copy of a native application holds is none (RFC 8252, 8.5): it may
        have to be shown, but proves nothing.
        """
        return is_public(self.type, self.token_endpoint_auth_method)
