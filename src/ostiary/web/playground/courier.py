"""Sends the playground's requests to this server's own endpoints, and nowhere else.

They go through the whole application, as if they had come by the network, but for the
network: there is no address that could be somebody else's.
"""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ostiary.model.event import Source
from ostiary.playground.message import Answer, Request, Wire, write
from ostiary.web.oauth.direct import Asgi

Message = MutableMapping[str, Any]

_MAX_ANSWER = 65_536
_AGENT = ("user-agent", "Ostiary playground")


class Loopback:
    """The application itself, once it is put together."""

    def __init__(self) -> None:
        self.application: Asgi | None = None

    def connect(self, application: Asgi) -> None:
        """Set what requests are sent to."""
        self.application = application


class Courier:
    """Sends requests as whoever looks at the page."""

    def __init__(self, issuer: str, loopback: Loopback) -> None:
        parts = urlsplit(issuer)
        self._scheme, self._host = parts.scheme, parts.netloc
        self._loopback = loopback

    def write(self, request: Request) -> Wire:
        """Write a request down as it is sent."""
        return write(request, self._host)

    async def send(self, wire: Wire, source: Source) -> Answer:
        """Send a request, and wait for its answer. `source` is whose request it is.

        Raises:
            RuntimeError: the application is not put together yet.
        """
        if self._loopback.application is None:
            raise RuntimeError("the playground is not connected to the application")
        body = wire.body.encode("ascii")
        headers = [*wire.headers, _AGENT]
        if wire.method == "POST":
            headers.append(("content-length", str(len(body))))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": wire.method,
            "scheme": self._scheme,
            "path": wire.path,
            "raw_path": wire.path.encode("ascii"),
            "root_path": "",
            "query_string": wire.query.encode("ascii"),
            "headers": [(name.encode("ascii"), _octets(value)) for name, value in headers],
            "client": (source.ip, 0),
            "server": (self._host, None),
        }
        conversation = _Conversation(body)
        await self._loopback.application(scope, conversation.receive, conversation.send)
        return conversation.answer()


class _Conversation:
    """One request and its answer (ASGI 3)."""

    def __init__(self, body: bytes) -> None:
        self._bodies = [body]
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._answer = bytearray()

    async def receive(self) -> Message:
        """Give the body, and then nothing more."""
        if self._bodies:
            return {"type": "http.request", "body": self._bodies.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        else:
            self._answer += message.get("body", b"")[: _MAX_ANSWER - len(self._answer)]

    def answer(self) -> Answer:
        """Return what came."""
        return Answer(
            status=self._status,
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in self._headers
            ),
            body=self._answer.decode("utf-8", "replace"),
        )


def _octets(value: str) -> bytes:
    """Encode a header's value; what cannot stand in one is shown as `?`."""
    shown = "".join(one if " " <= one <= "~" else "?" for one in value)
    return shown.encode("ascii")
