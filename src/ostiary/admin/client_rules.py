"""What may be registered about a client, and what follows from what was given.

`settle` turns metadata into the full set of values of a client: the given ones, the
present ones where nothing was given, and defaults that follow from both. Everything is
checked as it would be stored, and all problems are told at once.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from ostiary.admin import texts, uris
from ostiary.admin.client_defaults import DERIVED, Values, derive
from ostiary.admin.client_metadata import ApplicationType, ClientMetadata
from ostiary.admin.decode import shown, suggest
from ostiary.admin.errors import Invalid, Problem
from ostiary.jose import jwks
from ostiary.jose.errors import InvalidKey
from ostiary.model.client import AppType, Client, Lifetimes
from ostiary.model.policy import BOUNDS
from ostiary.oauth import registry
from ostiary.oauth.scope import MAX_SCOPES, valid_scope

LATER_GRANT_TYPES = frozenset(
    {
        "implicit",
        "password",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
    }
)
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
LATER_AUTH_METHODS = frozenset(
    {"client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
)
MIN_SECRET = 32
MAX_SECRET = 512
MAX_ITEMS = 100
MAX_CLOCK_SKEW = 5
# RFC 7517, 4 and RFC 7518, 6, public members only.
_JWK_MEMBERS = ("kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e")
_MAX_AGE = 365 * 86400
_MAX_TEXT = 254

_LIFETIMES = {
    "code_lifetime": "code",
    "access_token_lifetime": "access_token",
    "id_token_lifetime": "id_token",
    "refresh_idle_lifetime": "refresh_idle",
    "refresh_absolute_lifetime": "refresh_absolute",
}
# Members of the metadata that are no field of a client, or are handled on their own.
_ELSEWHERE = frozenset({"client_id", "client_secret", "application_type", "scope", *_LIFETIMES})

_DEFAULTS = {
    field.name: field.default for field in msgspec.structs.fields(Client) if not field.required
} | {"lifetimes": Lifetimes()}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What metadata is checked against: the scopes of the organization, the algorithms."""

    scopes: frozenset[str]
    algs: tuple[str, ...]


def settle(metadata: ClientMetadata, current: Client | None, surroundings: Surroundings) -> Values:
    """Return all registered values of a client, as they would be after the change.

    Raises:
        Invalid: the values break rules, alone or together.
    """
    given = _given(metadata)
    problems: list[Problem] = []
    if metadata.scope is not UNSET and metadata.allowed_scopes is not UNSET:
        problems.append(Problem("scope", "is the same list as allowed_scopes: give only one"))
    # Null means "work it out", for what is worked out.
    anew = {name for name in DERIVED if getattr(metadata, name) is None}
    values = _start(current) | given
    derive(values, given, None if current is None else _start(current), anew)
    values["allowed_scopes"] = tuple(dict.fromkeys(values["allowed_scopes"]))
    if "lifetimes" in given:
        present = Lifetimes() if current is None else current.lifetimes
        values["lifetimes"] = msgspec.structs.replace(present, **given["lifetimes"])
    problems.extend(_check_alone(values, given))
    problems.extend(_check_scopes(values, current, surroundings))
    problems.extend(_check_algs(values, given, surroundings))
    if not problems:
        problems.extend(_check_together(values, metadata))
    if problems:
        raise Invalid(problems)
    if values["jwks"] is not None:
        values["jwks"] = _strip_keys(values["jwks"])
    return values


def _strip_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Return a key set without the members that mean nothing here; those are never stored."""
    keys = [{name: jwk[name] for name in _JWK_MEMBERS if name in jwk} for jwk in document["keys"]]
    return {"keys": keys}


def _given(metadata: ClientMetadata) -> Values:
    """Return the given members by the name of the client's field; null is the default."""
    given: Values = {}
    for name in metadata.__struct_fields__:
        value = getattr(metadata, name)
        if value is UNSET or name in _ELSEWHERE or (value is None and name in DERIVED):
            continue
        given[name] = _DEFAULTS[name] if value is None else value
    if metadata.scope is not UNSET and metadata.scope is not None:
        given["allowed_scopes"] = tuple(metadata.scope.split())
    if metadata.application_type is ApplicationType.NATIVE and "type" not in given:
        given["type"] = AppType.NATIVE
    lifetimes = {
        field: getattr(metadata, name)
        for name, field in _LIFETIMES.items()
        if getattr(metadata, name) is not UNSET
    }
    if lifetimes:
        given["lifetimes"] = lifetimes
    return given


def _start(current: Client | None) -> Values:
    names = (set(ClientMetadata.__struct_fields__) - _ELSEWHERE) | {"lifetimes"}
    if current is None:
        return {name: _DEFAULTS[name] for name in names}
    return {name: getattr(current, name) for name in names}


# --- Values alone ---------------------------------------------------------------------


def _check_each(name: str, items: Iterable[str], check: Callable[[str], object]) -> list[Problem]:
    problems = []
    for index, item in enumerate(items):
        try:
            wrong = check(item)
        except uris.Refused as refused:
            wrong = str(refused)
        if isinstance(wrong, str):
            problems.append(Problem(f"{name}[{index}]", wrong))
    return problems


def _check_one(name: str, text: str, check: Callable[[str], object]) -> list[Problem]:
    return [Problem(name, one.message) for one in _check_each("", (text,), check)]


def _choice(options: tuple[str, ...], later: frozenset[str] = frozenset()) -> texts.Check:
    def check(text: str) -> str | None:
        if text in options:
            return None
        if text in later:
            return f"{text} is not available in this version: choose from {', '.join(options)}"
        return f"must be one of {', '.join(options)}{suggest(text, options)}"

    return check


def _check_contact(text: str) -> str | None:
    return texts.check_text(text, _MAX_TEXT) if text else "must not be empty"


def _check_acr(text: str) -> str | None:
    if not text or not valid_scope(text):
        return "must be printable ASCII without spaces"
    return texts.check_text(text, _MAX_TEXT)


def _check_optional_name(text: str) -> str | None:
    return texts.check_name(text) if text else None


_TEXTS: dict[str, Callable[[str], object]] = {
    "client_name": _check_optional_name,
    "client_uri": uris.parse_link,
    "policy_uri": uris.parse_link,
    "tos_uri": uris.parse_link,
    "logo_uri": uris.parse_secure_link,
    "jwks_uri": uris.parse_secure_link,
    "initiate_login_uri": uris.parse_secure_link,
    "token_endpoint_auth_method": _choice(registry.AUTH_METHODS, LATER_AUTH_METHODS),
    "token_endpoint_auth_signing_alg": _choice(registry.CLIENT_ASSERTION_ALGS),
    "subject_type": _choice(registry.SUBJECT_TYPES, frozenset({"pairwise"})),
}
_LISTS: dict[str, Callable[[str], object]] = {
    "redirect_uris": uris.parse_redirect_uri,
    "post_logout_redirect_uris": uris.parse_redirect_uri,
    "web_origins": uris.parse_origin,
    "grant_types": _choice(registry.GRANT_TYPES, LATER_GRANT_TYPES),
    "response_modes": _choice(
        registry.RESPONSE_MODES,
        frozenset({"jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "web_message"}),
    ),
    "contacts": _check_contact,
    "default_acr_values": _check_acr,
}
_NUMBERS = {"clock_skew": (0, MAX_CLOCK_SKEW), "default_max_age": (0, _MAX_AGE)}


def _check_alone(values: Values, given: Values) -> list[Problem]:
    problems: list[Problem] = []
    for name, check in _TEXTS.items():
        if given.get(name) is not None:
            problems += _check_one(name, given[name], check)
    for name, check in _LISTS.items():
        items = given.get(name, ())
        problems += _check_list(name, items)
        problems += _check_each(name, items[:MAX_ITEMS], check)
    problems += _check_response_types(given.get("response_types", ()))
    for name, (low, high) in _NUMBERS.items():
        number = given.get(name)
        if number is not None and not low <= number <= high:
            problems.append(Problem(name, f"must be {low} to {high} seconds"))
    problems += _check_lifetimes(given.get("lifetimes", {}))
    if values["type"] is AppType.DEVICE:
        problems.append(Problem("type", "DEVICE is not available in this version"))
    if given.get("jwks") is not None:
        problems += _check_jwks(given["jwks"])
    return problems


def _check_jwks(document: dict[str, Any]) -> list[Problem]:
    try:
        size = len(msgspec.json.encode(document))
        keys = jwks.parse(document) if size <= jwks.MAX_BYTES else None
    except (OverflowError, TypeError):
        return [Problem("jwks", "must be plain JSON")]
    except InvalidKey as error:
        return [Problem("jwks", error.message)]
    if keys is None:
        return [Problem("jwks", f"must be at most {jwks.MAX_BYTES} bytes of JSON")]
    if not keys.keys:
        reasons = "".join(f"; {reason}" for reason in keys.ignored)
        return [Problem("jwks", f"must hold at least one usable public key{reasons}")]
    return []


def _check_list(name: str, items: tuple[str, ...]) -> list[Problem]:
    problems = []
    if len(items) > MAX_ITEMS:
        problems.append(Problem(name, f"must have at most {MAX_ITEMS} entries"))
    seen: set[str] = set()
    for index, item in enumerate(items[:MAX_ITEMS]):
        if item in seen:
            problems.append(Problem(f"{name}[{index}]", "is in the list twice"))
        seen.add(item)
    return problems


def _check_response_types(items: tuple[str, ...]) -> list[Problem]:
    problems = _check_list("response_types", items)
    for index, item in enumerate(items[:MAX_ITEMS]):
        if item in registry.RESPONSE_TYPES:
            continue
        if set(item.split()) <= {"code", "token", "id_token", "none"} and item.strip():
            wrong = f"{item} is not available in this version: use code"
        else:
            wrong = "must be code"
        problems.append(Problem(f"response_types[{index}]", wrong))
    return problems


def _check_lifetimes(given: Mapping[str, int | None]) -> list[Problem]:
    problems = []
    for name, field in _LIFETIMES.items():
        seconds = given.get(field)
        low, high = BOUNDS["token_lifetimes", field]
        if seconds is not None and not low <= seconds <= high:
            problems.append(Problem(name, f"must be {low} to {high} seconds"))
    return problems


def _check_scopes(
    values: Values, current: Client | None, surroundings: Surroundings
) -> list[Problem]:
    problems = []
    scopes = values["allowed_scopes"]
    kept = frozenset(() if current is None else current.allowed_scopes)
    if len(scopes) > MAX_SCOPES:
        problems.append(Problem("allowed_scopes", f"must have at most {MAX_SCOPES} entries"))
    for index, scope in enumerate(scopes[:MAX_SCOPES]):
        if scope in surroundings.scopes or scope in kept:
            continue
        hint = suggest(scope, surroundings.scopes)
        message = f"{shown(scope)!r} is no scope of this organization's APIs{hint}"
        problems.append(Problem(f"allowed_scopes[{index}]", message))
    return problems


def _check_algs(values: Values, given: Values, surroundings: Surroundings) -> list[Problem]:
    problems = []
    for name in ("id_token_signed_response_alg", "access_token_signing_alg"):
        alg = values[name]
        if name in given and alg is not None and alg not in surroundings.algs:
            enabled = ", ".join(surroundings.algs)
            problems.append(
                Problem(name, f"must be an algorithm that this instance has keys for: {enabled}")
            )
    return problems


# --- Values together ------------------------------------------------------------------


def _check_together(values: Values, metadata: ClientMetadata) -> list[Problem]:
    return [
        *_check_flows(values),
        *_check_type(values, metadata),
        *_check_credentials(values, metadata),
    ]


def _check_flows(values: Values) -> list[Problem]:
    problems = []
    grants, redirects = values["grant_types"], values["redirect_uris"]
    code = "authorization_code" in grants
    if not grants:
        problems.append(Problem("grant_types", "must name at least one grant type"))
    if code and not redirects:
        problems.append(
            Problem("redirect_uris", "must name at least one URI: people are sent back there")
        )
    if redirects and not code:
        problems.append(
            Problem("redirect_uris", "are only used with the grant type authorization_code")
        )
    if ("code" in values["response_types"]) != code:
        problems.append(
            Problem(
                "response_types",
                "code goes together with the grant type authorization_code (RFC 7591, 2.1)",
            )
        )
    if "refresh_token" in grants and not code:
        problems.append(
            Problem("grant_types", "refresh_token needs authorization_code: nothing else gives one")
        )
    if "client_credentials" in grants and values["token_endpoint_auth_method"] == "none":
        problems.append(
            Problem(
                "grant_types",
                "client_credentials needs a client that can authenticate (RFC 6749, 4.4): choose"
                " another token_endpoint_auth_method than none",
            )
        )
    return problems


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
    if kind is AppType.API and values["redirect_uris"]:
        problems.append(Problem("redirect_uris", "an application of type API has none"))
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for index, text in enumerate(values[name]):
            if kind is not AppType.NATIVE and not uris.parse(text).web:
                problems.append(
                    Problem(
                        f"{name}[{index}]",
                        f"a private-use scheme needs the type {AppType.NATIVE} (RFC 8252, 7.1)",
                    )
                )
    if values["require_pkce"] is False and method == "none":
        problems.append(
            Problem("require_pkce", "must stay true for public clients (RFC 9700, 2.1.1)")
        )
    return problems


def _check_credentials(values: Values, metadata: ClientMetadata) -> list[Problem]:
    problems = []
    method = values["token_endpoint_auth_method"]
    has_keys = values["jwks"] is not None or values["jwks_uri"] is not None
    if values["jwks"] is not None and values["jwks_uri"] is not None:
        problems.append(Problem("jwks_uri", "give either jwks or jwks_uri, not both (RFC 7591, 2)"))
    if method == "private_key_jwt" and not has_keys:
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
        problems += _check_one("client_secret", metadata.client_secret, check_secret)
    return problems


def check_secret(secret: str) -> str | None:
    """Tell what is wrong with a chosen client secret, without repeating it, or None."""
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        return f"must be {MIN_SECRET} to {MAX_SECRET} characters long"
    if not all(" " <= letter <= "~" for letter in secret):
        return "must be printable ASCII (RFC 6749, appendix A.2)"
    return None
