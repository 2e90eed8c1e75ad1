"""What a successful authorization request leaves behind: a grant and its code."""

import hmac
from typing import Any

import msgspec

from ostiary.clock import Entropy, new_id
from ostiary.model.client import Client
from ostiary.model.event import Event, Source
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.policy import Policies, TokenLifetimes
from ostiary.model.session import Session
from ostiary.oauth import handle
from ostiary.oauth.authorization.interaction import Respond
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Effect, Effects, Emit, Insert, Require, Update
from ostiary.oauth.grants.authorization_code import gives_refresh_token
from ostiary.oauth.scope import OFFLINE_ACCESS
from ostiary.oauth.subject import sector_of

# A session is marked as seen at most once in this time, which spares most requests a
# write that others would have to wait for.
TOUCH_AFTER = 60
_SID_SIZE = 16
_SID_LENGTH = 22  # 62**22 > 2**(8 * 16)


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be answered, and the terms that it is answered on."""

    request: AuthorizationRequest
    client: Client
    decision: Respond
    # Those of the client's organization and of the user's.
    client_policies: Policies
    user_policies: Policies
    sid_key: bytes
    now: int
    source: Source


def approve(approval: Approval, grant: Grant, entropy: Entropy) -> tuple[dict[str, str], Effects]:
    """Make a code for a grant; return the response parameters and the effects (RFC 6749, 4.1.2).

    A response type without a code leaves the grant alone behind.
    """
    request, now = approval.request, approval.now
    session = approval.decision.signed_in.session
    touched = touch(session, approval.user_policies.token_lifetimes, now)
    if not request.has("code"):
        return {}, (Require(Session, session.id), Insert(grant), *touched)
    text = handle.random_text(entropy)
    lifetime = approval.client.lifetimes.code or approval.client_policies.token_lifetimes.code
    code = AuthorizationCode(
        digest=handle.digest(text),
        grant_id=grant.id,
        client_id=grant.client_id,
        redirect_uri=request.redirect_uri,
        redirect_uri_sent=request.redirect_uri_sent,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        created_at=now,
        expires_at=now + lifetime,
    )
    event = Event(
        type="code.issued",
        at=now,
        actor_type="user",
        actor_id=grant.user_id,
        user_id=grant.user_id,
        client_id=grant.client_id,
        organization_id=approval.client.organization_id,
        session_id=session.id,
        grant_id=grant.id,
        ip=approval.source.ip,
        user_agent=approval.source.user_agent,
        trace_id=approval.source.trace_id,
        details=tell_request(request),
    )
    effects = (
        Require(Session, session.id),
        Insert(grant),
        Insert(code),
        *touched,
        Emit(event),
    )
    return {"code": text}, effects


def tell_request(request: AuthorizationRequest) -> dict[str, Any]:
    """Return what the audit trail says of the request behind what was issued."""
    told: dict[str, Any] = {"scopes": list(request.scopes)}
    if request.pushed is not None:
        told["pushed_request"] = request.pushed[:32]
    return told


def make_grant(approval: Approval, entropy: Entropy) -> Grant:
    """Make the record of what a person gave a client."""
    request, client, now = approval.request, approval.client, approval.now
    decision = approval.decision
    session, authentication = decision.signed_in.session, decision.authentication
    # A device gets its tokens as by a code.
    refreshable = request.has("code") and gives_refresh_token(client, request.scopes)
    return Grant(
        id=new_id(now, entropy),
        client_id=client.client_id,
        user_id=session.user_id,
        organization_id=session.organization_id,
        acting_organization_id=decision.organization_id,
        session_id=session.id,
        sid=session_id_for(client, session, approval.sid_key),
        scopes=request.scopes,
        resources=request.resources,
        claims=request.claims,
        auth_time=authentication.auth_time,
        acr=authentication.acr,
        amr=authentication.amr,
        offline=refreshable and OFFLINE_ACCESS in request.scopes,
        created_at=now,
        expires_at=max(
            grant_end(
                client,
                approval.client_policies.token_lifetimes,
                now + (client.lifetimes.code or approval.client_policies.token_lifetimes.code),
                refreshable=refreshable,
            ),
            session.expires_at,
        ),
    )


def grant_end(client: Client, lifetimes: TokenLifetimes, first: int, *, refreshable: bool) -> int:
    """Outlive everything that can come of a grant whose first tokens are given by `first`.

    The last refresh token may be used in its last second, for an access token that then
    lives on.
    """
    own = client.lifetimes
    tokens = max(
        own.access_token or lifetimes.access_token,
        own.id_token or lifetimes.id_token,
    )
    if refreshable:
        tokens += own.refresh_absolute or lifetimes.refresh_absolute
    return first + tokens


def touch(session: Session, lifetimes: TokenLifetimes, now: int) -> tuple[Effect, ...]:
    """Note that the session is in use, which moves its idle end."""
    if now - session.last_seen_at < TOUCH_AFTER:
        return ()
    idle = lifetimes.remembered_idle if session.remembered else lifetimes.session_idle
    changes = {"last_seen_at": now, "idle_expires_at": min(now + idle, session.expires_at)}
    return (Update(session, changes),)


def session_id_for(client: Client, session: Session, key: bytes) -> str:
    """Derive the `sid` that a client sees: the same for all clients of one sector.

    Clients of different owners cannot tell by it that they serve the same session.
    """
    message = f"sid\0{sector_of(client)}\0{session.id}".encode()
    return handle.encode62(hmac.digest(key, message, "sha256")[:_SID_SIZE], _SID_LENGTH)
