"""Traces of the authorization endpoint: of a request, and of each return to it from a page."""

from collections.abc import Awaitable
from typing import TypeVar

import msgspec
from falcon.asgi import Request

from ostiary.clock import count_microseconds
from ostiary.model.trace import Endpoint
from ostiary.oauth import handle
from ostiary.oauth.authorization.endpoint import Ask, Outcome
from ostiary.oauth.authorization.entry import Entered
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.authorization.response import FormPost, Redirection
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.redaction import split_answer
from ostiary.web.recorder import Clues, Traces
from ostiary.web.traced import Asked, clues_of, note_answer, note_refusal

T = TypeVar("T", bound=Outcome | str)


class AuthorizationTrace:
    """Notes what comes of authorization requests."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    async def watch(
        self, req: Request, visit: Visit, parameters: bytes, answering: Awaitable[T], flow: str = ""
    ) -> T:
        """Return how a request is answered, and note it. `flow`: of a request that waited.

        Raises:
            OAuthError, FlowRefused: as raised, and noted.
        """
        asked = Asked(
            endpoint=Endpoint.AUTHORIZATION,
            source=visit.source,
            now=visit.now,
            began=count_microseconds(),
            method=req.method,
            form=_read(parameters),
        )
        try:
            outcome = await answering
        except (OAuthError, FlowRefused) as refusal:
            note_refusal(self._traces, asked, refusal, _clues(asked, flow))
            raise
        self._note(asked, outcome, flow)
        return outcome

    def _note(self, asked: Asked, outcome: Outcome | str, flow: str) -> None:
        traces = self._traces
        if isinstance(outcome, Entered):
            return  # a page of our own, which nobody integrates
        if isinstance(outcome, str):
            note_answer(traces, asked, {"page": "continue"}, _clues(asked, outcome))
        elif isinstance(outcome, Ask):
            shown = {"page": outcome.reason.value}
            note_answer(traces, asked, shown, _clues(asked, outcome.flow))
        elif outcome.refusal is not None:
            note_refusal(traces, asked, outcome.refusal, _clues(asked, flow))
        else:
            answer = _answer(outcome)
            note_answer(traces, asked, answer, _clues(asked, flow, answer))


def _read(parameters: bytes) -> Form:
    """Read the parameters once more; what cannot be read is told by its refusal."""
    try:
        return parse_form(parameters)
    except OAuthError:
        return Form({})


def _answer(outcome: Redirection | FormPost) -> dict[str, str]:
    if isinstance(outcome, FormPost):
        return dict(outcome.fields)
    return split_answer(outcome.location)


def _clues(asked: Asked, flow: str, answer: dict[str, str] | None = None) -> Clues:
    """Return the clues of an exchange; of an address nobody is believed to hold a code."""
    clues = clues_of(asked.form, None, answer)
    return msgspec.structs.replace(
        clues,
        code=None if answer is None else clues.code,
        access_token=None if answer is None else clues.access_token,
        family=None,
        flow=handle.digest(flow) if flow else None,
    )
