"""What may be registered about a client, and what follows from what was given.

`settle` turns metadata into the full set of values of a client: the given ones, the
present ones where nothing was given, and defaults that follow from both. Everything is
checked as it would be stored, and all problems are told at once.
"""

from typing import Any

import msgspec
from msgspec import UNSET

from ostiary.admin import branding
from ostiary.admin.client_combinations import check_combinations
from ostiary.admin.client_defaults import DERIVED, Values, derive
from ostiary.admin.client_metadata import ApplicationType, ClientMetadata, LegacyFields
from ostiary.admin.client_values import JWK_MEMBERS, LIFETIMES, check_values
from ostiary.admin.decode import shown, suggest
from ostiary.admin.errors import Invalid, Problem
from ostiary.jose import unsecured
from ostiary.model.branding import Branding
from ostiary.model.client import AppType, Client, Legacy, Lifetimes
from ostiary.oauth.instructions import parse as parse_instruction
from ostiary.oauth.legacy import canonical
from ostiary.oauth.scope import MAX_SCOPES

# Other names of members.
_ALIASES = {"back_channel_logout_uri": "backchannel_logout_uri"}
# Members of the metadata that are no field of a client, or are handled on their own.
_ELSEWHERE = frozenset(
    {"client_id", "client_secret", "application_type", "scope", *LIFETIMES, *_ALIASES}
)

_DEFAULTS = {
    field.name: field.default for field in msgspec.structs.fields(Client) if not field.required
} | {"lifetimes": Lifetimes(), "localized": {}}


_ID_TOKEN_ALG = "id_token_signed_response_alg"
_SIGNING = (
    _ID_TOKEN_ALG,
    "userinfo_signed_response_alg",
    "access_token_signing_alg",
)
_UNSIGNED = (
    "none needs the policy client_registration.allow_unsigned_id_token: what nobody signed proves"
    " nothing"
)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What metadata is checked against: the scopes of the organization, the algorithms."""

    scopes: frozenset[str]
    algs: tuple[str, ...]
    # Whether the policy admits ID tokens without a signature.
    unsigned_id_tokens: bool = False


def settle(metadata: ClientMetadata, current: Client | None, surroundings: Surroundings) -> Values:
    """Return all registered values of a client, as they would be after the change.

    Raises:
        Invalid: the values break rules, alone or together.
    """
    given = _given(metadata)
    problems: list[Problem] = []
    if metadata.scope is not UNSET and metadata.allowed_scopes is not UNSET:
        problems.append(Problem("scope", "is the same list as allowed_scopes: give only one"))
    for alias, name in _ALIASES.items():
        both = getattr(metadata, alias), getattr(metadata, name)
        if UNSET not in both and both[0] != both[1]:
            problems.append(Problem(alias, f"is another name of {name}: give only one"))
    # Null means "work it out", for what is worked out.
    anew = {name for name in DERIVED if getattr(metadata, name) is None}
    values = _start(current) | given
    derive(values, given, None if current is None else _start(current), anew)
    values["allowed_scopes"] = tuple(dict.fromkeys(values["allowed_scopes"]))
    if "legacy" in given:
        values["uses_legacy"] = values["legacy"] is not None
    if "lifetimes" in given:
        present = Lifetimes() if current is None else current.lifetimes
        values["lifetimes"] = msgspec.structs.replace(present, **given["lifetimes"])
    values["branding"] = _settle_branding(metadata, current, problems)
    problems.extend(check_values(given))
    problems.extend(_check_scopes(values, current, surroundings))
    problems.extend(_check_algs(values, given, surroundings))
    if not problems:
        problems.extend(check_combinations(values, metadata))
    if problems:
        raise Invalid(problems)
    if values["jwks"] is not None:
        values["jwks"] = _strip_keys(values["jwks"])
    return values


def _settle_branding(
    metadata: ClientMetadata, current: Client | None, problems: list[Problem]
) -> Branding:
    present = Branding() if current is None else current.branding
    settled = branding.merge(present, metadata.branding, problems)
    if settled.logo is not None:
        problems.append(Problem("branding.logo", "is called logo_uri for an application"))
    return settled


def _strip_keys(document: dict[str, Any]) -> dict[str, Any]:
    """Return a key set without the members that mean nothing here; those are never stored."""
    keys = [{name: jwk[name] for name in JWK_MEMBERS if name in jwk} for jwk in document["keys"]]
    return {"keys": keys}


def _given(metadata: ClientMetadata) -> Values:
    """Return the given members by the name of the client's field; null is the default."""
    given: Values = {}
    for name in metadata.__struct_fields__:
        value = getattr(metadata, name)
        if value is UNSET or name in _ELSEWHERE or (value is None and name in DERIVED):
            continue
        given[name] = _DEFAULTS[name] if value is None else value
    for alias, name in _ALIASES.items():
        if getattr(metadata, alias) is not UNSET:
            given.setdefault(name, getattr(metadata, alias))
    if isinstance(metadata.legacy, LegacyFields):
        until = metadata.legacy.until
        given["legacy"] = Legacy(
            reason=metadata.legacy.reason, until=None if until is UNSET else until
        )
    if "response_types" in given:
        given["response_types"] = tuple(map(canonical, given["response_types"]))
    if metadata.scope is not UNSET and metadata.scope is not None:
        given["allowed_scopes"] = tuple(metadata.scope.split())
    if metadata.application_type is ApplicationType.NATIVE and "type" not in given:
        given["type"] = AppType.NATIVE
    lifetimes = {
        field: getattr(metadata, name)
        for name, field in LIFETIMES.items()
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


def _check_scopes(
    values: Values, current: Client | None, surroundings: Surroundings
) -> list[Problem]:
    problems = []
    scopes = values["allowed_scopes"]
    kept = frozenset(() if current is None else current.allowed_scopes)
    if len(scopes) > MAX_SCOPES:
        problems.append(Problem("allowed_scopes", f"must have at most {MAX_SCOPES} entries"))
    for index, scope in enumerate(scopes[:MAX_SCOPES]):
        if scope in surroundings.scopes or scope in kept or parse_instruction(scope):
            continue
        hint = suggest(scope, surroundings.scopes, len(problems))
        message = f"{shown(scope)!r} is no scope of this organization's APIs{hint}"
        problems.append(Problem(f"allowed_scopes[{index}]", message))
    return problems


def _check_algs(values: Values, given: Values, surroundings: Surroundings) -> list[Problem]:
    problems = []
    for name in _SIGNING:
        alg = values[name]
        if name not in given or alg is None or alg in surroundings.algs:
            continue
        if name == _ID_TOKEN_ALG and alg == unsecured.ALG:
            if not surroundings.unsigned_id_tokens:
                problems.append(Problem(name, _UNSIGNED))
            continue
        enabled = ", ".join(surroundings.algs)
        problems.append(
            Problem(name, f"must be an algorithm that this instance has keys for: {enabled}")
        )
    return problems
