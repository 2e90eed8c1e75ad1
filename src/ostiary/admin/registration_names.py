"""The names that dynamic registration knows, in one table.

What a specification names and `ClientMetadata` has is accepted at the registration
endpoint. What a specification names and this version does not have is ignored there, as
anything unknown is (RFC 7591, 2); so are the names that are Ostiary's own.
"""

from ostiary.admin.client_metadata import ClientMetadata

SPECIFIED: dict[str, tuple[str, ...]] = {
    "RFC 7591, 2": (
        *("redirect_uris", "token_endpoint_auth_method", "grant_types", "response_types"),
        *("client_name", "client_uri", "logo_uri", "scope", "contacts", "tos_uri", "policy_uri"),
        *("jwks_uri", "jwks", "software_id", "software_version"),
    ),
    "OpenID Connect Dynamic Client Registration 1.0, 2": (
        *("application_type", "sector_identifier_uri", "subject_type"),
        *("id_token_signed_response_alg", "id_token_encrypted_response_alg"),
        *("id_token_encrypted_response_enc", "userinfo_signed_response_alg"),
        *("userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"),
        *("request_object_signing_alg", "request_object_encryption_alg"),
        *("request_object_encryption_enc", "token_endpoint_auth_signing_alg"),
        *("default_max_age", "require_auth_time", "default_acr_values", "initiate_login_uri"),
        "request_uris",
    ),
    "OpenID Connect RP-Initiated Logout 1.0, 3.1": ("post_logout_redirect_uris",),
    "OpenID Connect Front-Channel Logout 1.0, 2": (
        "frontchannel_logout_uri",
        "frontchannel_logout_session_required",
    ),
    "OpenID Connect Back-Channel Logout 1.0, 2.2": (
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
    ),
    "RFC 8705, 2.1.2 and 3.4": (
        *("tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri"),
        *("tls_client_auth_san_ip", "tls_client_auth_san_email"),
        "tls_client_certificate_bound_access_tokens",
    ),
    "RFC 9101, 10.5": ("require_signed_request_object",),
    "RFC 9126, 6": ("require_pushed_authorization_requests",),
    "RFC 9449, 5.2": ("dpop_bound_access_tokens",),
}

ACCEPTED = tuple(
    name
    for names in SPECIFIED.values()
    for name in names
    if name in ClientMetadata.__struct_fields__
)
"""What may be registered at the endpoint, in the order of the table."""
