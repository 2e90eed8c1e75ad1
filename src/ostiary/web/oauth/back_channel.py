"""What the back-channel endpoints have in common: a form goes in, JSON comes out.

RFC 6749, 3.2 and 5; RFC 7009, 2; RFC 7662, 2. A browser application may call those that
public clients use, from the origins that it registered.
"""

from typing import Any, Protocol

import msgspec
from falcon.asgi import Request, Response

from ostiary.model.event import Source
from ostiary.oauth.clients import Door
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.metadata import TOKEN
from ostiary.web.body import read_form
from ostiary.web.cors import allow_origin, allow_preflight
from ostiary.web.idp import Idp
from ostiary.web.oauth.errors import render_error
from ostiary.web.ration import Ration
from ostiary.web.source import read_source

HEADERS = {"content-type": "application/json", "pragma": "no-cache"}
_FAILURES_PER_MINUTE = 20
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
        form = None
        try:
            form = parse_form(await read_form(req))
            answer = await self.endpoint.answer(
                form, req.get_header("Authorization"), read_source(req)
            )
            resp.status = self.status
            resp.data = _encode(answer)
        except OAuthError as error:
            render_error(resp, error)
        except Unavailable:
            render_error(resp, TemporarilyUnavailable("The server cannot answer now; try again."))
        if req.get_header("Origin") is not None:
            client_id = form.get("client_id") if form is not None else None
            client = await self._idp.store.client(client_id) if client_id else None
            await allow_origin(req, resp, self._idp.store, client)

    async def on_options(self, req: Request, resp: Response) -> None:
        """Answer a preflight."""
        await allow_preflight(req, resp, self._idp.store, "POST")
