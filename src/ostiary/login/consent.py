"""What a person allows a client, or does not."""

from ostiary.login.flow import Flow
from ostiary.model.grant import Consent
from ostiary.oauth.authorization.interaction import DENIED, Reason
from ostiary.oauth.effects import Effects, Emit, Insert, Update
from ostiary.oauth.reader import SignedIn


def allow(flow: Flow, signed: SignedIn, earlier: Consent | None) -> Effects:
    """Remember what the person allows the client, and go on.

    Everything is taken from the stored request. What was allowed before, and not revoked
    since, stays allowed.
    """
    scopes, claims = flow.request.scopes, flow.request.single_claims
    granted = Emit(
        flow.event(
            "consent.granted",
            signed.user,
            signed.session.id,
            scopes=list(scopes),
            claims=list(claims),
        )
    )
    step = flow.advance(signed.session.id, Reason.CONSENT)
    if earlier is None:
        consent = Consent(
            user_id=signed.user.id,
            client_id=flow.client.client_id,
            scopes=scopes,
            claims=claims,
            granted_at=flow.now,
        )
        return (Insert(consent), step, granted)
    if earlier.revoked_at is None:
        scopes = tuple(dict.fromkeys((*earlier.scopes, *scopes)))
        claims = tuple(dict.fromkeys((*earlier.claims, *claims)))
    changes = {"scopes": scopes, "claims": claims, "granted_at": flow.now, "revoked_at": None}
    return (Update(earlier, changes), step, granted)


def deny(flow: Flow, signed: SignedIn) -> Effects:
    """Remember that the person said no, and go on: the client is told so."""
    return (
        flow.advance(signed.session.id, DENIED),
        Emit(flow.event("consent.denied", signed.user, signed.session.id)),
    )
