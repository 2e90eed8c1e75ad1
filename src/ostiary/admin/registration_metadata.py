"""Client metadata as they come in at the registration endpoint, and as they go out again.

RFC 7591, 2 and 3.2.1; RFC 7592, 2.2. What is not named here is ignored and never stored:
nobody gives an application rights by guessing names (RG-02).
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin.client_defaults import DERIVED
from ostiary.admin.client_metadata import ApplicationType, ClientMetadata, LegacyFields
from ostiary.admin.client_values import LOCALIZABLE
from ostiary.admin.decode import decode, shown
from ostiary.admin.errors import Invalid, Problem
from ostiary.admin.registration_names import ACCEPTED
from ostiary.model.client import AccessTokenType, AppType, Client, is_public
from ostiary.model.policy import ClientRegistration
from ostiary.oauth import legacy
from ostiary.oauth.errors import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidScope,
    InvalidSoftwareStatement,
    OAuthError,
    UnapprovedSoftwareStatement,
)
from ostiary.oauth.grants import device_code
from ostiary.oauth.scope import IDENTITY_SCOPES, OFFLINE_ACCESS, parse_scope

_JWT_PARTS = 3
# Told in every answer, also where they are empty.
_ALWAYS = frozenset({"redirect_uris", "grant_types", "response_types", "scope"})
# Grants that people give.
_OF_PEOPLE = frozenset({"authorization_code", legacy.IMPLICIT, device_code.grant_type})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What metadata are read by: the policy, the scopes that exist, and the client as it is."""

    now: int
    policy: ClientRegistration
    known_scopes: frozenset[str]
    current: Client | None = None


def read_metadata(body: dict[str, Any], terms: Terms) -> ClientMetadata:
    """Return the whole metadata of a client: what is given, and defaults for what is not.

    What an administrator decided about a client that exists stays as it is.

    Raises:
        OAuthError: in the registered words, for what can be told before the rules are asked.
        Invalid: a member is of the wrong kind, or the policy does not allow it.
    """
    _refuse_statement(body)
    given: dict[str, Any] = {name: body[name] for name in ACCEPTED if body.get(name) is not None}
    localized = {
        key: value
        for key, value in body.items()
        if value is not None and key.partition("#")[0] in LOCALIZABLE and "#" in key
    }
    read = decode(ClientMetadata, given | {"localized": localized})
    changes: dict[str, Any] = {name: None for name in ACCEPTED if name not in given}
    changes |= {"type": None, "scope": UNSET}
    method = read.token_endpoint_auth_method or "client_secret_basic"
    grants = read.grant_types or ("authorization_code",)
    changes |= {"token_endpoint_auth_method": method, "grant_types": grants}
    types = tuple(map(legacy.canonical, read.response_types or ()))
    public = _is_public(read, method, grants)
    _hold_to_policy(terms, grants, types)
    _hold_to_secrets(terms, method, public=public)
    changes["legacy"] = _choose_legacy(terms, grants)
    changes["allowed_scopes"] = _choose_scopes(read.scope or None, terms, grants)
    if terms.current is None:
        changes |= {
            "require_consent": True,
            "access_token_type": AccessTokenType.OPAQUE,
            "require_pkce": terms.policy.require_pkce or public,
        }
    elif public:
        changes["require_pkce"] = True
    return msgspec.structs.replace(read, **changes)


def _is_public(read: ClientMetadata, method: str, grants: tuple[str, ...]) -> bool:
    """Tell whether an application cannot keep a secret, whatever it says about it."""
    if read.application_type is ApplicationType.NATIVE:
        return True
    values = {
        "token_endpoint_auth_method": method,
        "grant_types": grants,
        "redirect_uris": read.redirect_uris or (),
    }
    return is_public(DERIVED["type"](values), method)


def _refuse_statement(body: dict[str, Any]) -> None:
    statement = body.get("software_statement")
    if statement is None:
        return
    if not isinstance(statement, str) or statement.count(".") != _JWT_PARTS - 1:
        raise InvalidSoftwareStatement(
            "software_statement must be a signed JWT.",
            rule="software-statement-syntax",
            section="RFC 7591, 2.3",
        )
    raise UnapprovedSoftwareStatement(
        "Nobody's software statements are trusted here; send the metadata as plain members.",
        rule="software-statement-issuer",
        section="RFC 7591, 3.2.2",
    )


def _hold_to_policy(terms: Terms, grants: tuple[str, ...], response_types: tuple[str, ...]) -> None:
    """Refuse what the policy does not open; what an administrator gave may be kept.

    Raises:
        Invalid: naming what is open.
    """
    policy, current = terms.policy, terms.current
    problems = []
    for name, asked in (("grant_types", grants), ("response_types", response_types)):
        kept = () if current is None else getattr(current, name)
        allowed = _open(getattr(policy, f"allowed_{name}"), policy, terms.now)
        for index, one in enumerate(asked):
            if one not in allowed and one not in kept:
                message = (
                    f"{shown(one)} is not open to applications that register themselves here:"
                    f" allowed are {', '.join(allowed) or 'none'}"
                )
                problems.append(Problem(f"{name}[{index}]", message))
    if problems:
        raise Invalid(problems)


def _hold_to_secrets(terms: Terms, method: str, *, public: bool) -> None:
    """Refuse who cannot keep a secret, where the policy wants one; who is there may stay.

    Raises:
        Invalid: naming the member that tells so.
    """
    current = terms.current
    if terms.policy.allow_public or not public or (current is not None and current.public):
        return
    raise Invalid.at(
        "token_endpoint_auth_method" if method == "none" else "application_type",
        "must be of an application that keeps a secret on a server: others may not register"
        " themselves here",
    )


def _open(allowed: tuple[str, ...], policy: ClientRegistration, now: int) -> tuple[str, ...]:
    """Return what is open now: what is no longer recommended may have had its time."""
    if legacy.in_force(policy.legacy, now):
        return allowed
    old = (*legacy.RESPONSE_TYPES, *legacy.GRANT_TYPES)
    return tuple(one for one in allowed if one not in old)


def _choose_legacy(terms: Terms, grants: tuple[str, ...]) -> LegacyFields | UnsetType | None:
    """Return the opt-in of a client that uses what is no longer recommended: the policy's."""
    if terms.current is not None and terms.current.legacy is not None:
        return UNSET
    opened = terms.policy.legacy
    if opened is None or legacy.IMPLICIT not in grants:
        return None
    return LegacyFields(reason=opened.reason, until=opened.until)


def _choose_scopes(asked: str | None, terms: Terms, grants: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes of a client: what it asks for, within what the policy opens.

    What is left out shows in the answer (RFC 7591, 3.2.1).

    Raises:
        OAuthError: the scope is malformed, or nothing of it is open.
    """
    opened = terms.policy.default_scopes
    kept = () if terms.current is None else terms.current.allowed_scopes
    possible = [
        scope
        for scope in dict.fromkeys((*opened, *kept))
        if scope in terms.known_scopes or scope in kept
        if scope not in IDENTITY_SCOPES or _OF_PEOPLE.intersection(grants)
        if scope != OFFLINE_ACCESS or "refresh_token" in grants
    ]
    if asked is None:
        usual = opened if terms.current is None else kept
        return tuple(scope for scope in possible if scope in usual)
    try:
        wanted = parse_scope(asked)
    except InvalidScope as error:
        raise InvalidClientMetadata(
            f"scope: {error.description}", rule="registered-scope-syntax", section="RFC 7591, 2"
        ) from None
    found = tuple(scope for scope in wanted if scope in possible)
    if not found:
        raise InvalidClientMetadata(
            "scope: none of these is open to applications that register themselves here; "
            f"open are {' '.join(possible) or 'none'}.",
            rule="registered-scope",
            section="RFC 7591, 3.2.1",
            expected=" ".join(possible),
        )
    return found


def explain(invalid: Invalid) -> OAuthError:
    """Word the problems of metadata as the specification does: a code, and each member's rule."""
    problems = [
        Problem(one.path.removeprefix("localized."), one.message) for one in invalid.problems
    ]
    description = "; ".join(map(str, problems))
    if all(one.path.startswith("redirect_uris") for one in problems):
        return InvalidRedirectUri(
            description, rule="registered-redirect-uri", section="RFC 7591, 3.2.2"
        )
    return InvalidClientMetadata(description, rule="registered-metadata", section="RFC 7591, 3.2.2")


def show_metadata(client: Client) -> dict[str, Any]:
    """Return everything that is registered of a client, in the words of the specifications."""
    values = {name: _member(client, name) for name in ACCEPTED}
    told = {
        name: value
        for name, value in values.items()
        if name in _ALWAYS or value not in (None, "", ())
    }
    return told | dict(sorted(client.localized.items()))


def _member(client: Client, name: str) -> Any:
    if name == "scope":
        return " ".join(client.allowed_scopes)
    if name == "application_type":
        return "native" if client.type is AppType.NATIVE else "web"
    return getattr(client, name)
