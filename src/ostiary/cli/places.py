"""Where something is when nobody says so, and options that many commands have."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer

from ostiary.admin import organizations, projects
from ostiary.cli.answer import Answer, ExitCode, Failure, table
from ostiary.cli.instance import Instance
from ostiary.model.organization import State

T = TypeVar("T")

OrganizationOption = Annotated[
    str | None, typer.Option("--organization", help="Id of the organization.", metavar="ID")
]
ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Id of the project.", metavar="ID")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
After = Annotated[
    str, typer.Option("--after", help="Go on after this key.", metavar="KEY", show_default=False)
]
Limit = Annotated[int, typer.Option("--limit", help="Show so many at most.", min=1, max=1000)]

MAX_POSITION = 2**63 - 1
"""The last position that the audit trail can have."""


async def choose_organization(instance: Instance, chosen: str | None) -> str:
    """Return the organization that something is made in: the default or only one.

    Raises:
        Failure: there are several, and none was chosen.
    """
    if chosen is not None:
        return chosen
    default = await instance.store.read_organization(organizations.DEFAULT_ID)
    if default is not None and default.state is not State.DELETED:
        return default.id
    found = await organizations.list_all(instance.admin, instance.actor, limit=2)
    return _only("organization", [one.id for one in found])


async def choose_project(instance: Instance, chosen: str | None) -> str:
    """Return the project that something is made in: the default or only one.

    Raises:
        Failure: there are several, and none was chosen.
    """
    if chosen is not None:
        return chosen
    default = await instance.store.read_project(projects.DEFAULT_ID)
    if default is not None and default.state is not State.DELETED:
        return default.id
    found = await projects.list_all(instance.admin, instance.actor, None, limit=2)
    return _only("project", [one.id for one in found])


def _only(what: str, ids: list[str]) -> str:
    if len(ids) == 1:
        return ids[0]
    raise Failure(
        "usage",
        f"Name the {what} by --{what}.",
        exit_code=ExitCode.USAGE,
        hint=f"See `ostiary {what} list`.",
    )


def list_answer(
    records: Sequence[T],
    limit: int,
    *,
    view: Callable[[T], dict[str, Any]],
    columns: dict[str, Callable[[T], object]],
    key: Callable[[T], str],
    empty: str,
) -> Answer:
    """Answer with a page of a list."""
    warnings: tuple[str, ...] = ()
    if len(records) == limit:
        warnings = (f"There may be more: go on by --after {key(records[-1])}",)
    rows: list[tuple[object, ...]] = [
        tuple(show(record) for show in columns.values()) for record in records
    ]
    return Answer(
        data=[view(record) for record in records],
        text=table(tuple(columns), rows, empty),
        warnings=warnings,
    )
