"""The audit trail: every change and every issuance, written with what it tells of."""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.record import Record

# Events of everyday issuance, which are kept for a shorter time than all others.
ISSUANCE = frozenset(
    {"code.issued", "code.redeemed", "token.issued", "token.refreshed", "token.revoked"}
)


class Result(StrEnum):
    """How the thing that an event tells of ended."""

    SUCCESS = "success"
    FAILURE = "failure"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request came from, for events and throttles."""

    ip: str = ""
    user_agent: str = ""
    trace_id: str = ""


class Event(Record, frozen=True, kw_only=True):
    """One entry of the append-only audit trail. Never holds a secret.

    `type` is a dotted name such as `token.issued`. `details` holds what the columns do
    not: changed field names, the grant type, the key id.
    """

    type: str
    at: int
    result: Result = Result.SUCCESS
    reason: str | None = None
    actor_type: str = "client"
    actor_id: str | None = None
    user_id: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    session_id: str | None = None
    grant_id: str | None = None
    # What the event is about, where that is none of the columns above: a kid, a project.
    target: str | None = None
    ip: str = ""
    user_agent: str = ""
    trace_id: str = ""
    details: dict[str, Any] = {}
