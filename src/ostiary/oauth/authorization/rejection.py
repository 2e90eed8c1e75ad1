"""What a refused authorization request leaves behind: an event, within bounds."""

from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.oauth.authorization.pending import TooManyPending
from ostiary.oauth.authorization.steps import RedirectUriMismatch, UnknownClient
from ostiary.oauth.effects import Count, Effects, Emit
from ostiary.oauth.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
)
from ostiary.oauth.peer import peer_of
from ostiary.oauth.redaction import scrub

# Events per address prefix and minute: strangers cannot fill the audit trail.
MAX_EVENTS = 30
WINDOW = 60
# Answers that honest applications get all day, and the person's own no, whose event is
# written with it.
_ORDINARY = (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
)
_MAX_CLIENT_ID = 64


def record_rejection(
    error: OAuthError, client_id: str | None, client: Client | None, now: int, source: Source
) -> Effects:
    """Return the effects that record a refusal: none where it is an ordinary answer.

    The first is a `Count`; where that is exhausted, the refusal goes unrecorded.
    """
    if isinstance(error, _ORDINARY):
        return ()
    details = {"error": error.error}
    if client is None and client_id is not None:
        # People put secrets and tokens there by mistake.
        details["client_id"] = scrub(client_id)[:_MAX_CLIENT_ID]
    if error.received is not None:
        details["received"] = scrub(error.received)
    reason = error.rule
    if isinstance(error, UnknownClient):
        reason = error.detail or error.rule
    event = Event(
        type=_event_type(error),
        at=now,
        result=Result.FAILURE,
        reason=reason,
        actor_id=None if client is None else client.client_id,
        client_id=None if client is None else client.client_id,
        organization_id=None if client is None else client.organization_id,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
        details=details,
    )
    return (Count(f"authz_rejected:{peer_of(source.ip)}", MAX_EVENTS, WINDOW, now), Emit(event))


def _event_type(error: OAuthError) -> str:
    if isinstance(error, RedirectUriMismatch):
        return "redirect_uri.mismatch"
    if isinstance(error, TooManyPending):
        return "ratelimit.tripped"
    return "authz.request.rejected"
