"""The recording of an application: for a while all of its exchanges are traced."""

from ostiary.admin import recordings as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.recordings import RecordingFields
from ostiary.web.api.route import Call, Place, Reply, Route
from ostiary.web.api.views import Time, View, time_of


class Recording(View, frozen=True, kw_only=True):
    """Until when an application is recorded."""

    client_id: str
    until: Time | None


async def record(call: Call) -> Reply:
    """Begin or end a recording."""
    client_id, state = call.path["client_id"], call.body.state
    found = await operations.record(call.admin, call.actor, client_id, state)
    until = None if found.until is None else time_of(found.until)
    return Reply(body=Recording(client_id=found.client_id, until=until))


ROUTES = (
    Route(
        method="PUT",
        path="/applications/{client_id}/recording",
        name="record_application",
        summary="Record all exchanges of an application for a while",
        description="Failures always leave traces, and of what succeeds the first of each hour; "
        "for 15 minutes all that this application does leaves some, so that a whole sign-in can be "
        "looked at and exported. It ends by itself, or with `off`.",
        operation=record,
        area=Area.PROJECT,
        level=Level.WRITE,
        place=Place.PROJECT,
        body=RecordingFields,
        answer=Recording,
        example={"state": "on"},
    ),
)
