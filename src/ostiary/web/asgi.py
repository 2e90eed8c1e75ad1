"""The application: every route, and what surrounds each request."""

from typing import Any
from urllib.parse import urlsplit

import falcon
from falcon.asgi import App, Request, Response

from ostiary.web.errors import ErrorPages
from ostiary.web.headers import SecurityHeaders
from ostiary.web.idp import Idp
from ostiary.web.oauth.back_channel import BackChannel
from ostiary.web.oauth.direct import Asgi, DirectForms
from ostiary.web.playground.courier import Loopback
from ostiary.web.routes import routes
from ostiary.web.source import new_trace_id

_MISDIRECTED = "421 Misdirected Request"
_HEALTH = "/health/"
_ENCODED_SLASH = b"%2f"


class Front:
    """What every request passes first: it gets a trace id, and must be meant for this issuer.

    Addresses in pages, mails and tokens come from the configured public URL alone. A
    request that names another host is not for this server; health checks are answered
    under any name.

    A path has one spelling: what a proxy in front keeps out by its path must not be reached
    by another one that the router takes for the same.
    """

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._host = urlsplit(idp.issuer).netloc

    async def process_request(self, req: Request, _resp: Response) -> None:
        """Name the request, and check its host and how its path is spelt."""
        req.context.trace_id = new_trace_id(self._idp.clock.now(), self._idp.entropy)
        host = req.get_header("Host") or ""
        if host.lower() != self._host and not req.path.startswith(_HEALTH):
            raise falcon.HTTPError(_MISDIRECTED)
        if req.path.startswith("//") or _ENCODED_SLASH in req.scope["raw_path"].lower():
            raise falcon.HTTPNotFound


def make_app(idp: Idp) -> Asgi:
    """Make the ASGI application of an instance."""
    https = idp.issuer.startswith("https:")
    middleware: list[Any] = [Front(idp), SecurityHeaders(https=https)]
    app: App[Request, Response] = App(middleware=middleware)
    ErrorPages(idp).install(app)
    loopback = Loopback()
    served = routes(idp, loopback)
    for path, resource in served:
        app.add_route(path, resource)
    forms = tuple(one for _, one in served if isinstance(one, BackChannel))
    whole = DirectForms(idp, forms, app)
    loopback.connect(whole)
    return whole
