"""Pages of a list, and the cursors that lead from one to the next.

A cursor names the last record of a page, and the list that it belongs to: records that
come and go in between neither move others nor show them twice. It is no secret and opens
nothing: what a list shows is decided anew for each page.
"""

import hashlib
from typing import Any

import msgspec

from ostiary.jose import base64url
from ostiary.jose.errors import JoseError
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import DEFAULT_LIMIT, MAX_LIMIT, Filter

CURSOR = "cursor"
LIMIT = "limit"
PAGING = (
    Filter(
        name=LIMIT,
        description=f"How many to return at most, 1 to {MAX_LIMIT}; {DEFAULT_LIMIT} unless given.",
        kind=int,
        example=DEFAULT_LIMIT,
    ),
    Filter(
        name=CURSOR,
        description="Where to go on: `next_cursor` of the page before, with the same filters.",
    ),
)
_MAX_KEY = 400
_MARK = 12


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list; `next_cursor` is null on the last one."""

    items: tuple[Any, ...]
    next_cursor: str | None


def write_cursor(path: str, query: dict[str, Any], key: str) -> str:
    """Return the cursor that goes on after a record of a list."""
    return base64url.encode(_mark(path, query) + key.encode())


def read_cursor(path: str, query: dict[str, Any], cursor: str | None) -> str:
    """Return the key to go on after; empty for the beginning.

    Raises:
        Refused: it is no cursor of this list.
    """
    if cursor is None:
        return ""
    try:
        octets = base64url.decode(cursor)
        key = octets[_MARK:].decode()
    except (JoseError, UnicodeDecodeError):
        raise _foreign() from None
    if octets[:_MARK] != _mark(path, query) or not 0 < len(key) <= _MAX_KEY or "\0" in key:
        raise _foreign()
    return key


def read_limit(query: dict[str, Any]) -> int:
    """Return how many records a page may have.

    Raises:
        Refused: the limit is out of bounds.
    """
    limit = int(query.get(LIMIT, DEFAULT_LIMIT))
    if not 1 <= limit <= MAX_LIMIT:
        raise Refused.parameter(LIMIT, f"must be 1 to {MAX_LIMIT}")
    return limit


def _mark(path: str, query: dict[str, Any]) -> bytes:
    """Name a list by its path and filters."""
    filters = sorted((name, value) for name, value in query.items() if name not in {CURSOR, LIMIT})
    return hashlib.sha256(msgspec.json.encode((path, filters))).digest()[:_MARK]


def _foreign() -> Refused:
    return Refused.parameter(
        CURSOR, "is none of this list: pass next_cursor on unchanged, with the same filters"
    )
