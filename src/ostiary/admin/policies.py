"""Policies: what an instance decides, within bounds."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec

from ostiary.admin import texts, uris
from ostiary.admin.client_metadata import LegacyFields
from ostiary.admin.client_values import check_legacy
from ostiary.admin.decode import decode, join, shown, suggest
from ostiary.admin.errors import Invalid, Problem
from ostiary.model.client import Legacy
from ostiary.model.factor import FactorKind
from ostiary.model.policy import BOUNDS, FACTORS, Configuration, MfaRequired, Policies
from ostiary.oauth import legacy, registry
from ostiary.oauth.scope import MAX_SCOPES, valid_scope
from ostiary.store.reads.instance import merge_policies

# Policies, and keys of policies, of the outward contract that this version does not have.
LATER = frozenset({"profile"})
LATER_KEYS = {
    "login": frozenset({"identity_providers"}),
    "password": frozenset({"min_length_with_mfa", "history"}),
    "retention": frozenset({"traces"}),
}
NOT_YET = "is not available in this version"

# Keys by policy; the value itself where a policy is a switch.
Stored = dict[str, Any]


def in_force(configuration: Configuration) -> Policies:
    """Return the policies of the instance with their defaults."""
    return merge_policies(configuration.policies)


def merge(  # noqa: C901 - one branch a kind of value
    present: Stored, given: object, problems: list[Problem], path: str = "policies"
) -> Stored:
    """Return what is stored of the policies after a change; problems are added to the list.

    Only what differs from the defaults is stored. Null puts a policy, or a key of one,
    back to its default.
    """
    merged: Stored = {
        name: dict(values) if isinstance(values, dict) else values
        for name, values in present.items()
    }
    if given is None:
        return {}
    if not isinstance(given, dict):
        problems.append(Problem(path, "must be a mapping of policies"))
        return merged
    known = {field.name: field.type for field in msgspec.structs.fields(Policies)}
    for name, values in given.items():
        place = join(path, shown(name))
        if name in LATER:
            # What this version does anyway may be said.
            if values not in (None, False, {}, "baseline"):
                problems.append(Problem(place, NOT_YET))
        elif name not in known:
            hint = suggest(str(name), (*known, *LATER), len(problems))
            problems.append(Problem(place, f"is no policy that exists{hint}"))
        elif values is None:
            merged.pop(name, None)
        elif known[name] is bool and isinstance(values, bool):
            merged[name] = values
        elif known[name] is bool or not isinstance(values, dict):
            what = "true or false" if known[name] is bool else "a mapping of keys to values"
            problems.append(Problem(place, f"must be {what}"))
        else:
            merged[name] = _merge_policy(name, known[name], merged.get(name, {}), values, problems)
    if not problems:
        problems.extend(check_together(merge_policies(merged), path))
    return {name: values for name, values in merged.items() if values}


def _merge_policy(
    name: str,
    kind: type[msgspec.Struct],
    present: dict[str, Any],
    given: dict[str, Any],
    problems: list[Problem],
) -> dict[str, Any]:
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    merged = dict(present)
    for key, value in given.items():
        place = f"policies.{name}.{shown(key)}"
        if key in LATER_KEYS.get(name, ()):
            if value not in (None, False, [], {}):
                problems.append(Problem(place, NOT_YET))
        elif key not in defaults:
            names = (*defaults, *LATER_KEYS.get(name, ()))
            hint = suggest(str(key), names, len(problems))
            problems.append(Problem(place, f"is not a key that exists here{hint}"))
        elif value is None:
            merged.pop(key, None)
        elif wrong := check_value(name, key, value, defaults[key]):
            problems.append(Problem(place, wrong))
        elif (tuple(value) if isinstance(value, list) else value) == defaults[key]:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


def check_value(policy: str, key: str, value: Any, default: Any) -> str | None:
    """Tell what is wrong with a value, which has to be of the kind of the default, or None."""
    if (policy, key) in _OTHERS:
        return _OTHERS[policy, key](value)
    match default:
        case bool():
            return None if isinstance(value, bool) else "must be true or false"
        case StrEnum():
            return _check_choice(value, tuple(type(default)))
        case tuple():
            return _check_list(value, _ITEMS[policy, key])
    if type(value) is not int:
        return "must be a whole number"
    low, high = BOUNDS[policy, key]
    return None if low <= value <= high else f"must be {low} to {high}"


def _check_legacy(value: Any) -> str | None:
    try:
        fields = decode(LegacyFields, value)
    except Invalid as error:
        return str(error)
    problems = check_legacy(Legacy(reason=fields.reason, until=fields.until or None))
    if not problems:
        return None
    return str(Problem(problems[0].path.removeprefix("legacy."), problems[0].message))


def _check_choice(value: Any, options: tuple[str, ...]) -> str | None:
    if isinstance(value, str) and value in options:
        return None
    hint = suggest(value, options) if isinstance(value, str) else ""
    return f"must be one of {', '.join(options)}{hint}"


def _check_list(value: Any, check: Callable[[Any], str | None]) -> str | None:
    if not isinstance(value, list):
        return "must be a list"
    if len(value) > MAX_SCOPES:
        return f"must have at most {MAX_SCOPES} entries"
    for item in value:
        if wrong := check(item):
            return f"{shown(item)!r} {wrong}"
    return None


def _check_domain(value: Any) -> str | None:
    return texts.check_domain(value) if isinstance(value, str) else "is no domain name"


def _check_link(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    try:
        uris.parse_link(value)
    except uris.Refused as refused:
        return str(refused)
    return None


# What checks policies that are no number, switch, choice or list.
_OTHERS: dict[tuple[str, str], Callable[[Any], str | None]] = {
    ("client_registration", "legacy"): _check_legacy,
    ("user_registration", "terms_uri"): _check_link,
}


def _check_scope(value: Any) -> str | None:
    if isinstance(value, str) and value and valid_scope(value):
        return None
    return "is no scope: printable ASCII without spaces and quotes (RFC 6749, 3.3)"


# What may be in the lists of policies.
_ITEMS: dict[tuple[str, str], Callable[[Any], str | None]] = {
    ("login", "allowed_factors"): partial(_check_choice, options=FACTORS),
    ("client_registration", "allowed_grant_types"): partial(
        _check_choice, options=(*registry.GRANT_TYPES, legacy.IMPLICIT)
    ),
    ("client_registration", "allowed_response_types"): partial(
        _check_choice, options=registry.RESPONSE_TYPES
    ),
    ("client_registration", "default_scopes"): _check_scope,
    ("user_registration", "allowed_domains"): _check_domain,
}


# The first must not be longer than the second.
_ORDERED = (
    ("token_lifetimes", "refresh_idle", "refresh_absolute"),
    ("token_lifetimes", "session_idle", "session_absolute"),
    ("token_lifetimes", "remembered_idle", "remembered_absolute"),
    ("password", "min_length", "max_length"),
    ("lockout", "free_attempts", "soft_lock_after"),
    ("lockout", "soft_lock_after", "hard_ceiling"),
    ("keys", "publish_before", "rotate_every"),
)


# What can be set up as a second factor; recovery codes come with the others.
_SECOND = {FactorKind.PASSKEY.value, FactorKind.TOTP.value, FactorKind.EMAIL_CODE.value}


def check_together(policies: Policies, path: str) -> list[Problem]:
    """Return what is wrong about values that are each right by themselves."""
    problems = []
    if not {"password", "passkey"}.intersection(policies.login.allowed_factors):
        place = f"{path}.login.allowed_factors"
        problems.append(Problem(place, "must have password or passkey, or nobody can sign in"))
    elif policies.mfa.required is not MfaRequired.NEVER and not _SECOND.intersection(
        policies.login.allowed_factors
    ):
        problems.append(
            Problem(
                f"{path}.mfa.required",
                "demands a second factor, and login.allowed_factors has none:"
                f" it must have one of {', '.join(sorted(_SECOND))}",
            )
        )
    for name, lesser, greater in _ORDERED:
        policy = getattr(policies, name)
        low, high = getattr(policy, lesser), getattr(policy, greater)
        if low > high:
            problems.append(
                Problem(f"{path}.{name}.{lesser}", f"must not be more than {greater}, {high}")
            )
    opened = policies.client_registration
    types, grants = legacy.choose(opened.allowed_response_types, opened.allowed_grant_types)
    if (types or grants) and opened.legacy is None:
        problems.append(
            Problem(
                f"{path}.client_registration.legacy",
                f"must give a reason: {(*types, *grants)[0]} is no longer recommended"
                " (RFC 9700, 2.1.2)",
            )
        )
    return problems
