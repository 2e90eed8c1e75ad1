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


def read_source(request: Request) -> Source:
    """Describe the sender for events and throttles.

    The address is the connection's, or what a trusted proxy says it is: the server
    process settles that before the application is called.
    """
    client = request.scope.get("client")
    user_agent = request.get_header("User-Agent") or ""
    if not (user_agent.isascii() and user_agent.isprintable()):
        user_agent = "".join(c if " " <= c <= "~" else "?" for c in user_agent[:_MAX_USER_AGENT])
    return Source(
        ip=client[0] if client else "",
        user_agent=user_agent[:_MAX_USER_AGENT],
        trace_id=request.context.trace_id,
    )
