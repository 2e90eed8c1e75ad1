"""What follows about a client from what was given: its type, its grants, its origins.

A value that was worked out follows the values that it rests on when these change; one
that was given stays.
"""

from collections.abc import Callable, Container
from typing import Any

from ostiary.admin import uris
from ostiary.model.client import AppType
from ostiary.oauth import legacy
from ostiary.oauth.grants import device_code
from ostiary.oauth.scope import IDENTITY_SCOPES, OFFLINE_ACCESS

Values = dict[str, Any]


def derive(
    values: Values, given: Container[str], before: Values | None, anew: Container[str] = ()
) -> None:
    """Fill in what was not given.

    `before` holds the values of a client that exists: what differs there from what would
    have been worked out was chosen, and stays, unless its name is in `anew`.
    """
    for name, rule in DERIVED.items():
        if name in given:
            continue
        if before is None or name in anew or before[name] == rule(before):
            values[name] = rule(values)


# Grants by which people sign in to an application of their own.
_BY_PEOPLE = frozenset({"authorization_code", *legacy.GRANT_TYPES})
# What cannot keep a secret unless it says otherwise.
_PUBLIC = frozenset({AppType.USER_AGENT, AppType.NATIVE, AppType.DEVICE})


def _derive_method(values: Values) -> str:
    return "none" if values["type"] in _PUBLIC else "client_secret_basic"


def _derive_grant_types(values: Values) -> tuple[str, ...]:
    if values["type"] is AppType.DEVICE:
        return (device_code.grant_type, "refresh_token")
    return ("client_credentials",) if values["type"] is AppType.API else ("authorization_code",)


def _derive_type(values: Values) -> AppType:
    grants, redirects = values["grant_types"], values["redirect_uris"]
    if not redirects and device_code.grant_type in grants:
        return AppType.DEVICE
    if not redirects and grants and not _BY_PEOPLE.intersection(grants):
        return AppType.API
    parsed = [uri for uri in map(_try_parse, redirects) if uri is not None]
    if any(not uri.web for uri in parsed):
        return AppType.NATIVE
    if values["token_endpoint_auth_method"] != "none":
        return AppType.WEB
    if all(uri.loopback for uri in parsed):
        return AppType.NATIVE
    return AppType.USER_AGENT


def _derive_response_types(values: Values) -> tuple[str, ...]:
    return ("code",) if "authorization_code" in values["grant_types"] else ()


def _derive_scopes(values: Values) -> tuple[str, ...]:
    if not {*_BY_PEOPLE, device_code.grant_type}.intersection(values["grant_types"]):
        return ()
    refresh = "refresh_token" in values["grant_types"]
    return tuple(one for one in IDENTITY_SCOPES if refresh or one != OFFLINE_ACCESS)


def _derive_origins(values: Values) -> tuple[str, ...]:
    """Return the origins from which a page of a public client may call (CORS)."""
    if values["token_endpoint_auth_method"] != "none":
        return ()
    parsed = [_try_parse(text) for text in values["redirect_uris"]]
    return tuple(dict.fromkeys(uri.origin for uri in parsed if uri is not None and uri.web))


def _try_parse(text: str) -> uris.Uri | None:
    try:
        return uris.parse_redirect_uri(text)
    except uris.Refused:
        return None


# In order: each rests on the ones before. The first two rest on a given type.
DERIVED: dict[str, Callable[[Values], Any]] = {
    "token_endpoint_auth_method": _derive_method,
    "grant_types": _derive_grant_types,
    "type": _derive_type,
    "response_types": _derive_response_types,
    "allowed_scopes": _derive_scopes,
    "web_origins": _derive_origins,
}
