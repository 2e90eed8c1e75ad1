"""Policies: what an instance decides, within bounds."""

from typing import Any

import msgspec

from ostiary.admin.decode import join, shown, suggest
from ostiary.admin.errors import Problem
from ostiary.model.policy import BOUNDS, Configuration, Policies
from ostiary.store.reads.instance import merge_policies

# Policies, and keys of policies, of the outward contract that this version does not have.
LATER = frozenset({"mfa", "user_registration", "client_registration", "profile"})
LATER_KEYS = {
    "token_lifetimes": frozenset({"reset_link", "email_code", "invitation"}),
    "login": frozenset(
        {
            "identifier_first",
            "allowed_factors",
            "identity_providers",
            "passkey_offer",
        }
    ),
    "password": frozenset({"min_length_with_mfa", "history"}),
    "retention": frozenset({"traces"}),
}
_NOT_YET = "is not available in this version"

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
                problems.append(Problem(place, _NOT_YET))
        elif name not in known:
            hint = suggest(str(name), (*known, *LATER))
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
        problems.extend(_check_together(merge_policies(merged), path))
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
                problems.append(Problem(place, _NOT_YET))
        elif key not in defaults:
            hint = suggest(str(key), (*defaults, *LATER_KEYS.get(name, ())))
            problems.append(Problem(place, f"is not a key that exists here{hint}"))
        elif value is None or (value == defaults[key] and type(value) is type(defaults[key])):
            merged.pop(key, None)
        elif wrong := _check_value(name, key, value, defaults[key]):
            problems.append(Problem(place, wrong))
        else:
            merged[key] = value
    return merged


def _check_value(policy: str, key: str, value: Any, default: Any) -> str | None:
    if type(value) is not type(default):
        return "must be true or false" if isinstance(default, bool) else "must be a whole number"
    if isinstance(default, bool):
        return None
    low, high = BOUNDS[policy, key]
    if not low <= value <= high:
        return f"must be {low} to {high}"
    return None


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


def _check_together(policies: Policies, path: str) -> list[Problem]:
    problems = []
    for name, lesser, greater in _ORDERED:
        policy = getattr(policies, name)
        low, high = getattr(policy, lesser), getattr(policy, greater)
        if low > high:
            problems.append(
                Problem(f"{path}.{name}.{lesser}", f"must not be more than {greater}, {high}")
            )
    return problems
