"""`ostiary trace`: how protocol requests were answered, and why they failed."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import recordings, traces
from ostiary.advisor.explanations import Explanation, Part, explain
from ostiary.advisor.har import archive
from ostiary.cli.answer import Answer, ExitCode, Failure, facts
from ostiary.cli.command import command
from ostiary.cli.documents import Out, write_document
from ostiary.cli.instance import Instance
from ostiary.cli.places import Limit, list_answer
from ostiary.cli.views import time_of
from ostiary.model.event import Result
from ostiary.model.trace import Trace
from ostiary.store.reads.traces import TraceFilter

group = typer.Typer(
    name="trace", help="How requests were answered, and why they failed.", no_args_is_help=True
)

Key = Annotated[
    str, typer.Argument(help="The id that the error page or the log shows.", metavar="ID")
]


@command(group, "list")
async def list_traces(
    instance: Instance,
    client: Annotated[
        str | None, typer.Option("--client", help="Only of this client_id.", metavar="ID")
    ] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", help="Only of this organization.", metavar="ID")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="Only of this project.", metavar="ID")
    ] = None,
    outcome: Annotated[
        Result | None, typer.Option("--outcome", help="Only what succeeded, or only what failed.")
    ] = None,
    after: Annotated[
        str, typer.Option("--after", help="Go on after this trace.", metavar="POSITION")
    ] = "",
    limit: Limit = 50,
) -> Answer:
    """List traces, the newest first.

    All failures are kept for some days, and of what succeeds the first of each hour.
    """
    filters = TraceFilter(
        client_id=client, organization_id=organization, project_id=project, outcome=outcome
    )
    found = await traces.list_all(
        instance.admin,
        instance.store,
        instance.actor,
        filters,
        before=_position(after),
        limit=limit,
    )
    return list_answer(
        found,
        limit,
        view=view_trace,
        columns={
            "time": lambda one: time_of(one.at),
            "endpoint": lambda one: one.endpoint,
            "application": lambda one: one.client_id,
            "outcome": lambda one: one.rule or one.error or one.outcome,
            "id": lambda one: one.id,
        },
        key=traces.write_position,
        empty="There are no traces.",
    )


@command(group, "show")
async def show_trace(instance: Instance, trace: Key) -> Answer:
    """Explain a request: what was wrong with it, what mends it, and its other hops."""
    shown = await traces.show(instance.admin, instance.store, instance.actor, trace)
    explanation = explain(shown.trace, shown.client)
    told = view_trace(shown.trace)
    text = facts(*told.items())
    if explanation is not None:
        text += "\n\n" + facts(
            ("why", explanation.cause),
            ("mend", explanation.mend),
            ("written", explanation.section),
            ("received", _mark(explanation.received)),
            ("expected", _mark(explanation.expected)),
            (
                "operation",
                None if explanation.operation is None else str(explanation.operation.title),
            ),
        )
    if len(shown.hops) > 1:
        lines = (
            f"{time_of(one.at)}  {one.endpoint}  {one.rule or one.error or one.outcome}  {one.id}"
            for one in shown.hops
        )
        text += "\n\n" + "\n".join(lines)
    data = {
        **told,
        "explanation": _tell(explanation),
        "hops": [view_trace(one) for one in shown.hops],
    }
    return Answer(data=data, text=text)


@command(group, "export")
async def export_trace(instance: Instance, trace: Key, out: Out = None) -> Answer:
    """Write the hops of a sign-in as an HTTP Archive (HAR), for support.

    It is as redacted as traces are: no code, token, secret or cookie is in it, and no address of a
    network.
    """
    shown = await traces.show(instance.admin, instance.store, instance.actor, trace)
    return write_document({"log": archive(shown.hops, instance.settings.public_url)}, out)


@command(group, "record")
async def record(
    instance: Instance,
    client_id: Annotated[str, typer.Argument(help="The application.", metavar="CLIENT_ID")],
    stop: Annotated[bool, typer.Option("--stop", help="End it before its time.")] = False,
) -> Answer:
    """Trace all that an application does for 15 minutes, also what succeeds.

    So a whole sign-in can be looked at, and exported. It ends by itself.
    """
    state = recordings.State.OFF if stop else recordings.State.ON
    found = await recordings.record(instance.admin, instance.actor, client_id, state)
    if found.until is None:
        return Answer(
            data={"client_id": client_id, "until": None}, text=f"{client_id} is not recorded."
        )
    until = time_of(found.until)
    return Answer(
        data={"client_id": client_id, "until": until},
        text=f"{client_id} is recorded until {until}. Sign in now.",
        next_commands=(f"ostiary trace list --client {client_id}",),
    )


def view_trace(trace: Trace) -> dict[str, Any]:
    """Return a trace as commands show it."""
    return {
        "id": trace.id,
        "at": time_of(trace.at),
        "endpoint": trace.endpoint,
        "outcome": trace.outcome,
        "status": trace.status,
        "duration": trace.duration,
        "client_id": trace.client_id,
        "organization": trace.organization_id,
        "project": trace.project_id,
        "grant": trace.grant_id,
        "authentication": trace.authentication,
        "parameters": trace.parameters,
        "answer": trace.answer,
        "origin": trace.origin,
        "error": trace.error,
        "rule": trace.rule,
        "description": trace.description,
        "received": trace.received,
        "expected": trace.expected,
    }


def _tell(explanation: Explanation | None) -> Any:
    if explanation is None:
        return None
    told = msgspec.to_builtins(explanation)
    del told["causes"], told["todos"]
    if explanation.operation is not None:
        told["operation"]["title"] = str(explanation.operation.title)
    return {"cause": explanation.cause, "mend": explanation.mend, **told}


def _mark(parts: tuple[Part, ...]) -> str:
    """Set what differs between arrows, which read well without colours too."""
    return "".join(f"»{part.text}«" if part.differs else part.text for part in parts)


def _position(after: str) -> traces.Position | None:
    if not after:
        return None
    position = traces.read_position(after)
    if position is None:
        raise Failure(
            "usage", "--after takes what the list before ended with.", exit_code=ExitCode.USAGE
        )
    return position
