"""The policies of an organization: stricter than those of the instance, within its bounds."""

from typing import Any

import msgspec

from ostiary.admin.decode import join, shown, suggest
from ostiary.admin.errors import Problem
from ostiary.admin.policies import LATER, LATER_KEYS, NOT_YET, check_together, check_value
from ostiary.model.narrowing import JOINS, NARROWED, narrow
from ostiary.model.policy import Policies

# Keys by policy, as the organization said them, also where the instance says the same.
Stored = dict[str, dict[str, Any]]


def merge(
    present: Stored,
    given: object,
    instance: Policies,
    problems: list[Problem],
    path: str = "policies",
) -> Stored:
    """Return what is stored of an organization's policies after a change.

    Problems are added to the list. Null takes back what the organization decided.
    """
    merged = {name: dict(values) for name, values in present.items()}
    if given is None:
        return {}
    if not isinstance(given, dict):
        problems.append(Problem(path, "must be a mapping of policies"))
        return merged
    before = len(problems)
    for name, values in given.items():
        place = join(path, shown(name))
        if name not in NARROWED:
            problems.append(Problem(place, _refuse(str(name))))
        elif name in LATER:
            if values not in (None, {}):
                problems.append(Problem(place, NOT_YET))
        elif values is None:
            merged.pop(name, None)
        elif not isinstance(values, dict):
            problems.append(Problem(place, "must be a mapping of keys to values"))
        else:
            policy, own = getattr(instance, name), merged.get(name, {})
            merged[name] = own | _read(name, values, policy, problems, place)
    merged = {
        name: {key: value for key, value in values.items() if value is not None}
        for name, values in merged.items()
    }
    merged = {name: values for name, values in merged.items() if values}
    if len(problems) == before:
        problems.extend(check_together(narrow(instance, merged), path))
    return merged


def _refuse(name: str) -> str:
    if name in Policies.__struct_fields__:
        return "is for the instance to decide, not for an organization"
    return f"is no policy that exists{suggest(name, NARROWED)}"


def _read(
    name: str, given: dict[str, Any], policy: msgspec.Struct, problems: list[Problem], path: str
) -> dict[str, Any]:
    """Return the given values of one policy that are good, and None for those taken back."""
    known = msgspec.to_builtins(policy)
    good: dict[str, Any] = {}
    for key, value in given.items():
        place = join(path, shown(key))
        if key in LATER_KEYS.get(name, ()):
            if value not in (None, False, [], {}):
                problems.append(Problem(place, NOT_YET))
        elif key not in known:
            problems.append(Problem(place, f"is not a key that exists here{suggest(key, known)}"))
        elif value is None:
            good[key] = None
        elif wrong := check_value(name, key, value, _default_of(policy, key)):
            problems.append(Problem(place, wrong))
        elif _is_laxer(name, key, known[key], value):
            told = msgspec.json.encode(known[key]).decode()
            problems.append(
                Problem(place, f"may be stricter than for the instance, {told}, but not laxer")
            )
        else:
            good[key] = value
    return good


def _default_of(policy: msgspec.Struct, key: str) -> Any:
    """Return the default of a key, which tells the kind of its values."""
    return next(one.default for one in msgspec.structs.fields(policy) if one.name == key)


def _is_laxer(name: str, key: str, instance: Any, own: Any) -> bool:
    joined = JOINS[name, key](instance, own)
    if isinstance(own, list):
        return sorted(joined) != sorted(own)
    return bool(joined != own)
