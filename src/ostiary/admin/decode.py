"""From parsed YAML or JSON to a typed request, collecting everything that is wrong.

Unknown keys are errors with a suggestion. Keys that belong to what this version does not
do yet are refused by name, unless their value switches nothing on. Each problem carries
the path of its value, as in `organizations[0].users[2].email.address`.
"""

import types
import typing
from enum import Enum
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, Union, cast, get_args, get_origin

import msgspec

from ostiary.admin.errors import MAX_PROBLEMS, Invalid, Problem

_MAX_SHOWN = 60

R = TypeVar("R", bound="Request")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a management operation is asked for.

    A field that was not given is UNSET, which leaves things as they are; null puts them
    back to what they are by default.
    """

    # Keys of the outward contract that this version does not have.
    later: ClassVar[frozenset[str]] = frozenset()


def decode(kind: type[R], value: object, path: str = "") -> R:
    """Read a request from parsed YAML or JSON.

    Raises:
        Invalid: with every problem found, fifty at most.
    """
    problems: list[Problem] = []
    found = _read_request(kind, value, path, problems)
    if problems:
        raise Invalid(problems)
    return cast("R", found)


def join(path: str, key: str) -> str:
    """Return the path of a key within a mapping."""
    return f"{path}.{key}" if path else key


def suggest(word: str, known: typing.Iterable[str], found: int = 0) -> str:
    """Return "; did you mean …?" for a misspelt word, or nothing.

    Looking for it takes time: where as many problems as are told were `found`, it is not.
    """
    if found >= MAX_PROBLEMS:
        return ""
    # Only errors need it, and it is slow to load.
    import difflib  # noqa: PLC0415

    close = difflib.get_close_matches(word[:_MAX_SHOWN], list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


def shown(value: object) -> str:
    """Return a foreign value as it may stand in a message."""
    text = str(value)
    text = "".join(letter if letter.isprintable() else "?" for letter in text[: _MAX_SHOWN + 1])
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


@lru_cache(maxsize=64)
def _fields(kind: type[msgspec.Struct]) -> dict[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(kind)
    return {
        field.encode_name: (hints[field.name], field.required)
        for field in msgspec.structs.fields(kind)
    }


def _read_request(
    kind: type[msgspec.Struct], value: object, path: str, problems: list[Problem]
) -> msgspec.Struct | None:
    if not isinstance(value, dict):
        problems.append(Problem(path, f"must be a mapping of keys to values, not {_name(value)}"))
        return None
    fields = _fields(kind)
    later = kind.later if issubclass(kind, Request) else frozenset()
    given: dict[str, Any] = {}
    before = len(problems)
    for key, item in value.items():
        if len(problems) >= MAX_PROBLEMS:
            return None
        place = join(path, shown(key))
        if key in fields:
            given[key] = _read(fields[key][0], item, place, problems)
        elif key in later:
            # What switches nothing on is true of this version as well.
            if item not in (None, False, [], {}):
                problems.append(Problem(place, "is not available in this version"))
        else:
            hint = suggest(str(key), (*fields, *later))
            problems.append(Problem(place, f"is not a key that exists here{hint}"))
    problems.extend(
        Problem(join(path, key), "is missing")
        for key, (_, required) in fields.items()
        if required and key not in given
    )
    return kind(**given) if len(problems) == before else None


def _read(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if len(problems) >= MAX_PROBLEMS:
        return None
    if get_origin(kind) in {Union, types.UnionType}:
        members = [one for one in get_args(kind) if one is not msgspec.UnsetType]
        if value is None and types.NoneType in members:
            return None
        (kind,) = (one for one in members if one is not types.NoneType)
    if get_origin(kind) is tuple:
        return _read_list(get_args(kind)[0], value, path, problems)
    if get_origin(kind) is dict:
        return _read_dict(get_args(kind)[1], value, path, problems)
    if kind is not Any and issubclass(kind, msgspec.Struct):
        return _read_request(kind, value, path, problems)
    return _read_scalar(kind, value, path, problems)


def _read_scalar(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if kind is Any:
        return value
    if issubclass(kind, Enum):
        return _read_enum(kind, value, path, problems)
    # True is an int to Python, but not to people.
    if type(value) is not kind:
        quotes = " (put it in quotes)" if kind is str and isinstance(value, int | float) else ""
        problems.append(Problem(path, f"must be {_WORDS[kind]}, not {_name(value)}{quotes}"))
        return None
    return value


def _read_list(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, list):
        problems.append(Problem(path, f"must be a list, not {_name(value)}"))
        return None
    return tuple(
        _read(kind, item, f"{path}[{index}]", problems) for index, item in enumerate(value)
    )


def _read_dict(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(Problem(path, f"must be a mapping of keys to values, not {_name(value)}"))
        return None
    return {key: _read(kind, item, join(path, shown(key)), problems) for key, item in value.items()}


def _read_enum(kind: type[Enum], value: object, path: str, problems: list[Problem]) -> Any:
    options = {str(option.value): option for option in kind}
    if isinstance(value, str) and value in options:
        return options[value]
    hint = suggest(value, options) if isinstance(value, str) else ""
    problems.append(Problem(path, f"must be one of {', '.join(options)}{hint}"))
    return None


_WORDS = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
}


def _name(value: object) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "true or false"
    return "a number"
