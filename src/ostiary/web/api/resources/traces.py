"""Traces: how protocol requests were answered, and why they failed."""

from typing import Any

import msgspec

from ostiary.admin import traces as operations
from ostiary.admin.actor import Area, Level
from ostiary.advisor.explanations import Explanation as ExplanationRecord
from ostiary.advisor.explanations import explain
from ostiary.advisor.har import archive
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint
from ostiary.model.trace import Trace as TraceRecord
from ostiary.store.reads.traces import TraceFilter
from ostiary.web.api.filters import ORGANIZATION, PROJECT
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, time_of

FILTERS = (
    ORGANIZATION,
    PROJECT,
    Filter(name="client_id", description="Only of this application.", example="shop-web"),
    Filter(
        name="outcome",
        description="Only what succeeded, or only what failed.",
        choices=tuple(one.value for one in Result),
    ),
)


class TraceSummary(View, frozen=True, kw_only=True):
    """An exchange at an endpoint, in a list."""

    id: str
    at: Time
    endpoint: Endpoint
    outcome: Result
    status: int
    duration: int | None
    client_id: str | None
    organization: str | None
    project: str | None
    grant: str | None
    error: str | None
    rule: str | None
    # What was answered where it went well: the names of what was given.
    given: tuple[str, ...]


class MarkedPart(View, frozen=True, kw_only=True):
    """A piece of a value, and whether the value that it is compared with has it."""

    text: str
    differs: bool


class MendingOperation(View, frozen=True, kw_only=True):
    """An operation of this API that mends a failure."""

    title: str
    operation: str
    method: str
    path: str
    body: dict[str, Any]
    version: int | None


class Explanation(View, frozen=True, kw_only=True):
    """Why an exchange failed."""

    cause: str
    mend: str
    rule: str | None
    section: str | None
    received: tuple[MarkedPart, ...]
    expected: tuple[MarkedPart, ...]
    operation: MendingOperation | None


class Trace(View, frozen=True, kw_only=True):
    """An exchange at an endpoint: what was asked, how it was answered, and why."""

    id: str
    at: Time
    endpoint: Endpoint
    outcome: Result
    method: str
    status: int
    duration: int | None
    client_id: str | None
    organization: str | None
    project: str | None
    flow: str | None
    grant: str | None
    session: str | None
    authentication: str | None
    parameters: dict[str, str]
    answer: dict[str, str]
    origin: str | None
    readable: bool
    error: str | None
    description: str | None
    received: str | None
    expected: str | None
    detail: str | None
    ip: str
    user_agent: str
    explanation: Explanation | None
    hops: tuple[TraceSummary, ...]


class TraceArchive(View, frozen=True, kw_only=True):
    """The exchanges of one sign-in as an HTTP Archive (HAR 1.2)."""

    log: dict[str, Any]


def summarize(record: TraceRecord) -> TraceSummary:
    """Show a trace in a list."""
    return TraceSummary(
        id=record.id,
        at=time_of(record.at),
        endpoint=record.endpoint,
        outcome=record.outcome,
        status=record.status,
        duration=record.duration,
        client_id=record.client_id,
        organization=record.organization_id,
        project=record.project_id,
        grant=record.grant_id,
        error=record.error,
        rule=record.rule,
        given=tuple(record.answer),
    )


def view(shown: operations.Shown) -> Trace:
    """Show a trace with its explanation and its hops."""
    record = shown.trace
    explanation = explain(record, shown.client)
    return Trace(
        id=record.id,
        at=time_of(record.at),
        endpoint=record.endpoint,
        outcome=record.outcome,
        method=record.method,
        status=record.status,
        duration=record.duration,
        client_id=record.client_id,
        organization=record.organization_id,
        project=record.project_id,
        flow=record.flow,
        grant=record.grant_id,
        session=record.session_id,
        authentication=record.authentication,
        parameters=record.parameters,
        answer=record.answer,
        origin=record.origin,
        readable=record.readable,
        error=record.error,
        description=record.description,
        received=record.received,
        expected=record.expected,
        detail=record.detail,
        ip=record.ip,
        user_agent=record.user_agent,
        explanation=None if explanation is None else _view_explanation(explanation),
        hops=tuple(map(summarize, shown.hops)),
    )


def _view_explanation(record: ExplanationRecord) -> Explanation:
    mending = None
    if record.operation is not None:
        parts = msgspec.structs.asdict(record.operation)
        title = str(parts.pop("title"))
        mending = MendingOperation(title=title, operation=parts.pop("name"), **parts)
    return Explanation(
        cause=record.cause,
        mend=record.mend,
        rule=record.rule,
        section=record.section,
        received=tuple(MarkedPart(text=one.text, differs=one.differs) for one in record.received),
        expected=tuple(MarkedPart(text=one.text, differs=one.differs) for one in record.expected),
        operation=mending,
    )


async def list_traces(call: Call) -> Listed:
    """List traces."""
    await call.idp.traces.flush()
    query = call.query
    filters = TraceFilter(
        client_id=query.get("client_id"),
        organization_id=call.organization,
        project_id=call.project,
        outcome=Result(query["outcome"]) if "outcome" in query else None,
    )
    found = await operations.list_all(
        call.admin,
        call.idp.store,
        call.actor,
        filters,
        before=_position(call.after),
        limit=call.limit,
    )
    return Listed(records=found, view=summarize, key=operations.write_position)


async def show(call: Call) -> Reply:
    """Return a trace."""
    # What this process noted a moment ago is there at once.
    await call.idp.traces.flush()
    found = await operations.show(call.admin, call.idp.store, call.actor, call.path["trace_id"])
    return Reply(body=view(found))


async def export(call: Call) -> Reply:
    """Return the hops of a trace as an archive."""
    await call.idp.traces.flush()
    found = await operations.show(call.admin, call.idp.store, call.actor, call.path["trace_id"])
    return Reply(body=archive_of(found, call.idp.issuer))


def archive_of(shown: operations.Shown, issuer: str) -> TraceArchive:
    """Show the hops of a trace as an archive."""
    return TraceArchive(log=archive(shown.hops, issuer))


def _position(after: str) -> operations.Position | None:
    if not after:
        return None
    position = operations.read_position(after)
    if position is None:
        raise Refused.parameter("cursor", "is none of this list: pass next_cursor on unchanged")
    return position


ROUTES = (
    Route(
        method="GET",
        path="/traces",
        name="list_traces",
        summary="List traces",
        description="How requests of applications at the protocol endpoints were answered: newest "
        "first. All failures are kept for some days, and of what succeeds the first of each hour; "
        "both within bounds.",
        operation=list_traces,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=TraceSummary,
        filters=FILTERS,
        listing=True,
    ),
    Route(
        method="GET",
        path="/traces/{trace_id}",
        name="show_trace",
        summary="Explain a request",
        description="By the id that an error page shows: what was received and expected, which "
        "rule broke, what mends it, and the other exchanges of the same sign-in.",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=Trace,
    ),
    Route(
        method="GET",
        path="/traces/{trace_id}/export",
        name="export_trace",
        summary="Export a sign-in for support",
        description="The exchanges of the same sign-in as an HTTP Archive (HAR 1.2), which many "
        "tools open. It is as redacted as traces are: of values that could be secret the length "
        "is told, and there are no addresses of networks.",
        operation=export,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=TraceArchive,
    ),
)
