"""Forms for bodies of the API's operations, and bodies from forms that were sent.

Both follow from the struct that the operation reads: a member is a field, a struct within is a
group of fields. Names of fields are paths, as in `profile.given_name`. In the form of a change
only what is different from before counts; an empty field takes a member away.
"""

import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin

import msgspec

from ostiary.admin.errors import Invalid, Problem
from ostiary.jose import json
from ostiary.jose.errors import InvalidJson
from ostiary.model.policy import Policies
from ostiary.pages.console import Input, InputGroup
from ostiary.web.console.cells import write
from ostiary.web.console.moments import TIMES, is_seconds, read_moment, write_moment

Values = Mapping[str, tuple[str, ...]]
Choices = dict[str, tuple[tuple[str, str], ...]]

_MAX_DIGITS = 12
_YES, _NO = "true", "false"
# Members that nobody should read over somebody's shoulder.
_SECRET = frozenset({"client_secret", "password", "plain", "hash"})
# What a member holds, where its type does not say it.
_SHAPES: dict[str, Any] = {"policies": Policies}
# Another word for a member that there is as well.
_ALIASES = frozenset({"back_channel_logout_uri", "scope"})
# What everything is in: of these the choice is out of sight while there is none.
_PLACES = frozenset({"organization", "project"})
FURTHER = "further"
"""The group of the fields that a form does not ask first."""
_MISSING: Any = object()


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a body: its path, and how it is typed in."""

    path: tuple[str, ...]
    # text, secret, number, time, flag, choice, lines or json.
    kind: str
    options: tuple[str, ...] = ()
    required: bool = False
    # Whether null takes it away.
    nullable: bool = False

    @property
    def name(self) -> str:
        """The name of its field."""
        return ".".join(self.path)


@lru_cache(maxsize=128)
def members_of(kind: type[msgspec.Struct]) -> tuple[Member, ...]:
    """Return every value that a body of this type may have."""
    return tuple(_walk(kind, ()))


def _walk(kind: type[msgspec.Struct], above: tuple[str, ...]) -> list[Member]:
    found: list[Member] = []
    hints = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.name in _ALIASES:
            continue
        path = (*above, field.name)
        type_ = _SHAPES.get(field.name, hints[field.name])
        inner, nullable = _bare(type_)
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            found.extend(_walk(inner, path))
            continue
        options: tuple[str, ...] = ()
        if isinstance(inner, type) and issubclass(inner, Enum):
            options = tuple(str(one.value) for one in inner)
        found.append(
            Member(
                path=path,
                kind=_kind_of(field.name, inner),
                options=options,
                required=field.required and not above,
                nullable=nullable,
            )
        )
    return found


def _bare(type_: Any) -> tuple[Any, bool]:
    """Return a type without null and without the possibility that nothing is given."""
    if get_origin(type_) not in {Union, types.UnionType}:
        return type_, False
    left = [one for one in get_args(type_) if one not in {msgspec.UnsetType, types.NoneType}]
    return left[0], types.NoneType in get_args(type_)


def _kind_of(name: str, type_: Any) -> str:
    if type_ is str:
        return "secret" if name in _SECRET else "text"
    if type_ is bool:
        return "flag"
    if type_ is int:
        return "time" if name in TIMES else "number"
    if isinstance(type_, type) and issubclass(type_, Enum):
        return "choice"
    if get_origin(type_) is tuple and get_args(type_)[0] is str:
        return "lines"
    return "json"


def read_present(kind: type[msgspec.Struct], item: Mapping[str, Any]) -> dict[str, str]:
    """Return what is in the fields of a thing as it is, by their names."""
    shown = {}
    for member in members_of(kind):
        value: Any = item
        for part in member.path:
            value = value.get(part) if isinstance(value, Mapping) else None
        shown[member.name] = _show(member, value)
    return shown


def _show(member: Member, value: Any) -> str:
    if value is None or member.kind == "secret":
        return ""
    if member.kind == "flag":
        return _YES if value else _NO
    if member.kind == "lines":
        return "\n".join(value)
    if member.kind == "json":
        return write(value) if value else ""
    return str(value)


def typed_of(kind: type[msgspec.Struct], values: Values) -> dict[str, str]:
    """Return what was typed in the fields that were sent."""
    found = {}
    for member in members_of(kind):
        given = values.get(member.name)
        if given is not None:
            found[member.name] = "\n".join(given).replace("\r\n", "\n").strip()
    return found


def body_of(
    kind: type[msgspec.Struct],
    typed: Mapping[str, str],
    present: Mapping[str, str] | None,
    zone: str | None = None,
) -> dict[str, Any]:
    """Return the body that was typed; of a change, with `present`, only what is different.

    `zone` is the time zone of whoever typed it.

    Raises:
        Invalid: a field holds no number, no time, or no JSON.
    """
    body: dict[str, Any] = {}
    problems: list[Problem] = []
    whole = _whole_groups(kind, typed, present)
    for member in members_of(kind):
        text = typed.get(member.name)
        if text is None:
            continue
        if present is not None and text == present.get(member.name, ""):
            if member.path[:-1] not in whole or not text:
                continue
        elif present is None and not text:
            continue
        try:
            value = _read(member, text, zone)
        except ValueError as error:
            problems.append(Problem(member.name, str(error)))
            continue
        if value is not _MISSING:
            _put(body, member.path, value)
    if problems:
        raise Invalid(problems)
    return {
        name: None if value == {} and name != "policies" else value for name, value in body.items()
    }


def _whole_groups(
    kind: type[msgspec.Struct], typed: Mapping[str, str], present: Mapping[str, str] | None
) -> set[tuple[str, ...]]:
    """Return the groups that are sent whole when anything in them changes.

    They are those that have a member which cannot be left out.
    """
    whole: set[tuple[str, ...]] = set()
    if present is None:
        return whole
    for member in members_of(kind):
        group = member.path[:-1]
        changed = typed.get(member.name, "") != present.get(member.name, "")
        if group and changed and not _optional(kind, group):
            whole.add(group)
    return whole


def _optional(kind: type[msgspec.Struct], group: tuple[str, ...]) -> bool:
    """Tell whether every member of a group can be left out."""
    inner: Any = kind
    for part in group:
        hint = _SHAPES.get(part, typing.get_type_hints(inner)[part])
        inner, _ = _bare(hint)
    return not any(field.required for field in msgspec.structs.fields(inner))


def _read(member: Member, text: str, zone: str | None) -> Any:
    """Return the value that a text stands for.

    Raises:
        ValueError: it stands for none of this kind.
    """
    if member.kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if not text:
        return _nothing(member)
    value: Any = text
    match member.kind:
        case "number":
            if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
                raise ValueError("must be a whole number")
            value = int(text)
        case "time":
            value = read_moment(text, zone)
        case "flag":
            value = text == _YES
        case "json":
            try:
                value = json.parse(text)
            except InvalidJson as error:
                raise ValueError(f"must be JSON: {error.message}") from None
    return value


def _nothing(member: Member) -> Any:
    """Return what an emptied field stands for."""
    if member.nullable or member.path[0] in _SHAPES:
        return None
    return "" if member.kind == "text" else _MISSING


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def inputs_of(  # noqa: PLR0913 - what a form is made of
    kind: type[msgspec.Struct],
    shown: Mapping[str, str],
    choices: Choices,
    faults: Mapping[str, str],
    *,
    leading: tuple[str, ...] = (),
    zone: str | None = None,
    change: bool,
) -> tuple[InputGroup, ...]:
    """Return the fields of a form, in groups; those that lead come first.

    What is filled in already comes next: of a new thing nothing that is folded away is set.
    `zone` is the time zone of whoever fills it in.
    """
    groups: dict[str, list[Input]] = {"": []}
    for member in members_of(kind):
        value = shown.get(member.name, "")
        if member.kind == "time" and is_seconds(value):
            value = _write_time(value, zone)
        field = _input(member, value, choices, faults, change=change)
        group = ".".join(member.path[:-1])
        filled = bool(field.value) and not change
        if leading and not group and member.name not in leading and not filled:
            group = FURTHER
        groups.setdefault(group, []).append(field)
    if leading:
        places = {name: place for place, name in enumerate(leading)}
        groups[""].sort(key=lambda one: places.get(one.name, len(places)))
    return tuple(
        InputGroup(
            name=name.rpartition(".")[2],
            inputs=tuple(fields),
            open=any(one.fault or (one.value and not change) for one in fields),
        )
        for name, fields in groups.items()
        if fields
    )


def _input(
    member: Member, value: str, choices: Choices, faults: Mapping[str, str], *, change: bool
) -> Input:
    kind, options = member.kind, tuple((one, one) for one in member.options)
    if member.kind == "flag":
        kind, options = "choice", ((_YES, _YES), (_NO, _NO))
    if member.name in choices:
        kind, options = "choice", choices[member.name]
    if member.required and member.name in _PLACES and len(options) == 1:
        # Where there is one of them alone, it goes without saying.
        kind, value = "hidden", options[0][0]
    return Input(
        name=member.name,
        label=member.path[-1],
        kind=kind,
        value=value,
        choices=options,
        required=member.required and not (change and kind == "secret"),
        fault=_fault(member.name, faults),
    )


def _write_time(seconds: str, zone: str | None) -> str:
    """Return seconds, as links give them, as a field for a time holds them."""
    try:
        return write_moment(read_moment(seconds, zone), zone)
    except ValueError:
        return seconds


def _fault(name: str, faults: Mapping[str, str]) -> str | None:
    """Return what is wrong with a field, or with a part of what it holds."""
    for path, message in faults.items():
        if path == name or path.startswith((f"{name}.", f"{name}[")):
            return message
    return None
