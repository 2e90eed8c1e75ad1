"""What an operation of the API is: one row of the table that everything else comes from."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any, cast

import msgspec
from msgspec import UNSET

from ostiary.admin.actor import Actor, Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.store import Admin
from ostiary.model.record import Versioned
from ostiary.web.idp import Idp

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class Place(StrEnum):
    """Where somebody has to hold the right to an operation."""

    INSTANCE = "instance"
    ORGANIZATION = "organization"
    PROJECT = "project"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter of a list. `choices` are all that it takes, where it is not free."""

    name: str
    description: str
    kind: type[str] | type[int] = str
    choices: tuple[str, ...] = ()
    required: bool = False
    several: bool = False
    example: str | int | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an operation, as far as the operation wants to know.

    `after` and `limit` are those of a list; `query` holds the filters that were given.
    """

    idp: Idp
    admin: Admin
    actor: Actor
    path: dict[str, str]
    query: dict[str, Any]
    body: Any = None
    after: str = ""
    limit: int = DEFAULT_LIMIT

    @property
    def organization(self) -> str | None:
        """The organization whose list is wanted: the only one that the actor is in, by default."""
        named: str | None = self.query.get("organization")
        mine = self.actor.organizations
        if named is None and mine is not None and len(mine) == 1:
            (named,) = mine
        return named

    @property
    def project(self) -> str | None:
        """The project whose list is wanted: the only one that the actor administers, by default."""
        named: str | None = self.query.get("project")
        if named is None and len(self.actor.holds) == 1 and len(self.actor.projects) == 1:
            (named,) = self.actor.projects
        return named


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a call. `version` is that of the record, where it has one.

    `location` is the path of what was made, below the API's own.
    """

    body: msgspec.Struct | None = None
    version: int | None = None
    location: str | None = None
    # The tag of what changes with the program alone.
    etag: str | None = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a call of a list: at most one record more than was asked for.

    `key` is what the list goes on after.
    """

    records: Sequence[Any]
    view: Callable[[Any], msgspec.Struct]
    key: Callable[[Any], str]


Operation = Callable[[Call], Awaitable[Reply | Listed]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: how it is called, who may call it, what goes in and what comes out.

    `area`, `level` and `place` say which right it takes; they are documentation, and what
    the tests expect: the operation itself is what checks. What is `public` takes none, and
    no access token: it reads and changes nothing that belongs to anybody.
    """

    method: str
    path: str
    name: str
    summary: str
    description: str = ""
    operation: Operation
    area: Area | None = None
    level: Level | None = None
    place: Place | None = None
    public: bool = False
    body: type[Request] | None = None
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    filters: tuple[Filter, ...] = ()
    # A list, which comes in pages.
    listing: bool = False
    # Whether it can be sent again under an idempotency key, where it is a POST.
    repeatable: bool = True
    # The record that a change may be tied to a version of (RFC 9110, 13.1.1).
    record: type[Versioned] | None = None
    # An example of the body.
    example: dict[str, Any] | None = None

    @property
    def right(self) -> tuple[Area, Level, Place]:
        """The right that it takes: what is not public has one."""
        assert self.area is not None, self.name  # noqa: S101 - a test holds the table to it
        assert self.level is not None, self.name  # noqa: S101 - likewise
        assert self.place is not None, self.name  # noqa: S101 - likewise
        return self.area, self.level, self.place

    @property
    def resource(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]


def variant(
    name: str,
    kind: type[Request],
    *,
    without: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
    **further: Any,
) -> type[Request]:
    """Make the body of an operation from a request that the operation shares with others.

    `without` are members that it does not take, such as the id that the path names;
    `required` those that it cannot do without, and `further` those that it takes besides,
    with their types.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(kind):
        if field.name in without or field.name in required or field.name in further:
            continue
        fields.append((field.name, field.type, field.default))
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    fields.extend((one, _given(types[one])) for one in required)
    for one, type_ in further.items():
        optional = msgspec.UnsetType in getattr(type_, "__args__", ())
        fields.append((one, type_, UNSET) if optional else (one, type_))
    made = msgspec.defstruct(
        name,
        fields,
        bases=(Request,),
        namespace={"__doc__": kind.__doc__, "later": kind.later.difference(further)},
        frozen=True,
        kw_only=True,
    )
    return cast("type[Request]", made)


def _given(type_: Any) -> Any:
    """Return a type without the possibility that nothing is given."""
    left = [one for one in type_.__args__ if one is not msgspec.UnsetType]
    kind = left[0]
    for one in left[1:]:
        kind |= one
    return kind


def narrow(kind: type[msgspec.Struct], body: Any) -> Any:
    """Return the request that an operation takes, from a body with more or fewer members."""
    given = {name: getattr(body, name) for name in kind.__struct_fields__ if hasattr(body, name)}
    return kind(**given)
