"""From the text of a declarative file to plain values, in bounded time and space.

YAML is read by the C parser's events, which know no types: plain scalars follow the core
schema of YAML 1.2, so that `no` and `1990-01-01` are text. Anchors count as often as
they are used; tags, merge keys and repeated keys are refused.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
import yaml

from ostiary.admin.decode import join, shown

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 500_000
_MAX_DIGITS = 18

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,20}|[0-9]{1,20}(\.[0-9]{0,20})?)([eE][-+]?[0-9]{1,3})?")
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_SURROGATES = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """The file is not what it should be; `line` counts from 1, where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Document(msgspec.Struct, frozen=True):
    """A file as read: its name for messages, its text, and the values in it."""

    name: str
    text: str
    tree: Any

    def line_of(self, path: str) -> int | None:
        """Return the line of the value at a path, or of the closest that leads to it."""
        if _is_json(self.name, self.text):
            return None
        lines = _lines_of(self.text)
        while path and path not in lines:
            cut = max(path.rfind("."), path.rfind("["))
            path = path[: max(cut, 0)]
        return lines.get(path)


@lru_cache(maxsize=2)
def _lines_of(text: str) -> dict[str, int]:
    lines: dict[str, int] = {}
    _Composer(text, lines).compose()
    return lines


def read(name: str, content: bytes) -> Document:
    """Read a YAML or JSON file.

    Raises:
        Unreadable: it is neither, or too large, too deep, or ambiguous.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES // 1024 // 1024} MiB: split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable("is not UTF-8 text", line) from None
    tree = _read_json(text) if _is_json(name, text) else _Composer(text).compose()
    return Document(name, text, tree)


def _is_json(name: str, text: str) -> bool:
    if name.endswith((".yaml", ".yml")):
        return False
    return name.endswith(".json") or text.lstrip()[:1] == "{"


def _read_json(text: str) -> Any:
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_parse_int,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep") from None
    _check_tree(tree)
    return tree


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Unreadable(f"has the key {shown(key)!r} twice in one mapping")
            seen.add(key)
    return members


def _refuse_constant(name: str) -> None:
    raise Unreadable(f"is not JSON: {name} is no number")


def _parse_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Unreadable(f"has a number of more than {_MAX_DIGITS} digits")
    return int(digits)


def _check_tree(tree: Any) -> None:
    """Hold parsed JSON to the same bounds as YAML."""
    level = [tree]
    nodes = 0
    for _ in range(MAX_DEPTH + 1):
        nodes += len(level)
        for text in _texts(level):
            if _SURROGATES.search(text):
                raise Unreadable("has half of a surrogate pair in a text")
        if nodes > MAX_NODES:
            raise Unreadable(f"has more than {MAX_NODES} values: split it")
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep")


def _texts(values: list[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


class _Composer:
    """Builds values from the events of the YAML parser.

    With `lines`, it notes the line of each path as well.
    """

    def __init__(self, text: str, lines: dict[str, int] | None = None) -> None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._lines = lines
        # Each anchor with the number of values that using it brings in.
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def compose(self) -> Any:
        """Return the value of the one document.

        Raises:
            Unreadable: it is not YAML, or breaks a rule of this module.
        """
        try:
            return self._compose_stream()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = error.problem or error.context
            line = None if mark is None else mark.line + 1
            raise Unreadable(f"is not YAML: {problem}", line) from None
        except yaml.YAMLError as error:
            raise Unreadable(f"is not YAML: {getattr(error, 'reason', error)}") from None

    def _compose_stream(self) -> Any:
        self._next()  # the stream begins
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        tree = self._compose_node(self._next(), "", 0)
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise Unreadable("holds several documents: put each into a file", _line(event))
        return tree

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _compose_node(self, event: Any, path: str, depth: int) -> Any:
        self._count(1, event)
        if self._lines is not None:
            self._lines[path] = _line(event)
        if isinstance(event, yaml.AliasEvent):
            return self._use(event)
        if depth > MAX_DEPTH:
            raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep", _line(event))
        before = self._nodes
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif event.tag is not None:
            raise Unreadable(f"has the tag {shown(event.tag)}: leave it out", _line(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._compose_sequence(path, depth)
        else:
            value = self._compose_mapping(path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _compose_sequence(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._compose_node(event, f"{path}[{len(items)}]", depth + 1))
        return items

    def _compose_mapping(self, path: str, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise Unreadable("has a key that is not plain text", _line(event))
            key = event.value
            if key == "<<" and not event.style:
                raise Unreadable("has a merge key (<<): write the keys out", _line(event))
            if key in members:
                raise Unreadable(f"has the key {shown(key)!r} twice in one mapping", _line(event))
            self._count(1, event)
            members[key] = self._compose_node(self._next(), join(path, shown(key)), depth + 1)
        return members

    def _use(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise Unreadable(f"has no anchor {shown(event.anchor)} before this", _line(event))
        value, nodes = self._anchors[event.anchor]
        self._count(nodes, event)
        return value

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(f"has more than {MAX_NODES} values: split it", _line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag is not None and event.tag not in _TEXT_TAGS:
        raise Unreadable(f"has the tag {shown(event.tag)}: leave it out", _line(event))
    if event.style or event.tag is not None:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise Unreadable(f"has a number of more than {_MAX_DIGITS} digits", _line(event))
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
