"""Cross-origin requests: browser applications that call protocol endpoints themselves.

An answer names the calling origin only where it is registered (`web_origins`): by the
client that the request is from, or, where a request proves no client, by any. Credentials
are never allowed, and `null` is nobody's origin.
"""

from falcon.asgi import Request, Response

from ostiary.model.client import Client
from ostiary.oauth.reader import ConfigurationReader

_MAX_AGE = "600"


async def allow_preflight(
    request: Request, response: Response, reader: ConfigurationReader, methods: str
) -> bool:
    """Answer a preflight (Fetch, 3.2.2); return whether the calling page may go on."""
    response.status = 204
    allowed = await allow_origin(request, response, reader, None)
    response.set_header("Access-Control-Allow-Methods", methods)
    response.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
    response.set_header("Access-Control-Max-Age", _MAX_AGE)
    return allowed


async def allow_origin(
    request: Request, response: Response, reader: ConfigurationReader, client: Client | None
) -> bool:
    """Let the calling page read the answer, if its origin is registered; return whether.

    A request that is from no page of another origin is always answered for its sender.
    """
    origin = request.get_header("Origin")
    if origin is None:
        return True
    response.set_header("Vary", "Origin")
    if origin == "null":
        return False
    registered = (
        origin in client.web_origins if client is not None else await reader.is_web_origin(origin)
    )
    if registered:
        response.set_header("Access-Control-Allow-Origin", origin)
        response.set_header("Access-Control-Expose-Headers", "WWW-Authenticate")
    return registered
