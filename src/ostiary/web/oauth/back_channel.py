"""What the back-channel endpoints have in common: a form goes in, JSON comes out.

RFC 6749, 3.2 and 5; RFC 7009, 2; RFC 7662, 2. A browser application may call those that
public clients use, from the origins that it registered.
"""

from typing import Any, Protocol

import msgspec
from falcon.asgi import Request, Response

from ostiary.clock import count_microseconds
from ostiary.model.client import Client
from ostiary.model.event import Source
from ostiary.model.trace import Endpoint as TraceEndpoint
from ostiary.oauth.clients import Door
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.metadata import DEVICE_AUTHORIZATION, INTROSPECT, PAR, REVOKE, TOKEN
from ostiary.oauth.paths import TRACES
from ostiary.web.body import read_form
from ostiary.web.cors import allow_origin, allow_preflight
from ostiary.web.idp import Idp
from ostiary.web.oauth.errors import render_error
from ostiary.web.ration import Ration
from ostiary.web.source import read_source
from ostiary.web.traced import Asked, note_answer, note_origin, note_refusal

HEADERS = {"content-type": "application/json", "pragma": "no-cache"}
_FAILURES_PER_MINUTE = 20
_TRACED = {
    DEVICE_AUTHORIZATION: TraceEndpoint.DEVICE_AUTHORIZATION,
    INTROSPECT: TraceEndpoint.INTROSPECTION,
    PAR: TraceEndpoint.PUSHED_AUTHORIZATION,
    REVOKE: TraceEndpoint.REVOCATION,
    TOKEN: TraceEndpoint.TOKEN,
}
_encode = msgspec.json.Encoder().encode


class Endpoint(Protocol):
    """Answers a form."""

    async def answer(self, form: Form, authorization: str | None, source: Source) -> dict[str, Any]:
        """Answer a request.

        Raises:
            OAuthError: refused.
            Unavailable: the store cannot answer now.
        """
        ...


def make_door(idp: Idp) -> Door:
    """Make what authenticates the clients of an instance's endpoints."""
    return Door(
        audiences=(idp.issuer, idp.issuer + TOKEN),
        store=idp.store,
        remote_keys=idp.remote_keys,
        ration=Ration(_FAILURES_PER_MINUTE),
        sightings=idp.sightings,
    )


class BackChannel:
    """An endpoint that clients post forms to."""

    def __init__(self, idp: Idp, path: str, endpoint: Endpoint, *, status: int = 200) -> None:
        """`status` is that of a good answer."""
        self._idp = idp
        self.status = status
        self.path = path
        self.endpoint = endpoint

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer a request."""
        resp.set_headers(HEADERS)
        form, source = Form({}), read_source(req)
        authorization = req.get_header("Authorization")
        answer: dict[str, Any] | None = None
        refusal = None
        began = None
        try:
            body = await read_form(req)
            began = count_microseconds()
            form = parse_form(body)
            answer = await self.endpoint.answer(form, authorization, source)
            resp.status = self.status
            resp.data = _encode(answer)
        except OAuthError as error:
            refusal = error
        except Unavailable:
            render_error(resp, TemporarilyUnavailable("The server cannot answer now; try again."))
        origin = req.get_header("Origin")
        readable = True
        if origin is not None:
            client = await self._find_client(form)
            readable = await allow_origin(req, resp, self._idp.store, client)
        asked = self.asked(
            form, authorization, source, began=began, origin=origin, readable=readable
        )
        uri = self.note(asked, answer, refusal)
        if refusal is not None:
            render_error(resp, refusal, uri)

    async def _find_client(self, form: Form) -> Client | None:
        client_id = form.get("client_id")
        return await self._idp.store.client(client_id) if client_id else None

    async def on_options(self, req: Request, resp: Response) -> None:
        """Answer a preflight."""
        if not await allow_preflight(req, resp, self._idp.store, "POST"):
            origin = req.get_header("Origin")
            asked = self.asked(Form({}), None, read_source(req), origin=origin, readable=False)
            note_origin(self._idp.traces, msgspec.structs.replace(asked, method="OPTIONS"))

    def asked(  # noqa: PLR0913 - what a request is made of
        self,
        form: Form,
        authorization: str | None,
        source: Source,
        *,
        began: int | None = None,
        origin: str | None = None,
        readable: bool = True,
    ) -> Asked:
        """Describe a request for its trace."""
        return Asked(
            endpoint=_TRACED[self.path],
            source=source,
            now=self._idp.clock.now(),
            began=began,
            form=form,
            authorization=authorization,
            origin=origin,
            readable=readable,
        )

    def note(
        self, asked: Asked, answer: dict[str, Any] | None, refusal: OAuthError | None
    ) -> str | None:
        """Note how a request was answered; return where a refusal is explained.

        Nothing is noted where the store is to blame.
        """
        traces = self._idp.traces
        if refusal is not None:
            kept = note_refusal(traces, asked, refusal)
            return f"{self._idp.issuer}{TRACES}{asked.source.trace_id}" if kept else None
        if not asked.readable:
            note_origin(traces, asked)
        elif answer is not None:
            note_answer(traces, asked, answer)
        return None
