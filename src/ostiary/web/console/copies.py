"""An operation as it is done elsewhere: by the API, and from a file."""

import json
from typing import Any
from urllib.parse import quote

import msgspec

from ostiary.pages.console import Copy
from ostiary.web.api.route import Route

_HIDDEN = frozenset({"client_secret", "password", "plain", "hash"})
_STAND_IN = "…"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that somebody filled in, on one thing or several."""

    route: Route
    subjects: tuple[dict[str, str], ...]
    body: dict[str, Any] | None


def copies_of(wish: Wish, api: str) -> tuple[Copy, ...]:
    """Return the ways to do it elsewhere; `api` is the address of the management API."""
    return (Copy(kind="api", text="\n\n".join(_call(wish, one, api) for one in wish.subjects)),)


def _call(wish: Wish, path: dict[str, str], api: str) -> str:
    """Write the call of the API, for a shell."""
    route = wish.route
    url = api + route.path.format(**{key: quote(one, safe="") for key, one in path.items()})
    lines = [f"curl -X {route.method} {_quote(url)}", '-H "Authorization: Bearer $TOKEN"']
    if route.record is not None and route.method != "DELETE":
        lines.append("-H 'If-Match: *'")
    if wish.body is not None:
        lines.append("-H 'Content-Type: application/json'")
        text = json.dumps(_without_secrets(wish.body), indent=2, ensure_ascii=False)
        lines.append(f"-d {_quote(text)}")
    return " \\\n  ".join(lines)


def _quote(text: str) -> str:
    """Quote a text for a shell, whatever is in it."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _without_secrets(value: Any) -> Any:
    """Leave out what must not stand in the history of a shell."""
    if isinstance(value, dict):
        return {
            name: _STAND_IN if name in _HIDDEN and one else _without_secrets(one)
            for name, one in value.items()
        }
    return value
