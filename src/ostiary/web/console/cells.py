"""Values of the API's answers, as cells of tables and lines of facts."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ostiary.admin.actor import Actor
from ostiary.oauth.built_in import BUILT_IN
from ostiary.pages.console import ROOT, Cell, Fact
from ostiary.web.console.catalog import BY_NAME
from ostiary.web.console.kind import OPERATIONS, Kind, parameters_of
from ostiary.web.console.navigation import holds

_SHORT = 200
# Members that name something which has a page, by the kind of it.
_REFERENCES = {
    "organization": "organizations",
    "owner": "organizations",
    "project": "projects",
    "client_id": "applications",
    "group": "groups",
    "user": "users",
    "session": "sessions",
    "grant": "grants",
}
# Members whose parts people name as they like: no name of those says what its value is.
_FREE = frozenset({"metadata", "localized"})
# Members whose values are the program's own words, which languages translate.
_WORDS = frozenset(
    {"state", "standing", "kind", "result", "role", "outcome", "next_state", "mode", "required"}
)


def cell_of(name: str, value: Any, actor: Actor) -> Cell:
    """Return how a value of a member is shown to somebody."""
    if value is None or value in ("", [], (), {}):
        return Cell(kind="none")
    match value:
        case bool():
            cell = Cell(kind="flag", value=value)
        case int():
            cell = Cell(kind="number", value=value)
        case list() | tuple() if all(isinstance(one, str) for one in value):
            cell = Cell(kind="list", value=tuple(value))
        case list() | tuple() if all(isinstance(one, dict) and "because" in one for one in value):
            cell = Cell(kind="claims", value=tuple(map(_claim, value)))
        case list() | tuple():
            cell = Cell(kind="json", value=write(value))
        case dict():
            cell = _summary(name, value)
        case _:
            cell = _text(name, value, actor)
    return cell


def _claim(claim: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """Return a claim of a preview: its name, its value, and what put it there."""
    text = json.dumps(claim["value"], ensure_ascii=False)
    return claim["name"], text, tuple(claim["because"])


def _text(name: str, value: str, actor: Actor) -> Cell:
    if name.endswith("_at") or name == "at":
        return Cell(kind="time", value=int(datetime.fromisoformat(value).timestamp()))
    if name in _WORDS:
        return Cell(kind="word", value=value)
    if name == "type":
        return Cell(kind="dotted", value=value)
    return Cell(kind="text", value=value, url=_reference(name, value, actor))


def _summary(name: str, value: dict[str, Any]) -> Cell:
    """Show what a person is called, or an address, by the value that says it."""
    if name == "profile":
        parts = [value.get("given_name"), value.get("family_name")]
        shown = value.get("name") or " ".join(part for part in parts if part)
        return Cell(kind="text", value=shown) if shown else Cell(kind="none")
    if name in {"email", "phone"}:
        return Cell(kind="text", value=value.get("address") or value.get("number"))
    return Cell(kind="json", value=write(value))


def facts_of(values: dict[str, Any], actor: Actor) -> tuple[Fact, ...]:
    """Return the members that hold something, each with its name; parts as facts of their own."""
    found = []
    for name, value in values.items():
        if isinstance(value, dict) and value and all(_plain(one) for one in value.values()):
            parts = _free(value) if name in _FREE else facts_of(value, actor)
            if parts:
                found.append(Fact(name=name, facts=parts))
            continue
        cell = cell_of(name, value, actor)
        if cell.kind != "none":
            found.append(Fact(name=name, cell=cell))
    return tuple(found)


def _free(values: dict[str, Any]) -> tuple[Fact, ...]:
    """Return values under chosen names, each as the text that it is."""
    return tuple(
        Fact(name=name, cell=Cell(kind="text", value=str(value))) for name, value in values.items()
    )


def _plain(value: Any) -> bool:
    return not isinstance(value, dict) and not (
        isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value)
    )


def write(value: Any) -> str:
    """Write a value as JSON that people read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _reference(name: str, value: str, actor: Actor) -> str | None:
    kind = BY_NAME.get(_REFERENCES.get(name, ""))
    if kind is None or kind.show is None or value in BUILT_IN:
        return None
    if not holds(actor, OPERATIONS[kind.show].right):
        return None
    return url_of(kind.show, dict.fromkeys(parameters_of(OPERATIONS[kind.show].path), value))


def url_of(name: str, path: dict[str, str]) -> str:
    """Return the address of the page of a list, or of one thing."""
    given = {key: quote(value, safe="") for key, value in path.items()}
    return ROOT + OPERATIONS[name].path.format(**given)


def keys_of(kind: Kind, item: dict[str, Any], path: dict[str, str]) -> dict[str, str]:
    """Return the parameters that name a thing in the paths of its kind's operations."""
    return {**path, **{name: str(item[member]) for name, member in kind.keys.items()}}


def name_of(kind: Kind, item: dict[str, Any]) -> str:
    """Return what a thing is called."""
    found = item.get(kind.title) if kind.title else None
    return str(found or next((str(item[one]) for one in kind.keys.values()), ""))


def cut(text: str) -> str:
    """Return a text that is not too long to stand in a title."""
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
