"""A strict JSON reader for everything that comes from outside.

Two readers of one text must see the same thing (RFC 8725, 3.7): what JSON leaves open,
duplicate member names above all, is refused. So is what would break a later step:
NaN and infinity, integers beyond 64 bits, deep nesting, U+0000 and lone surrogates,
which no database column holds.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from ostiary.jose.errors import InvalidJson, shorten

LIMIT = 65_536
DEPTH = 32

_INTEGER_BITS = 63
_INTEGER_DIGITS = 20  # sign included
_SUSPECT_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
# Possessive, and content to end without its quote: each character is looked at once.
_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")


def parse(text: bytes | str, *, limit: int = LIMIT, depth: int = DEPTH) -> Any:
    """Read one JSON value.

    `limit` is the most bytes, `depth` the deepest nesting of arrays and objects.

    Raises:
        InvalidJson: the text is no JSON, or breaks a rule of this reader.
    """
    if len(text) > limit:
        raise InvalidJson(f"the JSON is longer than {limit} bytes", rule="json-size")
    try:
        # UTF-8 and nothing else (RFC 8259, 8.1); text may hold surrogates of its own.
        octets = text.encode() if isinstance(text, str) else text
        decoded = octets.decode()
    except UnicodeError as error:
        raise InvalidJson("the JSON is not UTF-8", rule="json-utf8") from error
    if len(octets) > limit:
        raise InvalidJson(f"the JSON is longer than {limit} bytes", rule="json-size")
    if decoded.count("[") + decoded.count("{") > depth and _nesting(decoded) > depth:
        raise InvalidJson(f"the JSON is nested deeper than {depth}", rule="json-depth")
    try:
        value = _DECODER.decode(decoded)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"not JSON at character {error.pos + 1}", rule="json") from error
    if _SUSPECT_ESCAPE.search(decoded):
        _require_characters(value)
    return value


def parse_object(text: bytes | str, *, limit: int = LIMIT, depth: int = DEPTH) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        InvalidJson: the text is no JSON object, or breaks a rule of this reader.
    """
    value = parse(text, limit=limit, depth=depth)
    if not isinstance(value, dict):
        raise InvalidJson("the JSON is not an object", rule="json-object")
    return value


def _nesting(text: str) -> int:
    deepest = level = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        if bracket in "[{":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        repeated = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise InvalidJson(
            f"the member {shorten(repeated)} occurs twice",
            rule="json-duplicate",
            section="RFC 8259, 4",
        )
    return members


def _integer(digits: str) -> int:
    if len(digits) <= _INTEGER_DIGITS:
        value = int(digits)
        if -(1 << _INTEGER_BITS) <= value < 1 << _INTEGER_BITS:
            return value
    raise InvalidJson("an integer does not fit 64 bits", rule="json-number")


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise InvalidJson("a number is too large", rule="json-number")
    return value


def _constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is not JSON", rule="json-number")


def _require_characters(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise InvalidJson("a string holds U+0000 or half a character", rule="json-character")
    elif isinstance(value, dict):
        for name, member in value.items():
            _require_characters(name)
            _require_characters(member)
    elif isinstance(value, list):
        for element in value:
            _require_characters(element)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
