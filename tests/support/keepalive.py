"""A lean HTTP/1.1 client over one kept connection: for loads and for faults.

It costs a few microseconds a request, so that a load generator on one core can saturate a
server on another, and it tells apart what a client of a dying server has to tell apart: an
answer, a request that surely was not sent, and a request whose outcome is unknown.
"""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODILESS = frozenset({204, 304})
_CLOSING = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Answer(NamedTuple):
    """A whole answer: status, the head as it came, and the body."""

    status: int
    head: bytes
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of every header of this name."""
        found = re.findall(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return [value.decode("latin-1").strip() for value in found]

    def header(self, name: str) -> str | None:
        """Return the value of the first header of this name."""
        values = self.all(name)
        return values[0] if values else None

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class NotSent(Exception):
    """No connection could be made: the server did not see the request."""


class Lost(Exception):
    """The connection ended, or time ran out, before the whole answer came.

    Whether the server acted on the request is unknown; if time ran out (`late`), it may still
    be about to.
    """

    def __init__(self, what: str, *, late: bool = False) -> None:
        super().__init__(what)
        self.late = late


class Unreadable(Exception):
    """The answer is no HTTP that a client could make sense of."""


class _Wire(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future[Answer] | None = None
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast: the transports of uvloop are no subclass.
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.fail(Lost(str(exc) if exc else "the server closed the connection"))

    def fail(self, error: Exception) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()
            self.transport = None

    def data_received(self, data: bytes) -> None:
        if self._kept:
            data = self._kept + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._kept = data
            return
        head = data[:end]
        status = int(head[9:12])
        length = _LENGTH.search(head)
        if length is None and status not in _BODILESS:
            self.fail(Unreadable(f"no Content-Length: {head!r}"))
            self.close()
            return
        total = end + 4 + (int(length[1]) if length and status not in _BODILESS else 0)
        if len(data) < total:
            self._kept = data
            return
        self._kept = data[total:]
        waiter, self.waiter = self.waiter, None
        if waiter is None or self._kept:
            self.close()
            if waiter is not None and not waiter.done():
                waiter.set_exception(Unreadable(f"more than was asked for: {self._kept!r}"))
            return
        if _CLOSING.search(head):
            self.close()
        if not waiter.done():
            waiter.set_result(Answer(status, head, data[end + 4 : total]))


class Connection:
    """One connection that is opened when it is needed and kept as long as it lasts."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self.host = host
        self._wire: _Wire | None = None

    async def ask(self, request: bytes, *, seconds: float | None = None) -> Answer:
        """Send one request and return its answer.

        Raises:
            NotSent: nobody listens.
            Lost: the answer did not come, or not within `seconds`.
            Unreadable: what came is no answer.
        """
        loop = asyncio.get_running_loop()
        wire = self._wire
        if wire is None or wire.transport is None:
            wire = self._wire = await self._connect(seconds)
        assert wire.transport is not None
        waiter = wire.waiter = loop.create_future()
        wire.transport.write(request)
        if seconds is None:
            return await waiter
        late = Lost(f"no answer within {seconds} s", late=True)
        bell = loop.call_later(seconds, wire.fail, late)
        try:
            return await waiter
        except Lost:
            self.close()
            raise
        finally:
            bell.cancel()

    async def _connect(self, seconds: float | None) -> _Wire:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, wire = await loop.create_connection(_Wire, self.host, self.port)
        except (OSError, TimeoutError) as error:
            raise NotSent(str(error)) from None
        if wire.transport is None:
            raise NotSent("the server closed the connection at once")
        return wire

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


def write_request(
    method: str, path: str, host: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Write a whole request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def write_form(
    path: str, host: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> bytes:
    """Write a POST request of a form."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return write_request("POST", path, host, kind | dict(headers or {}), urlencode(fields).encode())


def basic(client_id: str, secret: str) -> str:
    """Return the Authorization header of a client (RFC 6749, 2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
