"""`ostiary events`: the audit trail."""

from typing import Annotated

import typer

from ostiary.cli.answer import Answer, table
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import Limit
from ostiary.cli.views import time_of, view_event
from ostiary.store import EventFilter

group = typer.Typer(name="events", help="The audit trail.", no_args_is_help=True)


@command(group, "list")
async def list_events(
    instance: Instance,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only of this type, as in client.created.", metavar="TYPE"),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="Only of the user with this id.", metavar="ID")
    ] = None,
    client: Annotated[
        str | None, typer.Option("--client", help="Only of this client_id.", metavar="ID")
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--organization", help="Only of this organization.", metavar="ID"),
    ] = None,
    before: Annotated[
        int | None,
        typer.Option("--before", help="Go on before this position.", metavar="POSITION"),
    ] = None,
    limit: Limit = 50,
) -> Answer:
    """List events, the newest first."""
    filters = EventFilter(user_id=user, client_id=client, organization_id=organization)
    found = await instance.store.list_events(tuple(types or ()), before, limit, filters)
    rows: list[tuple[object, ...]] = [
        (
            position,
            time_of(event.at),
            event.type,
            event.result,
            " ".join(filter(None, (event.actor_type, event.actor_id))),
            event.client_id or event.user_id or event.target,
        )
        for position, event in found
    ]
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --before {found[-1][0]}",)
    return Answer(
        data=[view_event(position, event) for position, event in found],
        text=table(
            ("position", "time", "type", "result", "by", "about"), rows, "There are no events."
        ),
        warnings=warnings,
    )
