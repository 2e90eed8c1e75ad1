"""Traces: what was asked at a protocol endpoint and how it was answered, without any secret.

They explain to developers why a request failed. Unlike events they prove nothing: they are
written after the answer, may be lost, and are kept for some days only.
"""

from enum import StrEnum

from ostiary.model.event import Result
from ostiary.model.record import Record


class Endpoint(StrEnum):
    """Where an exchange took place, as traces name it."""

    AUTHORIZATION = "authorization"
    PUSHED_AUTHORIZATION = "pushed_authorization"
    TOKEN = "token"
    DEVICE_AUTHORIZATION = "device_authorization"
    INTROSPECTION = "introspection"
    REVOCATION = "revocation"
    USERINFO = "userinfo"
    LOGOUT = "logout"


class Trace(Record, frozen=True, kw_only=True):
    """One exchange at one endpoint. Values that could be secret are told by their length alone.

    `id` is the trace id of the request. The `client_id` is that of a client that exists; a
    request may have named it without proving anything. `flow`, `grant_id` and `session_id`
    are what its hops are found by: pushed request or waiting page, tokens, logout.
    """

    id: str
    at: int
    # Orders the traces of one process within a second.
    turn: int = 0
    endpoint: Endpoint
    outcome: Result
    client_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    flow: str | None = None
    grant_id: str | None = None
    session_id: str | None = None

    method: str = "POST"
    status: int = 200
    # Microseconds from the request, once it was read, to its answer.
    duration: int | None = None
    # How the client authenticated itself, in the words of `token_endpoint_auth_method`.
    authentication: str | None = None
    # What was sent, and what of the answer can be told.
    parameters: dict[str, str] = {}
    answer: dict[str, str] = {}
    # The web page that called from a browser, and whether it may read the answer.
    origin: str | None = None
    readable: bool = True

    error: str | None = None
    rule: str | None = None
    section: str | None = None
    description: str | None = None
    received: str | None = None
    expected: str | None = None
    # More than the client is told, such as which part of its authentication was wrong.
    detail: str | None = None
    ip: str = ""
    user_agent: str = ""
