"""Where a request came from: its address, its user agent, its trace id."""

from falcon.asgi import Request

from ostiary.clock import Entropy
from ostiary.model.event import Source
from ostiary.oauth.handle import random_text

_MAX_USER_AGENT = 256
TRACE_LENGTH = 16


def new_trace_id(entropy: Entropy) -> str:
    """Make an id that ties an answer to the log and the audit trail. Not a secret."""
    return random_text(entropy)[:TRACE_LENGTH]


def printable_agent(user_agent: str) -> str:
    """Cut a User-Agent header, and show what is not printable ASCII as `?`."""
    shown = user_agent[:_MAX_USER_AGENT]
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(c if " " <= c <= "~" else "?" for c in shown)


def read_source(request: Request) -> Source:
    """Describe the sender for events and throttles.

    The address is the connection's, or what a trusted proxy says it is: the server
    process settles that before the application is called.
    """
    client = request.scope.get("client")
    return Source(
        ip=client[0] if client else "",
        user_agent=printable_agent(request.get_header("User-Agent") or ""),
        trace_id=request.context.trace_id,
    )
