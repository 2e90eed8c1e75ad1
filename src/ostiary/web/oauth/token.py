"""POST /oauth/v2/token (RFC 6749, 3.2)."""

import msgspec
from falcon.asgi import Request, Response

from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import parse_form
from ostiary.oauth.registry import GRANTS
from ostiary.oauth.token.endpoint import TokenEndpoint
from ostiary.web.body import read_form
from ostiary.web.cors import allow_origin, allow_preflight
from ostiary.web.idp import Idp
from ostiary.web.oauth.errors import render_error
from ostiary.web.ration import Ration
from ostiary.web.source import read_source

PATH = "/oauth/v2/token"
HEADERS = {"content-type": "application/json", "pragma": "no-cache"}
_FAILURES_PER_MINUTE = 20
_encode = msgspec.json.Encoder().encode


class Token:
    """The token endpoint."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self.endpoint = TokenEndpoint(
            issuer=idp.issuer,
            url=idp.issuer + PATH,
            store=idp.store,
            keys=idp.keys,
            remote_keys=idp.remote_keys,
            clock=idp.clock,
            entropy=idp.entropy,
            grants=GRANTS,
            ration=Ration(_FAILURES_PER_MINUTE),
        )

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer a token request."""
        resp.set_headers(HEADERS)
        form = None
        try:
            form = parse_form(await read_form(req))
            answer = await self.endpoint.answer(
                form, req.get_header("Authorization"), read_source(req)
            )
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
