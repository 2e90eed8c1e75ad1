"""An operation as it is done elsewhere: by a command, by the API, and from a file."""

import json
import shlex
from typing import Any
from urllib.parse import quote

import msgspec

from ostiary.pages.console import Copy
from ostiary.web.api.route import Route
from ostiary.web.console.commands import write_command

_HIDDEN = frozenset({"client_secret", "password", "plain", "hash"})
_STAND_IN = "…"
# What files declare: the list that a thing is in, and what it is within.
_IN_ORGANIZATION = {
    "create_project": "projects",
    "create_user": "users",
    "create_service_account": "service_accounts",
    "create_group": "groups",
    "assign_roles": "role_assignments",
}
_IN_PROJECT = {
    "create_application": "applications",
    "create_api": "apis",
    "create_role": "roles",
}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that somebody filled in, on one thing or several.

    `organization` is the one that the project is in, where there is one.
    """

    route: Route
    subjects: tuple[dict[str, str], ...]
    body: dict[str, Any] | None
    organization: str | None = None


def copies_of(wish: Wish, api: str) -> tuple[Copy, ...]:
    """Return the ways to do it elsewhere; `api` is the address of the management API."""
    found = []
    commands = [write_command(wish.route.name, path, wish.body or {}) for path in wish.subjects]
    if all(commands):
        found.append(Copy(kind="command", text="\n".join(one for one in commands if one)))
    calls = "\n\n".join(_call(wish, one, api) for one in wish.subjects)
    found.append(Copy(kind="api", text=calls))
    file = _file(wish)
    if file is not None:
        text = json.dumps(_without_secrets(file), indent=2, ensure_ascii=False)
        found.append(Copy(kind="file", text=text))
    return tuple(found)


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


def _file(wish: Wish) -> dict[str, Any] | None:
    """Write what a declarative file says, where files declare such things.

    It is JSON, which `ostiary apply` takes as it takes YAML.
    """
    name, body = wish.route.name, dict(wish.body or {})
    if name in {"update_instance", "update_policies"}:
        return {"instance": body}
    if name == "create_organization":
        return {"organizations": [body]}
    if name in _IN_ORGANIZATION:
        if name == "assign_roles":
            organization = body.get("organization") or wish.organization
        else:
            organization = body.pop("organization", None)
        body.pop("verify_email", None)
        if organization is None:
            return None
        return {"organizations": [{"id": organization, _IN_ORGANIZATION[name]: [body]}]}
    if name in _IN_PROJECT and wish.organization is not None:
        project = {"id": body.pop("project"), _IN_PROJECT[name]: [body]}
        return {"organizations": [{"id": wish.organization, "projects": [project]}]}
    return None


def _quote(text: str) -> str:
    """Quote a text for a shell, whatever is in it."""
    return shlex.quote(text) if "'" in text else f"'{text}'"


def _without_secrets(value: Any) -> Any:
    """Leave out what must not stand in the history of a shell, or in a file."""
    if isinstance(value, dict):
        return {
            name: _STAND_IN
            if name in _HIDDEN and one and not isinstance(one, dict)
            else _without_secrets(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    return value
