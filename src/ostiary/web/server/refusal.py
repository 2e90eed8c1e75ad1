"""Answers that the server gives by itself, before the application has a say."""

from collections.abc import Iterable
from http import HTTPStatus

from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope


class Refusal:
    """The answer to a request that goes no further: a status, and what to change.

    It is an ASGI application too, and so can take its turn behind earlier requests.
    """

    def __init__(self, status: HTTPStatus, text: str, *, retry_after: int = 0) -> None:
        self.status = status
        self._body = text.encode("ascii") + b"\n"
        self._headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(self._body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        if retry_after:
            self._headers.append((b"retry-after", b"%d" % retry_after))

    def render(self, default_headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Write the whole answer."""
        lines = [b"HTTP/1.1 %d %b" % (self.status, self.status.phrase.encode("ascii"))]
        lines += [b"%b: %b" % header for header in (*default_headers, *self._headers)]
        return b"\r\n".join([*lines, b"", self._body])

    async def __call__(
        self, _scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Answer as an application would."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Refused(Exception):
    """What the parser's callbacks raise to stop at once."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


def refuse_as_bad(text: str) -> Refused:
    """Make the refusal of a request that is not HTTP as it should be."""
    return Refused(Refusal(HTTPStatus.BAD_REQUEST, text))


MALFORMED = Refusal(
    HTTPStatus.BAD_REQUEST, "This is not a well-formed HTTP/1.1 request (RFC 9112)."
)
POORLY_CHUNKED = Refusal(HTTPStatus.BAD_REQUEST, "The chunks of the body hold too little.")
TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
BODY_TOO_LONG = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too long.")
URL_TOO_LONG = Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "The URL is too long.")
TOO_MANY_FROM_ADDRESS = Refusal(
    HTTPStatus.TOO_MANY_REQUESTS, "There are too many connections from this address.", retry_after=5
)
HEAD_TOO_LONG = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The header fields are too many or too long."
)
BROKEN = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "The server made a mistake.")
UNKNOWN_METHOD = Refusal(HTTPStatus.NOT_IMPLEMENTED, "The method is not supported.")
UNKNOWN_CODING = Refusal(HTTPStatus.NOT_IMPLEMENTED, "Send the body as it is, or in chunks.")
BUSY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy; try again soon.", retry_after=5)
UNKNOWN_VERSION = Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Use HTTP/1.1.")
