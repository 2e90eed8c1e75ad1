"""A kind of things in the console, as it is declared."""

import re

import msgspec

from ostiary.web.api.resources import TABLE
from ostiary.web.api.route import Route

OPERATIONS: dict[str, Route] = {route.name: route for route in TABLE}
_PARAMETER = re.compile(r"\{(\w+)\}")


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """Things of another kind that belong to one: those that a filter finds by a member of it."""

    kind: str
    filters: dict[str, str] = {}
    # The fields of the form of a new one that a member fills in, where no filter says it.
    fills: dict[str, str] = {}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of filters that people want often. `name` names a text below `console.selection`.

    `ago`: only from so many seconds before now on.
    """

    name: str
    filters: dict[str, str]
    ago: int | None = None


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind.

    `listing`, `show`, `create`, `changes` and `bulk` are names of operations. `keys` are the
    members that fill in the parameters of their paths.
    """

    name: str
    # The line of the navigation that its pages belong to.
    entry: str
    listing: str | None = None
    columns: tuple[str, ...] = ()
    # Those of its members that only say where a thing is: kept out of sight while there is one
    # organization, or one project, alone.
    within: tuple[str, ...] = ()
    keys: dict[str, str] = {}
    show: str | None = None
    # What a thing is called, and what is told of it first.
    title: str = ""
    facts: tuple[str, ...] = ()
    create: str | None = None
    # What its forms ask first; everything else is folded away. Nothing is, without any.
    leading: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    bulk: tuple[str, ...] = ()
    # What is done besides, from the list.
    tools: tuple[str, ...] = ()
    # Whether people watch it as it grows, and take it away as a file.
    live: bool = False
    selections: tuple[Selection, ...] = ()
    # Another kind whose ids stand in the same places.
    sibling: str | None = None
    related: tuple[Related, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        """Everything that is done by a page of its own."""
        first = () if self.create is None else (self.create,)
        return first + self.tools + self.changes


def parameters_of(path: str) -> tuple[str, ...]:
    """Return the parameters of a path."""
    return tuple(_PARAMETER.findall(path))
