"""The parts of a request's head that need no connection to be read."""

import re
from urllib.parse import unquote

from ostiary.web.server.refusal import refuse_as_bad

METHODS = {
    name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
# Header names that need no look, as clients write them. Everything else goes the long way.
COMMON_NAMES = {
    written.encode(): name.encode()
    for name in """
        accept accept-encoding accept-language access-control-request-headers
        access-control-request-method authorization cache-control connection content-type
        cookie dnt dpop if-modified-since if-none-match origin pragma priority referer
        sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode
        sec-fetch-site sec-fetch-user traceparent upgrade-insecure-requests user-agent via
    """.split()  # noqa: SIM905 (thirty words read better without their quotes)
    for written in (name, name.title())
}
_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)((?:[/?][^#]*)?)", re.IGNORECASE)
_ABOUT_THE_SENDER = (b"forwarded", b"x-real-ip")


def is_about_sender(name: bytes) -> bool:
    """Tell whether a header, by its lower-case name, speaks of who sent the request."""
    return name in _ABOUT_THE_SENDER or name.startswith(b"x-forwarded-")


def split_target(url: bytes) -> tuple[bytes | None, bytes]:
    """Split a request target into authority, if it names one, and path with query.

    The target's authority takes the place of the Host header (RFC 9112, 3.2.2).

    Raises:
        Refused: it is neither a path with an optional query nor an http URL.
    """
    authority = None
    if not url.startswith(b"/"):
        match = _ABSOLUTE.fullmatch(url)
        if match is None:
            raise refuse_as_bad("The request target is not a path with an optional query.")
        authority, url = match.groups()
        url = url if url.startswith(b"/") else b"/" + url
    if b"#" in url or not url.isascii():
        raise refuse_as_bad("The request target is not a path with an optional query.")
    return authority, url


def decode_path(raw_path: bytes) -> str:
    """Decode the percent-encoded octets of an ASCII path, which mean UTF-8."""
    path = raw_path.decode("ascii")
    return unquote(path) if "%" in path else path
