"""What the members of a client's metadata have to do with each other."""

from msgspec import UNSET

from ostiary.admin import uris
from ostiary.admin.client_defaults import Values
from ostiary.admin.client_metadata import ApplicationType, ClientMetadata
from ostiary.admin.client_values import check_one, check_secret
from ostiary.admin.errors import Problem
from ostiary.jose import jwks, unsecured
from ostiary.model.client import AppType, is_public
from ostiary.oauth import legacy
from ostiary.oauth.clients.keys import UNSIGNED
from ostiary.oauth.grants import client_credentials, device_code, jwt_bearer, token_exchange
from ostiary.oauth.registry import REFRESHABLE, SECRET_METHODS
from ostiary.oauth.scope import OPENID
from ostiary.oauth.subject import PAIRWISE

# Grants of clients that act for themselves.
_CONFIDENTIAL = {
    client_credentials.grant_type: "RFC 6749, 4.4",
    jwt_bearer.grant_type: "RFC 7523, 2.1",
    token_exchange.grant_type: "RFC 8693, 2.1",
}
_TOKEN_MODES = frozenset({"fragment", "form_post"})

# One runs in a browser, the other has no people.
_WITHOUT_DEVICES = frozenset({AppType.USER_AGENT, AppType.API})


def check_combinations(values: Values, metadata: ClientMetadata) -> list[Problem]:
    """Return what is wrong with values that are right each for itself."""
    return [
        *_check_flows(values),
        *_check_type(values, metadata),
        *_check_credentials(values, metadata),
        *_check_frames(values),
        *_check_request_objects(values),
        *_check_front_channel(values, metadata),
        *_check_encryption(values),
        *_check_unsigned(values),
        *_check_sector(values),
    ]


def _check_flows(values: Values) -> list[Problem]:
    problems = []
    grants, redirects = values["grant_types"], values["redirect_uris"]
    code = "authorization_code" in grants
    if not grants:
        problems.append(Problem("grant_types", "must name at least one grant type"))
    if (code or legacy.IMPLICIT in grants) and not redirects:
        problems.append(
            Problem("redirect_uris", "must name at least one URI: people are sent back there")
        )
    if redirects and not (code or legacy.IMPLICIT in grants):
        problems.append(
            Problem("redirect_uris", "are only used with the grant type authorization_code")
        )
    problems += _check_response_types(values)
    problems += _check_password(values)
    problems += _check_factors(values)
    if "refresh_token" in grants and not REFRESHABLE.intersection(grants):
        problems.append(
            Problem(
                "grant_types",
                "refresh_token needs a grant that gives one: authorization_code or the device code",
            )
        )
    if is_public(values["type"], values["token_endpoint_auth_method"]):
        why = (
            "what every copy of an OIDC_APP_TYPE_NATIVE holds is no secret (RFC 8252, 8.5)"
            if values["type"] is AppType.NATIVE
            else "choose another token_endpoint_auth_method than none"
        )
        problems += [
            Problem(
                "grant_types", f"{grant} needs a client that can authenticate ({section}): {why}"
            )
            for grant, section in _CONFIDENTIAL.items()
            if grant in grants
        ]
    return problems


def _check_response_types(values: Values) -> list[Problem]:
    """Hold response types to their grant types (RFC 7591, 2.1), and old ones to their opt-in."""
    problems = []
    grants, types = values["grant_types"], values["response_types"]
    words = {word for kind in types for word in kind.split()}
    for grant, used in (
        ("authorization_code", legacy.CODE in words),
        (legacy.IMPLICIT, bool(words - {legacy.CODE})),
    ):
        if used != (grant in grants):
            what = "code" if grant == "authorization_code" else "id_token and token"
            problems.append(
                Problem(
                    "response_types",
                    f"{what} goes together with the grant type {grant} (RFC 7591, 2.1)",
                )
            )
    if legacy.IMPLICIT in grants and values["legacy"] is None:
        problems.append(
            Problem(
                "legacy",
                "must give a reason: tokens that come through the browser are no longer "
                "recommended (RFC 9700, 2.1.2)",
            )
        )
    return problems


def _check_front_channel(values: Values, metadata: ClientMetadata) -> list[Problem]:
    """Hold tokens that come through the browser to the applications that may have them."""
    problems = []
    kinds = [kind for kind in values["response_types"] if kind != legacy.CODE]
    hybrid = [kind for kind in kinds if legacy.CODE in kind.split()]
    if kinds and values["type"] is AppType.NATIVE:
        problems.append(
            Problem(
                "response_types",
                f"{kinds[0]} is not for native applications: another one may be answered in their "
                "place, and PKCE protects the code alone (RFC 8252, 8.2); use code",
            )
        )
    elif hybrid and values["type"] is AppType.USER_AGENT:
        problems.append(
            Problem(
                "response_types",
                f"{hybrid[0]} is for applications on a server: PKCE does not protect what comes "
                "through the browser; use code",
            )
        )
    modes = values["response_modes"]
    if kinds and modes and not _TOKEN_MODES.intersection(modes):
        problems.append(
            Problem(
                "response_modes",
                f"must have fragment or form_post for {kinds[0]}: no token is sent in a query",
            )
        )
    named = [kind for kind in kinds if "id_token" in kind.split()]
    if named and OPENID not in values["allowed_scopes"]:
        problems.append(
            Problem("allowed_scopes", f"must have openid: {named[0]} gives an ID token")
        )
    if kinds and metadata.application_type is ApplicationType.WEB:
        problems += _check_implicit_uris(values["redirect_uris"])
    return problems


def _check_factors(values: Values) -> list[Problem]:
    """Hold the factors that people may use to those that they can begin with."""
    factors = values["allowed_factors"]
    if not factors or {"password", "passkey"}.intersection(factors):
        return []
    return [Problem("allowed_factors", "must have password or passkey, or nobody can sign in")]


def _check_password(values: Values) -> list[Problem]:
    """Hold the password grant to its opt-in, and to applications that people use."""
    problems: list[Problem] = []
    if legacy.PASSWORD not in values["grant_types"]:
        return problems
    if values["legacy"] is None:
        problems.append(
            Problem(
                "legacy",
                "must give a reason: an application must not see passwords (RFC 9700, 2.4)",
            )
        )
    if values["type"] in {AppType.API, AppType.DEVICE}:
        problems.append(
            Problem(
                "grant_types",
                f"password is for applications that people type into, and not for the type "
                f"{values['type']}",
            )
        )
    return problems


def _check_implicit_uris(redirect_uris: tuple[str, ...]) -> list[Problem]:
    """Hold those to the rule of the standard who register in its words (Registration 2)."""
    return [
        Problem(
            f"redirect_uris[{index}]",
            "must be https, and not localhost: a web application gets tokens there (OpenID Connect"
            " Registration 2, application_type)",
        )
        for index, text in enumerate(redirect_uris)
        if not text.startswith("https://") or uris.parse(text).loopback
    ]


def _check_type(values: Values, metadata: ClientMetadata) -> list[Problem]:
    problems = []
    kind, method = values["type"], values["token_endpoint_auth_method"]
    if kind is AppType.USER_AGENT and method != "none":
        problems.append(
            Problem(
                "token_endpoint_auth_method",
                "must be none: an application that runs in the browser cannot keep a secret",
            )
        )
    if metadata.application_type is ApplicationType.NATIVE and kind is not AppType.NATIVE:
        problems.append(Problem("application_type", f"native contradicts the type {kind}"))
    if metadata.application_type is ApplicationType.WEB and kind is AppType.NATIVE:
        problems.append(Problem("application_type", f"web contradicts the type {kind}"))
    if kind in {AppType.API, AppType.DEVICE} and values["redirect_uris"]:
        problems.append(Problem("redirect_uris", f"an application of type {kind} has none"))
    problems += _check_device(values)
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for index, text in enumerate(values[name]):
            if kind is not AppType.NATIVE and not uris.parse(text).web:
                problems.append(
                    Problem(
                        f"{name}[{index}]",
                        f"a private-use scheme needs the type {AppType.NATIVE} (RFC 8252, 7.1)",
                    )
                )
    if values["require_pkce"] is False and is_public(kind, method):
        problems.append(
            Problem("require_pkce", "must stay true for public clients (RFC 9700, 2.1.1)")
        )
    return problems


def _check_frames(values: Values) -> list[Problem]:
    """Hold the frame of an application to its own origins (Front-Channel Logout 1.0, 2)."""
    address = values["frontchannel_logout_uri"]
    if address is None:
        return []
    origins = {uris.parse(text).origin for text in values["redirect_uris"]}
    if uris.parse(address).origin in origins:
        return []
    return [
        Problem(
            "frontchannel_logout_uri",
            "must have the scheme, host and port of one of the redirect_uris",
        )
    ]


def _check_device(values: Values) -> list[Problem]:
    problems = []
    kind = values["type"]
    if kind is AppType.DEVICE and device_code.grant_type not in values["grant_types"]:
        problems.append(
            Problem("grant_types", f"an application of type DEVICE needs {device_code.grant_type}")
        )
    if kind is AppType.DEVICE and "authorization_code" in values["grant_types"]:
        problems.append(
            Problem(
                "grant_types",
                "an application of type DEVICE has no browser that could come back with a code:"
                " choose NATIVE where it has one",
            )
        )
    if kind in _WITHOUT_DEVICES and device_code.grant_type in values["grant_types"]:
        problems.append(
            Problem(
                "grant_types",
                f"an application of type {kind} cannot use the device code grant, which is for"
                " people at devices without a browser: choose DEVICE, NATIVE or WEB",
            )
        )
    return problems


def _check_credentials(values: Values, metadata: ClientMetadata) -> list[Problem]:
    problems = []
    method = values["token_endpoint_auth_method"]
    if values["jwks"] is not None and values["jwks_uri"] is not None:
        problems.append(Problem("jwks_uri", "give either jwks or jwks_uri, not both (RFC 7591, 2)"))
    if (
        jwt_bearer.grant_type in values["grant_types"]
        and not _verifies(values)
        and values["type"] is not AppType.API
    ):
        problems.append(
            Problem(
                "jwks", "the JWT bearer grant needs the client's public keys: give jwks or jwks_uri"
            )
        )
    if method == "private_key_jwt" and not _verifies(values):
        problems.append(
            Problem("jwks", "private_key_jwt needs the client's public keys: give jwks or jwks_uri")
        )
    if values["token_endpoint_auth_signing_alg"] is not None and method != "private_key_jwt":
        problems.append(
            Problem("token_endpoint_auth_signing_alg", "is only used with private_key_jwt")
        )
    if metadata.client_secret is not UNSET:
        if method not in SECRET_METHODS:
            problems.append(
                Problem("client_secret", f"a client that authenticates by {method} has no secret")
            )
        problems += check_one("client_secret", metadata.client_secret, check_secret)
    return problems


def _check_request_objects(values: Values) -> list[Problem]:
    problems = []
    alg, required = values["request_object_signing_alg"], values["require_signed_request_object"]
    signs = required or alg not in {None, UNSIGNED}
    if required and alg == UNSIGNED:
        problems.append(
            Problem(
                "request_object_signing_alg",
                "none contradicts require_signed_request_object (RFC 9101, 10.5)",
            )
        )
    if signs and not _verifies(values):
        problems.append(
            Problem(
                "jwks",
                "signed request objects need the client's public keys: give jwks or jwks_uri",
            )
        )
    return problems


def _verifies(values: Values) -> bool:
    """Tell whether the client has keys that its signatures are verified with."""
    if values["jwks"] is not None:
        return bool(jwks.parse(values["jwks"]).keys)
    return values["jwks_uri"] is not None


def _check_encryption(values: Values) -> list[Problem]:
    problems = []
    for kind in ("id_token", "userinfo"):
        alg, enc = f"{kind}_encrypted_response_alg", f"{kind}_encrypted_response_enc"
        if values[enc] is not None and values[alg] is None:
            problems.append(
                Problem(enc, f"is only used together with {alg} (OpenID Connect Registration 2)")
            )
        if values[alg] is not None and not _can_encrypt(values, values[alg]):
            problems.append(
                Problem(
                    alg,
                    "needs a public key of the client for it, with use enc, in jwks or"
                    " behind jwks_uri",
                )
            )
    return problems


def _check_unsigned(values: Values) -> list[Problem]:
    """Hold ID tokens without a signature to where nothing rests on one (Registration 2)."""
    if values["id_token_signed_response_alg"] != unsecured.ALG:
        return []
    problems = []
    if any("id_token" in kind.split() for kind in values["response_types"]):
        problems.append(
            Problem(
                "id_token_signed_response_alg",
                "none is not for response types with id_token: only a signature tells who made"
                " what comes through the browser (OpenID Connect Registration 2)",
            )
        )
    if values["id_token_encrypted_response_alg"] is not None:
        problems.append(
            Problem(
                "id_token_encrypted_response_alg",
                "needs ID tokens that are signed: anybody can encrypt for a public key",
            )
        )
    if values["backchannel_logout_uri"] is not None:
        problems.append(
            Problem(
                "backchannel_logout_uri",
                "needs ID tokens that are signed: a logout token has their algorithm, and is"
                " never unsigned (Back-Channel Logout 2.6)",
            )
        )
    return problems


def _can_encrypt(values: Values, alg: str) -> bool:
    if values["jwks"] is not None:
        return any(alg in key.algs for key in jwks.parse(values["jwks"]).encryption)
    return values["jwks_uri"] is not None


def _check_sector(values: Values) -> list[Problem]:
    if values["subject_type"] != PAIRWISE or values["sector_identifier_uri"] is not None:
        return []
    hosts = {uris.parse(text).host for text in values["redirect_uris"] if uris.parse(text).web}
    if len(hosts) < 2:  # noqa: PLR2004 - several
        return []
    return [
        Problem(
            "sector_identifier_uri",
            "is needed for pairwise subjects of redirect URIs on several hosts (OpenID Connect"
            " Core 8.1)",
        )
    ]
