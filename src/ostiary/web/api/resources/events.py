"""Events: the audit trail."""

from typing import Any

from ostiary.admin import events as operations
from ostiary.admin.actor import Area, Level
from ostiary.model.event import Event as EventRecord
from ostiary.model.event import Result
from ostiary.store.reads.events import EventFilter
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import Call, Filter, Listed, Place, Route
from ostiary.web.api.views import Time, View, time_of

_NEWEST, _OLDEST = "-position", "position"
_MAX_POSITION = 19
FILTERS = (
    ORGANIZATION,
    Filter(
        name="type",
        description="Only events of this type, or of a family as in `auth.*`; may be given several "
        "times.",
        several=True,
        example="account.created",
    ),
    Filter(name="user", description="Only events about this user, by id."),
    Filter(name="client_id", description="Only events about this application."),
    Filter(name="session", description="Only events about this session."),
    Filter(
        name="actor",
        description="Only what this person, operator or part of the server did; for applications "
        "use `client_id`.",
    ),
    Filter(
        name="result",
        description="Only what succeeded, or only what failed.",
        choices=tuple(one.value for one in Result),
    ),
    Filter(name="trace_id", description="Only events of the request with this trace id."),
    Filter(name="ip", description="Only events of requests from this address."),
    Filter(name="since", description="Only from this second of the Unix epoch on.", kind=int),
    Filter(name="before", description="Only before this second of the Unix epoch.", kind=int),
    Filter(
        name="sort",
        description="Newest first, unless `position` asks for the oldest first.",
        choices=(_NEWEST, _OLDEST),
        example=_NEWEST,
    ),
)


class Event(View, frozen=True, kw_only=True):
    """Something that happened: what was issued, or what somebody changed."""

    position: int
    type: str
    at: Time
    result: Result
    reason: str | None
    actor_type: str
    actor: str | None
    user: str | None
    client_id: str | None
    organization: str | None
    session: str | None
    grant: str | None
    target: str | None
    ip: str
    user_agent: str
    trace_id: str
    details: dict[str, Any]


def view(positioned: tuple[int, EventRecord]) -> Event:
    """Show an event with its position in the audit trail."""
    position, record = positioned
    return Event(
        position=position,
        type=record.type,
        at=time_of(record.at),
        result=record.result,
        reason=record.reason,
        actor_type=record.actor_type,
        actor=record.actor_id,
        user=record.user_id,
        client_id=record.client_id,
        organization=record.organization_id,
        session=record.session_id,
        grant=record.grant_id,
        target=record.target,
        ip=record.ip,
        user_agent=record.user_agent,
        trace_id=record.trace_id,
        details=record.details,
    )


async def list_events(call: Call) -> Listed:
    """List events."""
    query = call.query
    filters = EventFilter(
        types=query.get("type", ()),
        user_id=query.get("user"),
        client_id=query.get("client_id"),
        organization_id=call.organization,
        session_id=query.get("session"),
        actor_id=query.get("actor"),
        result=Result(query["result"]) if "result" in query else None,
        trace_id=query.get("trace_id"),
        ip=query.get("ip"),
        since=query.get("since"),
        before=query.get("before"),
    )
    found = await operations.list_all(
        call.admin,
        call.idp.store,
        call.actor,
        filters,
        position=_position(call.after),
        oldest_first=query.get("sort") == _OLDEST,
        limit=call.limit,
    )
    return Listed(records=found, view=view, key=lambda one: str(one[0]))


def _position(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= _MAX_POSITION):
        raise Refused.parameter("cursor", "is none of this list: pass next_cursor on unchanged")
    return min(int(after), 2**63 - 1)


ROUTES = (
    Route(
        method="GET",
        path="/events",
        name="list_events",
        summary="List events",
        description="What was issued, and what somebody changed: newest first.",
        operation=list_events,
        area=Area.EVENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Event,
        filters=FILTERS,
        listing=True,
    ),
)
