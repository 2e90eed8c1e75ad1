"""The hops of a sign-in as an HTTP Archive (HAR 1.2), for support: as redacted as traces are.

It is made of what traces hold, and so it has no secret that could be taken out of it: of values
that are not shown it tells the length, and of headers it has those that traces keep. Neither
addresses of networks nor ids of sessions are in it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec

from ostiary import __version__
from ostiary.advisor.explanations import explain
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth import metadata

_PATHS = {
    Endpoint.AUTHORIZATION: metadata.AUTHORIZE,
    Endpoint.PUSHED_AUTHORIZATION: metadata.PAR,
    Endpoint.TOKEN: metadata.TOKEN,
    Endpoint.DEVICE_AUTHORIZATION: metadata.DEVICE_AUTHORIZATION,
    Endpoint.INTROSPECTION: metadata.INTROSPECT,
    Endpoint.REVOCATION: metadata.REVOKE,
    Endpoint.USERINFO: metadata.USERINFO,
    Endpoint.LOGOUT: metadata.END_SESSION,
}
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_COMMENT = (
    "Redacted: of values that could be secret or tell of a person only the length is written. "
    "Headers are those that are kept; an answer is the members that were given."
)
_UNKNOWN = -1
_MICROSECONDS = 1000  # in a millisecond, which the format counts in
_REASONS = {one.value: one.phrase for one in HTTPStatus}


def archive(hops: Sequence[Trace], issuer: str) -> dict[str, Any]:
    """Return the `log` of an archive with one entry for each hop, the first one first."""
    return {
        "version": "1.2",
        "creator": {"name": "Ostiary", "version": __version__},
        "entries": [_entry(hop, issuer) for hop in hops],
        "comment": _COMMENT,
    }


def _entry(hop: Trace, issuer: str) -> dict[str, Any]:
    # Of traces without a duration nothing is known; the format wants a number nevertheless.
    took = (hop.duration or 0) / _MICROSECONDS
    entry = {
        "startedDateTime": datetime.fromtimestamp(hop.at, UTC).isoformat(timespec="milliseconds"),
        "time": took,
        "request": _request(hop, issuer),
        "response": _response(hop),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        # Names that begin with an underscore are everybody's own (HAR 1.2, custom fields).
        "_trace_id": hop.id,
        "_endpoint": hop.endpoint.value,
        "_client_id": hop.client_id,
        "_authentication": hop.authentication,
    }
    why = explain(hop, None)
    if why is not None:
        entry["comment"] = why.cause
        entry["_failure"] = {
            "error": hop.error,
            "rule": hop.rule,
            "section": hop.section,
            "description": hop.description,
            "received": hop.received,
            "expected": hop.expected,
            "mend": why.mend,
        }
    return entry


def _request(hop: Trace, issuer: str) -> dict[str, Any]:
    pairs = [{"name": name, "value": value} for name, value in hop.parameters.items()]
    posted = hop.method == "POST"
    request = {
        "method": hop.method,
        "url": issuer + _PATHS[hop.endpoint],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(hop),
        "queryString": [] if posted else pairs,
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }
    if posted:
        request["postData"] = {"mimeType": _FORM, "params": pairs, "text": ""}
    return request


def _headers(hop: Trace) -> list[dict[str, str]]:
    kept = {"User-Agent": hop.user_agent, "Origin": hop.origin}
    return [{"name": name, "value": value} for name, value in kept.items() if value]


def _response(hop: Trace) -> dict[str, Any]:
    answer = dict(hop.answer)
    if hop.outcome is Result.FAILURE and hop.error is not None:
        answer = {"error": hop.error, "error_description": hop.description or ""}
    text = msgspec.json.encode(answer).decode() if answer else ""
    return {
        "status": hop.status,
        "statusText": _REASONS.get(hop.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "content": {"size": len(text.encode()), "mimeType": _JSON, "text": text},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }
