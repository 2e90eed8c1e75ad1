"""GET and POST /oidc/v1/end_session (OpenID Connect RP-Initiated Logout 1.0, 2).

A POST may come from any site: it reads no cookie, its request is stored, and the browser
comes back by itself with a GET.
"""

from falcon.asgi import Request, Response

from ostiary.oauth.logout.request import LogoutRequest, read_request
from ostiary.oauth.message import parse_form
from ostiary.web.body import read_form
from ostiary.web.idp import Idp
from ostiary.web.login.stage import go_to
from ostiary.web.logout.exit import Exit


class EndSession:
    """Where applications send people who want to sign out."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._exit = Exit(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """End the session that the request proves, or ask."""
        request = await self._read(bytes(req.scope["query_string"]))
        outcome = await self._exit.logout.begin(request, self._exit.visit(req))
        await self._exit.show(req, resp, outcome)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Store the request, and let the browser come back."""
        request = await self._read(await read_form(req))
        flow = await self._exit.logout.deposit(request, self._exit.visit(req))
        go_to(resp, self._exit.address(flow))

    async def _read(self, parameters: bytes) -> LogoutRequest:
        idp = self._idp
        form = parse_form(parameters)
        ring = await idp.keys.ring()
        return await read_request(form, idp.store, ring, idp.issuer, idp.clock.now())
