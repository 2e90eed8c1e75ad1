"""What may be in each member of a client's metadata, looked at alone."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from ostiary.admin import texts, uris
from ostiary.admin.client_defaults import Values
from ostiary.admin.decode import shown, suggest
from ostiary.admin.errors import Problem
from ostiary.jose import jwks
from ostiary.jose.errors import InvalidKey
from ostiary.model.client import Legacy
from ostiary.model.policy import BOUNDS, FACTORS
from ostiary.oauth import legacy, registry
from ostiary.oauth.clients.keys import UNSIGNED
from ostiary.oauth.scope import valid_scope

LATER_GRANT_TYPES = frozenset({"urn:openid:params:grant-type:ciba"})
LATER_AUTH_METHODS = frozenset(
    {"client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
)
MIN_SECRET = 32
MAX_SECRET = 512
MAX_ITEMS = 100
MAX_CLOCK_SKEW = 5
# What may be given in several languages (RFC 7591, 2.2).
LOCALIZABLE = ("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri")
# RFC 7517, 4 and RFC 7518, 6, public members only.
JWK_MEMBERS = ("kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e")
_MAX_AGE = 365 * 86400
_MAX_TEXT = 254

LIFETIMES = {
    "code_lifetime": "code",
    "access_token_lifetime": "access_token",
    "id_token_lifetime": "id_token",
    "refresh_idle_lifetime": "refresh_idle",
    "refresh_absolute_lifetime": "refresh_absolute",
}


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


def check_one(name: str, text: str, check: Callable[[str], object]) -> list[Problem]:
    """Return what `check` finds wrong with one text, under the name of its member."""
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


def _check_software(text: str) -> str | None:
    return texts.check_text(text, _MAX_TEXT) if text else "must not be empty"


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
    "software_id": _check_software,
    "software_version": _check_software,
    "backchannel_logout_uri": uris.parse_secure_link,
    "frontchannel_logout_uri": uris.parse_secure_link,
    "token_endpoint_auth_method": _choice(registry.AUTH_METHODS, LATER_AUTH_METHODS),
    "token_endpoint_auth_signing_alg": _choice(registry.CLIENT_ASSERTION_ALGS),
    "request_object_signing_alg": _choice((*registry.REQUEST_OBJECT_ALGS, UNSIGNED)),
    "sector_identifier_uri": uris.parse_secure_link,
    "subject_type": _choice(registry.SUBJECT_TYPES),
    "id_token_encrypted_response_alg": _choice(registry.ENCRYPTION_ALGS),
    "id_token_encrypted_response_enc": _choice(registry.ENCRYPTION_ENCS),
    "userinfo_encrypted_response_alg": _choice(registry.ENCRYPTION_ALGS),
    "userinfo_encrypted_response_enc": _choice(registry.ENCRYPTION_ENCS),
}
_LISTS: dict[str, Callable[[str], object]] = {
    "redirect_uris": uris.parse_redirect_uri,
    "post_logout_redirect_uris": uris.parse_redirect_uri,
    "request_uris": uris.parse_request_uri,
    "web_origins": uris.parse_origin,
    "grant_types": _choice((*registry.GRANT_TYPES, *legacy.GRANT_TYPES), LATER_GRANT_TYPES),
    "response_modes": _choice(
        registry.RESPONSE_MODES,
        frozenset({"jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "web_message"}),
    ),
    "contacts": _check_contact,
    "default_acr_values": _check_acr,
    "allowed_factors": _choice(FACTORS),
}
_NUMBERS = {"clock_skew": (0, MAX_CLOCK_SKEW), "default_max_age": (0, _MAX_AGE)}


def check_values(given: Values) -> list[Problem]:
    """Return what is wrong with the given values, each for itself."""
    problems: list[Problem] = []
    for name, check in _TEXTS.items():
        if given.get(name) is not None:
            problems += check_one(name, given[name], check)
    for name, check in _LISTS.items():
        items = given.get(name, ())
        problems += _check_list(name, items)
        problems += _check_each(name, items[:MAX_ITEMS], check)
    problems += _check_response_types(given.get("response_types", ()))
    for name, (low, high) in _NUMBERS.items():
        number = given.get(name)
        if number is not None and not low <= number <= high:
            problems.append(Problem(name, f"must be {low} to {high} seconds"))
    if given.get("legacy") is not None:
        problems += check_legacy(given["legacy"])
    problems += _check_lifetimes(given.get("lifetimes", {}))
    problems += _check_localized(given.get("localized") or {})
    if given.get("jwks") is not None:
        problems += check_jwks(given["jwks"])
    return problems


def _check_localized(given: Mapping[str, str]) -> list[Problem]:
    problems = []
    if len(given) > MAX_ITEMS:
        problems.append(Problem("localized", f"must have at most {MAX_ITEMS} entries"))
    for key, text in list(given.items())[:MAX_ITEMS]:
        path = f"localized.{shown(key)}"
        name, _, tag = key.partition("#")
        if name not in LOCALIZABLE or texts.check_locale(tag):
            options = ", ".join(LOCALIZABLE)
            message = f"must be one of {options}, then # and a language tag, as in client_name#de"
            problems.append(Problem(path, message))
        else:
            problems += check_one(path, text, _TEXTS[name])
    return problems


def check_jwks(document: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with a key set of a client, under `jwks`."""
    try:
        size = len(msgspec.json.encode(document))
        keys = jwks.parse(document) if size <= jwks.MAX_BYTES else None
    except (OverflowError, TypeError):
        return [Problem("jwks", "must be plain JSON")]
    except InvalidKey as error:
        return [Problem("jwks", error.message)]
    if keys is None:
        return [Problem("jwks", f"must be at most {jwks.MAX_BYTES} bytes of JSON")]
    if not keys.keys and not keys.encryption:
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
        if item not in registry.RESPONSE_TYPES:
            wrong = f"must be one of {', '.join(registry.RESPONSE_TYPES)}"
            problems.append(Problem(f"response_types[{index}]", wrong))
    return problems


def check_legacy(given: Legacy) -> list[Problem]:
    """Return what is wrong with an opt-in to flows that are no longer recommended."""
    problems = []
    if wrong := texts.check_text(given.reason, _MAX_TEXT) if given.reason else "must not be empty":
        problems.append(Problem("legacy.reason", wrong))
    if given.until is not None and not _is_day(given.until):
        problems.append(Problem("legacy.until", "must be a day that exists, written YYYY-MM-DD"))
    return problems


def _is_day(text: str) -> bool:
    """Tell whether a day has a next one and is written with hyphens, as all others show it."""
    try:
        return legacy.end_of(text) > 0 and date.fromisoformat(text).isoformat() == text
    except (ValueError, OverflowError):
        return False


def _check_lifetimes(given: Mapping[str, int | None]) -> list[Problem]:
    problems = []
    for name, field in LIFETIMES.items():
        seconds = given.get(field)
        low, high = BOUNDS["token_lifetimes", field]
        if seconds is not None and not low <= seconds <= high:
            problems.append(Problem(name, f"must be {low} to {high} seconds"))
    return problems


def check_secret(secret: str) -> str | None:
    """Tell what is wrong with a chosen client secret, without repeating it, or None."""
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        return f"must be {MIN_SECRET} to {MAX_SECRET} characters long"
    if not all(" " <= letter <= "~" for letter in secret):
        return "must be printable ASCII (RFC 6749, appendix A.2)"
    return None
