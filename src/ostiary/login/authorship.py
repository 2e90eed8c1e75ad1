"""Events of what a person did on their own account, as the audit trail names it."""

from typing import Any

from ostiary.model.event import Event, Result, Source
from ostiary.model.user import User


def event_of(  # noqa: PLR0913 - who, what, where from and when
    user: User,
    kind: str,
    source: Source,
    now: int,
    *,
    session_id: str | None = None,
    client_id: str | None = None,
    result: Result = Result.SUCCESS,
    **details: Any,
) -> Event:
    """Make an event about what a person did, in their own organization.

    There is no session where they act by a mailed link alone.
    """
    return Event(
        type=kind,
        at=now,
        result=result,
        actor_type="user",
        actor_id=user.id,
        user_id=user.id,
        client_id=client_id,
        organization_id=user.organization_id,
        session_id=session_id,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
        details=details,
    )
