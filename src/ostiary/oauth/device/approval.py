"""What a person's answer leaves behind for the device that waits for it (RFC 8628, 3.3)."""

import msgspec

from ostiary.clock import Entropy
from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.model.grant import DeviceCode, DeviceStatus
from ostiary.model.session import Session
from ostiary.oauth.authorization.approval import Approval, make_grant, touch
from ostiary.oauth.authorization.pending import (
    CLIENT_UNUSABLE,
    FLOW_EXPIRED,
    FLOW_FINISHED,
    FlowRefused,
)
from ostiary.oauth.authorization.response import Redirection
from ostiary.oauth.effects import Effects, Emit, Insert, Require, Update
from ostiary.oauth.grants.device_code import grant_type
from ostiary.oauth.paths import DEVICE_DONE
from ostiary.oauth.reader import DeviceReader, SignedIn

# Where the browser ends up: the device itself learns of the answer when it asks next.
APPROVED = Redirection(DEVICE_DONE + "?answer=approved")
DENIED = Redirection(DEVICE_DONE + "?answer=denied")


async def waiting(digest: str, reader: DeviceReader, client: Client, now: int) -> DeviceCode:
    """Return the device that waits for an answer.

    Raises:
        FlowRefused: it has given up, somebody has answered already, or its application may
            not use the grant any more.
    """
    if grant_type not in client.grant_types:
        raise FlowRefused(CLIENT_UNUSABLE, 400)
    record = await reader.device_code(bytes.fromhex(digest))
    if record is None or record.expires_at <= now:
        raise FlowRefused(FLOW_EXPIRED, 410, client)
    if record.status is not DeviceStatus.PENDING:
        raise FlowRefused(FLOW_FINISHED, 410, client)
    return record


def approve(approval: Approval, record: DeviceCode, entropy: Entropy) -> Effects:
    """Make a grant, for the device to collect."""
    session = approval.decision.signed_in.session
    grant = make_grant(approval, entropy)
    return (
        Require(Session, session.id),
        Insert(grant),
        Update(record, {"status": DeviceStatus.APPROVED, "grant_id": grant.id}),
        *touch(session, approval.user_policies.token_lifetimes, approval.now),
        Emit(
            Event(
                type="device.approved",
                at=approval.now,
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
                details={"scopes": list(grant.scopes), "device_ip": record.ip},
            )
        ),
    )


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """That the answer is no: by which rule, and who was there."""

    rule: str
    client: Client
    # None where whoever it was has signed out meanwhile.
    signed_in: SignedIn | None
    source: Source
    now: int


def deny(denial: Denial, record: DeviceCode) -> Effects:
    """Let the device know that the answer was no."""
    signed_in, source = denial.signed_in, denial.source
    user_id = None if signed_in is None else signed_in.user.id
    event = Event(
        type="device.denied",
        at=denial.now,
        result=Result.FAILURE,
        reason=denial.rule,
        actor_type="user",
        actor_id=user_id,
        user_id=user_id,
        client_id=record.client_id,
        organization_id=denial.client.organization_id,
        session_id=None if signed_in is None else signed_in.session.id,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
        details={"device_ip": record.ip},
    )
    return (Update(record, {"status": DeviceStatus.DENIED}), Emit(event))
