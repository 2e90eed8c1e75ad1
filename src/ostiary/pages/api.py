"""The page that documents the management API."""

from typing import ClassVar

import msgspec

from ostiary.pages.views import View


class ApiMember(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of an operation, or a member of its body."""

    name: str
    kind: str
    required: bool
    text: str


class ApiOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of the management API."""

    name: str
    method: str
    path: str
    summary: str
    description: tuple[str, ...]
    parameters: tuple[ApiMember, ...]
    members: tuple[ApiMember, ...]
    # How to call it by curl.
    curl: str
    status: str
    # An example of the answer, where there is one.
    answer: str | None
    # Statuses that it may refuse with.
    refusals: tuple[str, ...]


class ApiGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The operations on one resource."""

    name: str
    operations: tuple[ApiOperation, ...]


class ApiProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of problem that the management API answers with."""

    code: str
    text: str


class ApiPage(View, frozen=True, kw_only=True):
    """The documentation of the management API."""

    template: ClassVar[str] = "api.html"

    url: str
    version: str
    introduction: tuple[str, ...]
    groups: tuple[ApiGroup, ...]
    problems: tuple[ApiProblem, ...]
