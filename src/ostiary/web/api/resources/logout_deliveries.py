"""Messages to applications that a session is over, which are on their way or were given up."""

from ostiary.admin import deliveries as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.deliveries import Delivery
from ostiary.admin.errors import NotFound
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of

_MAX_DIGITS = 18
STATE = Filter(
    name="state",
    description="Only those that were tried in vain so far.",
    choices=("failed",),
)


class LogoutDelivery(View, frozen=True, kw_only=True):
    """A message to an application. `next_at` is null where it was given up."""

    id: int
    client_id: str
    user: str
    session: str
    attempts: int
    created_at: Time
    next_at: Time | None
    last_error: str | None


def view(one: Delivery) -> LogoutDelivery:
    """Show a delivery."""
    return LogoutDelivery(
        id=one.id,
        client_id=one.client_id,
        user=one.user_id,
        session=one.session_id,
        attempts=one.attempts,
        created_at=time_of(one.created_at),
        next_at=maybe(one.next_at),
        last_error=one.last_error,
    )


async def list_deliveries(call: Call) -> Listed:
    """List what applications are still to be told."""
    if call.after and not _is_number(call.after):
        raise Refused.parameter("cursor", "is none of this list: pass next_cursor on unchanged")
    found = await operations.list_all(
        call.idp.store,
        call.actor,
        failed=STATE.name in call.query,
        after=int(call.after or 0),
        limit=call.limit,
    )
    return Listed(records=found, view=view, key=lambda one: str(one.id))


async def retry(call: Call) -> Reply:
    """Tell an application now."""
    key = call.path["delivery_id"]
    if not _is_number(key):
        raise NotFound(operations.WHAT, key)
    await operations.retry(call.idp.store, call.actor, call.admin.clock, int(key))
    return Reply()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


ROUTES = (
    Route(
        method="GET",
        path="/logout-deliveries",
        name="list_logout_deliveries",
        summary="List messages that a session is over",
        description="Those of back-channel logout that applications are still to get. What was "
        "delivered is in the audit trail.",
        operation=list_deliveries,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=LogoutDelivery,
        filters=(STATE,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/logout-deliveries/{delivery_id}/retry",
        name="retry_logout_delivery",
        summary="Tell an application now",
        description="Also where it was given up.",
        operation=retry,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        status=204,
        repeatable=False,
    ),
)
