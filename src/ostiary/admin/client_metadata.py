"""Client metadata: the names in which a client is described at every door.

RFC 7591, 2 and OpenID Connect Dynamic Registration 1.0, 2, and the names that are
Ostiary's own. `ostiary.admin.client_rules` and its neighbours say what may be in them.
"""

from enum import StrEnum
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from ostiary.admin.branding import BrandingFields
from ostiary.admin.decode import Request
from ostiary.model.client import AccessTokenType, AppType

Text = str | None | UnsetType
Texts = tuple[str, ...] | None | UnsetType
Switch = bool | None | UnsetType
Number = int | None | UnsetType


class ApplicationType(StrEnum):
    """`application_type` of OpenID Connect Dynamic Registration 1.0."""

    WEB = "web"
    NATIVE = "native"


class LegacyFields(Request, frozen=True, kw_only=True):
    """Why an application uses flows that are no longer recommended, and until which day."""

    reason: str
    until: str | UnsetType | None = UNSET


class ClientMetadata(Request, frozen=True, kw_only=True):
    """What an application is registered with, or what is to change about it."""

    client_id: str | UnsetType = UNSET
    type: AppType | UnsetType | None = UNSET
    application_type: ApplicationType | UnsetType | None = UNSET
    client_name: Text = UNSET
    client_uri: Text = UNSET
    logo_uri: Text = UNSET
    policy_uri: Text = UNSET
    tos_uri: Text = UNSET
    contacts: Texts = UNSET
    branding: BrandingFields | UnsetType | None = UNSET
    # By names such as `client_name#de` (RFC 7591, 2.2).
    localized: dict[str, str] | UnsetType | None = UNSET
    software_id: Text = UNSET
    software_version: Text = UNSET

    token_endpoint_auth_method: Text = UNSET
    token_endpoint_auth_signing_alg: Text = UNSET
    client_secret: str | UnsetType = UNSET
    jwks: dict[str, Any] | UnsetType | None = UNSET
    jwks_uri: Text = UNSET

    redirect_uris: Texts = UNSET
    post_logout_redirect_uris: Texts = UNSET
    backchannel_logout_uri: Text = UNSET
    # The same address under the name that ZITADEL has for it.
    back_channel_logout_uri: Text = UNSET
    backchannel_logout_session_required: Switch = UNSET
    frontchannel_logout_uri: Text = UNSET
    frontchannel_logout_session_required: Switch = UNSET
    grant_types: Texts = UNSET
    response_types: Texts = UNSET
    response_modes: Texts = UNSET
    # The same list twice: the word of RFC 7591, and Ostiary's.
    scope: Text = UNSET
    allowed_scopes: Texts = UNSET
    web_origins: Texts = UNSET
    default_max_age: Number = UNSET
    require_auth_time: Switch = UNSET
    default_acr_values: Texts = UNSET
    initiate_login_uri: Text = UNSET
    subject_type: Text = UNSET
    sector_identifier_uri: Text = UNSET

    access_token_type: AccessTokenType | UnsetType | None = UNSET
    access_token_signing_alg: Text = UNSET
    id_token_signed_response_alg: Text = UNSET
    id_token_encrypted_response_alg: Text = UNSET
    id_token_encrypted_response_enc: Text = UNSET
    userinfo_signed_response_alg: Text = UNSET
    userinfo_encrypted_response_alg: Text = UNSET
    userinfo_encrypted_response_enc: Text = UNSET
    id_token_userinfo_assertion: Switch = UNSET
    id_token_role_assertion: Switch = UNSET
    access_token_role_assertion: Switch = UNSET
    groups_assertion: Switch = UNSET
    organization_assertion: Switch = UNSET
    clock_skew: Number = UNSET
    code_lifetime: Number = UNSET
    access_token_lifetime: Number = UNSET
    id_token_lifetime: Number = UNSET
    refresh_idle_lifetime: Number = UNSET
    refresh_absolute_lifetime: Number = UNSET

    legacy: LegacyFields | UnsetType | None = UNSET
    require_pkce: Switch = UNSET
    require_pushed_authorization_requests: Switch = UNSET
    require_signed_request_object: Switch = UNSET
    request_object_signing_alg: Text = UNSET
    request_uris: Texts = UNSET
    require_consent: Switch = UNSET
    refresh_token_always: Switch = UNSET

    later: ClassVar[frozenset[str]] = frozenset(
        {
            "allowed_factors",
            "authorization_details_types",
            "authorization_encrypted_response_alg",
            "authorization_encrypted_response_enc",
            "authorization_signed_response_alg",
            "backchannel_authentication_request_signing_alg",
            "backchannel_client_notification_endpoint",
            "backchannel_token_delivery_mode",
            "backchannel_user_code_parameter",
            "dpop_bound_access_tokens",
            "introspection_encrypted_response_alg",
            "introspection_encrypted_response_enc",
            "introspection_signed_response_alg",
            "profile",
            "request_object_encryption_alg",
            "request_object_encryption_enc",
            "software_statement",
            "tls_client_auth_san_dns",
            "tls_client_auth_san_email",
            "tls_client_auth_san_ip",
            "tls_client_auth_san_uri",
            "tls_client_auth_subject_dn",
            "tls_client_certificate_bound_access_tokens",
            "token_exchange",
            "use_mtls_endpoint_aliases",
        }
    )
