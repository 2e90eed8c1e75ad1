"""What an exchange tells the recorder of itself, redacted before it is kept anywhere."""

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from ostiary.clock import count_microseconds
from ostiary.model.event import Result, Source
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth import handle
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.authorization.pushed import PREFIX
from ostiary.oauth.clients import private_key_jwt
from ostiary.oauth.clients.presented import Presented, read_presented
from ostiary.oauth.errors import AuthorizationPending, OAuthError, SlowDown
from ostiary.oauth.message import Form
from ostiary.oauth.redaction import (
    scrub,
    scrub_sentence,
    show_answer,
    show_digest,
    show_parameters,
)
from ostiary.oauth.token import refresh
from ostiary.oauth.token.pkce import challenge_of
from ostiary.web.recorder import Clues, Traces

_NOTHING = Form({})
# Answers that a client gets while all is well.
_ORDINARY = (AuthorizationPending, SlowDown)
_OK = 200
_BASIC = "Basic "
# No token of this server is longer; nothing longer is held on to.
_MAX_TOKEN = 8192


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request at an endpoint."""

    endpoint: Endpoint
    source: Source
    now: int
    # When it was read, by `count_microseconds`.
    began: int | None = None
    method: str = "POST"
    form: Form = _NOTHING
    authorization: str | None = None
    # The calling web page, and whether its browser lets it read the answer.
    origin: str | None = None
    readable: bool = True


class Flaw(NamedTuple):
    """What is wrong with a request that no error is told about."""

    rule: str
    section: str
    received: str | None = None


def client_of(form: Form, authorization: str | None) -> str | None:
    """Return the client that a request names, proven or not.

    It is asked for each request that succeeds, and so it is quick.
    """
    named = form.get("client_id")
    if named is not None:
        return named
    if authorization is not None:
        return _user_of(authorization)
    assertion = form.get("client_assertion") or form.get("assertion")
    return None if assertion is None else private_key_jwt.issuer_of(assertion)


def _user_of(authorization: str) -> str | None:
    """Return the user of HTTP Basic credentials, as a client encodes it (RFC 6749, 2.3.1)."""
    try:
        user = b64decode(authorization[len(_BASIC) :]).partition(b":")[0].decode()
    except ValueError:
        return None
    return unquote_plus(user) if "%" in user or "+" in user else user


def note_refusal(
    traces: Traces, asked: Asked, error: OAuthError | FlowRefused, clues: Clues | None = None
) -> bool:
    """Note that a request was refused; return whether its trace is kept."""
    clues = clues or clues_of(asked.form, asked.authorization)
    tentative = False
    if isinstance(error, _ORDINARY) and not traces.wants(clues.client_id or "", asked.now):
        tentative = traces.may_record(clues.client_id, asked.now)
        if not tentative:
            return False
    trace = _begin(asked, Result.FAILURE, error.status)
    if isinstance(error, FlowRefused):
        # Of a pushed request it is said in other words what is to be done.
        prefix = "pushed-" if error.code == "invalid_request_uri" else ""
        rule = prefix + error.reason.replace("_", "-")
        section = "RFC 9126, 4" if prefix else None
        told = msgspec.structs.replace(trace, error=error.code, rule=rule, section=section)
        return traces.note(told, clues, tentative=tentative)
    received, expected = error.received, error.expected
    if error.rule == "pkce-mismatch" and received is not None and expected is not None:
        received, expected = show_digest(received), show_digest(expected)
    trace = msgspec.structs.replace(
        trace,
        error=error.error,
        rule=error.rule or None,
        section=error.section or None,
        description=scrub_sentence(error.description),
        received=_scrubbed(received),
        expected=_scrubbed(expected),
        detail=_explain(error, asked.form) or _scrubbed(error.detail),
    )
    return traces.note(trace, clues, tentative=tentative)


def note_answer(
    traces: Traces, asked: Asked, answer: Mapping[str, object], clues: Clues | None = None
) -> None:
    """Note that a request was answered, if such successes are wanted now."""
    named = client_of(asked.form, asked.authorization) if clues is None else clues.client_id
    tentative = not traces.wants(named or "", asked.now)
    if tentative and not traces.may_record(named, asked.now):
        return
    trace = _begin(asked, Result.SUCCESS, _OK)
    traces.note(
        msgspec.structs.replace(trace, answer=show_answer(answer)),
        clues or clues_of(asked.form, asked.authorization, answer),
        tentative=tentative,
    )


def note_origin(traces: Traces, asked: Asked, clues: Clues | None = None) -> None:
    """Note that a browser keeps an answer from the page that asked."""
    flaw = Flaw("origin-unregistered", "Fetch, 3.2", asked.origin)
    note_flaw(traces, asked, flaw, clues or clues_of(asked.form, asked.authorization))


def note_flaw(traces: Traces, asked: Asked, flaw: Flaw, clues: Clues) -> None:
    """Note that a request was answered, and not as its sender wants it."""
    trace = msgspec.structs.replace(
        _begin(asked, Result.FAILURE, _OK),
        rule=flaw.rule,
        section=flaw.section,
        received=_scrubbed(flaw.received),
    )
    traces.note(trace, clues)


def clues_of(
    form: Form, authorization: str | None, answer: Mapping[str, Any] | None = None
) -> Clues:
    """Return by what the trace of a request finds its client and its other hops."""
    answer = answer or {}
    token = refresh.read(form.get("refresh_token") or form.get("token") or "")
    code, pushed = form.get("code") or answer.get("code"), form.get("request_uri")
    pushed = answer.get("request_uri") or pushed or ""
    device = answer.get("device_code") or form.get("device_code")
    access = answer.get("access_token") or (form.get("token") if token is None else None)
    if access is not None and len(access) > _MAX_TOKEN:
        access = None
    return Clues(
        client_id=client_of(form, authorization),
        code=None if code is None else handle.digest(code),
        family=None if token is None else token.family_id,
        access_token=access,
        device=None if device is None else handle.digest(device),
        pushed=handle.digest(pushed.removeprefix(PREFIX)) if pushed.startswith(PREFIX) else None,
    )


def _begin(asked: Asked, outcome: Result, status: int) -> Trace:
    presented = None
    if asked.endpoint not in {Endpoint.AUTHORIZATION, Endpoint.LOGOUT, Endpoint.USERINFO}:
        presented = _presented(asked.form, asked.authorization)
    return Trace(
        id=asked.source.trace_id,
        at=asked.now,
        endpoint=asked.endpoint,
        outcome=outcome,
        method=asked.method,
        status=status,
        duration=None if asked.began is None else count_microseconds() - asked.began,
        authentication=None if presented is None else presented.method,
        parameters=show_parameters(asked.form),
        origin=_scrubbed(asked.origin),
        readable=asked.readable,
        ip=asked.source.ip,
        user_agent=scrub(asked.source.user_agent),
    )


def _scrubbed(text: str | None) -> str | None:
    return None if text is None else scrub(text)


def _presented(form: Form, authorization: str | None) -> Presented | None:
    try:
        return read_presented(form, authorization)
    except OAuthError:
        return None


def _explain(error: OAuthError, form: Form) -> str | None:
    """Recognise how a verifier and its challenge came to differ."""
    verifier = form.get("code_verifier")
    if error.rule != "pkce-mismatch" or verifier is None or error.expected is None:
        return None
    if verifier == error.expected:
        return "challenge_not_hashed"
    hexadecimal = hashlib.sha256(verifier.encode("utf-8", "replace")).hexdigest()
    if error.expected in {hexadecimal[:43], challenge_of(hexadecimal)}:
        return "challenge_of_hex"
    return "challenge_of_another_verifier"
