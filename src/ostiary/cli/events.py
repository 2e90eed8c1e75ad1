"""`ostiary events`: the audit trail."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ostiary.admin import events
from ostiary.admin.events import Positioned
from ostiary.cli.answer import Answer, ExitCode, Failure, table, write_json
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import MAX_POSITION, Limit
from ostiary.cli.times import read_past
from ostiary.cli.views import time_of, view_event
from ostiary.model.event import Event, Result
from ostiary.store import EventFilter

group = typer.Typer(name="events", help="The audit trail.", no_args_is_help=True)

_PAUSE = 1.0  # seconds between looks at what is new
_FORMATS = ("jsonl",)

Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", help="Only of this type, as in client.created, or as in auth.*", metavar="TYPE"
    ),
]
User = Annotated[
    str | None, typer.Option("--user", help="Only of the user with this id.", metavar="ID")
]
Client = Annotated[
    str | None, typer.Option("--client", help="Only of this client_id.", metavar="ID")
]
Organization = Annotated[
    str | None, typer.Option("--organization", help="Only of this organization.", metavar="ID")
]
Session = Annotated[
    str | None, typer.Option("--session", help="Only of this session.", metavar="ID")
]
Actor = Annotated[
    str | None,
    typer.Option(
        "--actor", help="Only by this person, operator or part of the server.", metavar="ID"
    ),
]
Outcome = Annotated[
    Result | None, typer.Option("--result", help="Only what succeeded, or only what failed.")
]
Trace = Annotated[
    str | None, typer.Option("--trace", help="Only of the request with this trace id.")
]
Address = Annotated[str | None, typer.Option("--ip", help="Only from this address.")]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Only from a time on: 15m, 12h, 30d, 2027-06-30.", metavar="WHEN"),
]
Until = Annotated[str | None, typer.Option("--until", help="Only before a time.", metavar="WHEN")]


@command(group, "list")
async def list_events(
    instance: Instance,
    types: Types = None,
    user: User = None,
    client: Client = None,
    organization: Organization = None,
    session: Session = None,
    actor: Actor = None,
    result: Outcome = None,
    trace: Trace = None,
    ip: Address = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[
        int | None,
        typer.Option(
            "--before",
            help="Go on before this position.",
            metavar="POSITION",
            min=0,
            max=MAX_POSITION,
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing what comes, line by line.")
    ] = False,
    limit: Limit = 50,
) -> Answer:
    """List events, the newest first."""
    now = instance.admin.clock.now()
    filters = EventFilter(
        types=tuple(types or ()),
        user_id=user,
        client_id=client,
        organization_id=organization,
        session_id=session,
        actor_id=actor,
        result=result,
        trace_id=trace,
        ip=ip,
        since=None if since is None else read_past(since, now, "--since"),
        before=None if until is None else read_past(until, now, "--until"),
    )
    if follow:
        await _follow(instance, filters)
    found = await events.list_all(
        instance.admin, instance.store, instance.actor, filters, position=before, limit=limit
    )
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --before {found[-1][0]}",)
    return Answer(
        data=[view_event(position, event) for position, event in found],
        text=table(
            ("position", "time", "type", "result", "by", "about"),
            [_row(position, event) for position, event in found],
            "There are no events.",
        ),
        warnings=warnings,
    )


@command(group, "export")
async def export_events(
    instance: Instance,
    types: Types = None,
    user: User = None,
    client: Client = None,
    organization: Organization = None,
    result: Outcome = None,
    since: Since = None,
    until: Until = None,
    after: Annotated[
        int,
        typer.Option(
            "--after",
            help="Go on behind this position: that of the last line.",
            metavar="POSITION",
            min=0,
            max=MAX_POSITION,
        ),
    ] = 0,
    form: Annotated[str, typer.Option("--format", help="Only jsonl.", metavar="FORMAT")] = "jsonl",
) -> Answer:
    """Write events as lines of JSON, the oldest first.

    Whoever goes on behind the position of the last line misses none and gets none twice.
    """
    if form not in _FORMATS:
        raise Failure("usage", "--format can only be jsonl.", exit_code=ExitCode.USAGE)
    now = instance.admin.clock.now()
    filters = EventFilter(
        types=tuple(types or ()),
        user_id=user,
        client_id=client,
        organization_id=organization,
        result=result,
        since=None if since is None else read_past(since, now, "--since"),
        before=None if until is None else read_past(until, now, "--until"),
    )
    pages = events.export(instance.admin, instance.store, instance.actor, filters, after=after)
    written = 0
    async for page in pages:
        _write(page)
        written += len(page)
        after = page[-1][0]
    sys.stderr.write(f"{written} events. To go on later: --after {after}\n")
    return Answer(streamed=True)


async def _follow(instance: Instance, filters: EventFilter) -> None:
    """Write what comes, until interrupted."""
    after = await instance.store.settled_position()
    while True:
        pages = events.export(instance.admin, instance.store, instance.actor, filters, after=after)
        async for page in pages:
            _write(page)
            after = page[-1][0]
        await asyncio.sleep(_PAUSE)


def _write(page: Sequence[Positioned]) -> None:
    for position, event in page:
        write_json(view_event(position, event))


def _row(position: int, event: Event) -> tuple[object, ...]:
    return (
        position,
        time_of(event.at),
        event.type,
        event.result,
        " ".join(filter(None, (event.actor_type, event.actor_id))),
        event.client_id or event.user_id or event.target,
    )
