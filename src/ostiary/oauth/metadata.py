"""Metadata about the server (OpenID Connect Discovery 3; RFC 8414, 2), from the registry.

Everything that Discovery 3 names and that exists is published explicitly, also where it
equals the default: clients differ in what they take for granted. What does not exist is
not mentioned.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ostiary.jose import unsecured
from ostiary.oauth import registry
from ostiary.oauth.claims import USER_CLAIMS
from ostiary.oauth.legacy import CODE

OPENID_CONFIGURATION = "/.well-known/openid-configuration"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
AUTHORIZE = "/oauth/v2/authorize"
TOKEN = "/oauth/v2/token"
KEYS = "/oauth/v2/keys"
DEVICE_AUTHORIZATION = "/oauth/v2/device_authorization"
PAR = "/oauth/v2/par"
INTROSPECT = "/oauth/v2/introspect"
REVOKE = "/oauth/v2/revoke"
REGISTER = "/oauth/v2/register"
USERINFO = "/oidc/v1/userinfo"
END_SESSION = "/oidc/v1/end_session"
CHECK_SESSION = "/oidc/v1/check_session"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What depends on the instance rather than on the software."""

    issuer: str
    # Algorithms that there is an active key for, the preferred one first.
    signing_algs: Sequence[str]
    # Language tags of the pages.
    ui_locales: Sequence[str]
    # Whether every client has to push its authorization requests.
    require_pushed: bool = False
    # Flows that are no longer recommended are listed where a client uses them (Discovery 3).
    legacy_response_types: Sequence[str] = ()
    legacy_grant_types: Sequence[str] = ()
    # Whether request objects are fetched from registered addresses.
    fetch_requests: bool = False
    # Whether people can make an account of their own.
    can_register: bool = False
    # Whether applications may register themselves.
    registration: bool = False
    # Whether applications may be registered for ID tokens without a signature.
    unsigned_id_tokens: bool = False


def describe(capabilities: Capabilities) -> dict[str, Any]:
    """Return the metadata document, the same for OpenID Connect and for OAuth."""
    issuer = capabilities.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "device_authorization_endpoint": issuer + DEVICE_AUTHORIZATION,
        "pushed_authorization_request_endpoint": issuer + PAR,
        "require_pushed_authorization_requests": capabilities.require_pushed,
        "introspection_endpoint": issuer + INTROSPECT,
        "revocation_endpoint": issuer + REVOKE,
        **({"registration_endpoint": issuer + REGISTER} if capabilities.registration else {}),
        "userinfo_endpoint": issuer + USERINFO,
        "end_session_endpoint": issuer + END_SESSION,
        "check_session_iframe": issuer + CHECK_SESSION,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "jwks_uri": issuer + KEYS,
        "scopes_supported": registry.SCOPES,
        "response_types_supported": [CODE, *capabilities.legacy_response_types],
        "response_modes_supported": registry.RESPONSE_MODES,
        "grant_types_supported": [*registry.GRANT_TYPES, *capabilities.legacy_grant_types],
        "acr_values_supported": registry.ACR_VALUES,
        "subject_types_supported": registry.SUBJECT_TYPES,
        "id_token_signing_alg_values_supported": [
            *capabilities.signing_algs,
            *((unsecured.ALG,) if capabilities.unsigned_id_tokens else ()),
        ],
        "id_token_encryption_alg_values_supported": registry.ENCRYPTION_ALGS,
        "id_token_encryption_enc_values_supported": registry.ENCRYPTION_ENCS,
        "userinfo_signing_alg_values_supported": list(capabilities.signing_algs),
        "userinfo_encryption_alg_values_supported": registry.ENCRYPTION_ALGS,
        "userinfo_encryption_enc_values_supported": registry.ENCRYPTION_ENCS,
        "token_endpoint_auth_methods_supported": registry.AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": registry.CLIENT_ASSERTION_ALGS,
        "introspection_endpoint_auth_methods_supported": [
            method for method in registry.AUTH_METHODS if method != "none"
        ],
        "introspection_endpoint_auth_signing_alg_values_supported": registry.CLIENT_ASSERTION_ALGS,
        "revocation_endpoint_auth_methods_supported": registry.AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": registry.CLIENT_ASSERTION_ALGS,
        "display_values_supported": registry.DISPLAYS,
        "claim_types_supported": registry.CLAIM_TYPES,
        "claims_supported": [*registry.PROTOCOL_CLAIMS, *USER_CLAIMS],
        "ui_locales_supported": list(capabilities.ui_locales),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": capabilities.fetch_requests,
        "require_request_uri_registration": capabilities.fetch_requests,
        "request_object_signing_alg_values_supported": registry.REQUEST_OBJECT_ALGS,
        "code_challenge_methods_supported": registry.CODE_CHALLENGE_METHODS,
        "prompt_values_supported": [
            # Strict readers of the document refuse all of it for a value that is ours alone.
            *(prompt for prompt in registry.PROMPTS if prompt != registry.ENROL),
            *((registry.CREATE,) if capabilities.can_register else ()),
        ],
        "authorization_response_iss_parameter_supported": True,
    }
