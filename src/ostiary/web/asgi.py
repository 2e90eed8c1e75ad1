"""The application: every route, and what surrounds each request."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import falcon
from falcon.asgi import App, Request, Response

from ostiary.web.errors import ErrorPages
from ostiary.web.headers import SecurityHeaders
from ostiary.web.idp import Idp
from ostiary.web.routes import routes
from ostiary.web.source import new_trace_id

_MISDIRECTED = "421 Misdirected Request"
_HEALTH = "/health/"

Hook = Callable[[], Awaitable[None]]


class Front:
    """What every request passes first: it gets a trace id, and must be meant for this issuer.

    Addresses in pages, mails and tokens come from the configured public URL alone. A
    request that names another host is not for this server; health checks are answered
    under any name.
    """

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._host = urlsplit(idp.issuer).netloc

    async def process_request(self, req: Request, _resp: Response) -> None:
        """Name the request, and check its host."""
        req.context.trace_id = new_trace_id(self._idp.entropy)
        if req.get_header("Host") != self._host and not req.path.startswith(_HEALTH):
            raise falcon.HTTPError(_MISDIRECTED)


class Lifespan:
    """Opens what the application needs when the server starts, and closes it at the end."""

    def __init__(self, start: Hook, stop: Hook) -> None:
        self._start = start
        self._stop = stop

    async def process_startup(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """Start."""
        await self._start()

    async def process_shutdown(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """Stop."""
        await self._stop()


def make_app(idp: Idp, *, start: Hook, stop: Hook) -> App[Request, Response]:
    """Make the ASGI application of an instance."""
    https = idp.issuer.startswith("https:")
    app = App(middleware=[Lifespan(start, stop), Front(idp), SecurityHeaders(https=https)])
    ErrorPages(idp).install(app)
    for path, resource in routes(idp):
        app.add_route(path, resource)
    return app
