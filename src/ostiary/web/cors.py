"""Cross-origin requests: browser applications that call protocol endpoints themselves.

An answer names the calling origin only when the client registered it (`web_origins`);
credentials are never allowed, and `null` is nobody's origin.
"""

from falcon.asgi import Request, Response

from ostiary.model.client import Client

_MAX_AGE = "600"


def allow_preflight(request: Request, response: Response, methods: str) -> None:
    """Answer a preflight (Fetch, 3.2.2). It tells what may be sent, not what may be read."""
    origin = request.get_header("Origin")
    response.set_header("Vary", "Origin")
    response.status = 204
    if origin is None or origin == "null":
        return
    response.set_header("Access-Control-Allow-Origin", "*")
    response.set_header("Access-Control-Allow-Methods", methods)
    response.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
    response.set_header("Access-Control-Max-Age", _MAX_AGE)


def allow_origin(request: Request, response: Response, client: Client | None) -> None:
    """Let the calling page read the answer, if its origin is the client's."""
    origin = request.get_header("Origin")
    if origin is None:
        return
    response.set_header("Vary", "Origin")
    if client is not None and origin != "null" and origin in client.web_origins:
        response.set_header("Access-Control-Allow-Origin", origin)
        response.set_header("Access-Control-Expose-Headers", "WWW-Authenticate")
