"""Sessions: where people are signed in."""

from ostiary.admin import sessions as operations
from ostiary.admin import users
from ostiary.admin.actor import Area, Level
from ostiary.model.session import Session as SessionRecord
from ostiary.web.api.filters import required_user
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of


class Session(View, frozen=True, kw_only=True):
    """A person signed in within one browser."""

    id: str
    user: str
    organization: str
    authenticated_by: tuple[str, ...]
    remembered: bool
    ip: str
    user_agent: str
    created_at: Time
    last_seen_at: Time
    expires_at: Time
    revoked_at: Time | None
    revoked_reason: str | None


def view(record: SessionRecord) -> Session:
    """Show a session."""
    return Session(
        id=record.id,
        user=record.user_id,
        organization=record.organization_id,
        authenticated_by=tuple(proof.kind.value for proof in record.proofs),
        remembered=record.remembered,
        ip=record.ip,
        user_agent=record.user_agent,
        created_at=time_of(record.created_at),
        last_seen_at=time_of(record.last_seen_at),
        expires_at=time_of(min(record.idle_expires_at, record.expires_at)),
        revoked_at=maybe(record.revoked_at),
        revoked_reason=record.revoked_reason,
    )


async def list_sessions(call: Call) -> Listed:
    """List the sessions of a user that were not ended."""
    user = await users.find(call.admin, call.actor, call.query["user"])
    found = await operations.list_of(
        call.admin, call.actor, user.id, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def show(call: Call) -> Reply:
    """Return a session."""
    found = await operations.show(call.admin, call.actor, call.path["session_id"])
    return Reply(body=view(found))


async def revoke(call: Call) -> Reply:
    """End a session."""
    await operations.revoke(call.admin, call.actor, call.path["session_id"])
    return Reply()


_ONE = "/sessions/{session_id}"
ROUTES = (
    Route(
        method="GET",
        path="/sessions",
        name="list_sessions",
        summary="List the sessions of a user",
        description="Those that were not ended; some may have expired.",
        operation=list_sessions,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Session,
        filters=(required_user("whose sessions are wanted"),),
        listing=True,
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_session",
        summary="Show a session",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Session,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_session",
        summary="Sign somebody out of one browser",
        description="Its grants end with it, but for those with `offline_access`; the "
        "applications that it was used with are told.",
        operation=revoke,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
