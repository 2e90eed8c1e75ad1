"""Where a request came from: its address, its user agent, its trace id."""

from falcon.asgi import Request

from ostiary.clock import Entropy
from ostiary.jose import base64url
from ostiary.model.event import Source

_MAX_USER_AGENT = 256


def new_trace_id(now: int, entropy: Entropy) -> str:
    """Make an id that ties an answer to the log and the audit trail. Not a secret.

    It begins with the second: what is written at the same time then stands together in the
    audit trail's index, of which a commit otherwise touches another page for each event.
    """
    return base64url.encode(now.to_bytes(4) + entropy.token_bytes(8))


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
