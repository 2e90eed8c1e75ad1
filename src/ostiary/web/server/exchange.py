"""One request and its answer, as the application sees them (ASGI 3.0, HTTP).

uvicorn's own writes an answer in two parts, each a system call and a packet. Here head and
body leave together, which saves a fifth of what an empty request costs.
"""

import re
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\r\n")) + b"\x7f"
_MAX_NAMES = 256
_BODILESS = (204, 304)


class Exchange(RequestResponseCycle):
    """A request that the application answers with `send`.

    `response_started` means that something was written: until then a failure can still be
    answered as one.
    """

    # Header names as applications write them, each checked once: they come from code.
    _names: dict[bytes, bytes] = {}

    _unsent_head = b""
    _ends_with_connection = False

    async def send(self, message: Any) -> None:
        """Take one ASGI message; the head waits for the first part of the body."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self.waiting_for_100_continue = False
            self._unsent_head = self._write_head(message["status"], message.get("headers", ()))
        elif (
            kind == "http.response.body"
            and not self.response_complete
            and (self._unsent_head or self.response_started)
        ):
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"Did not expect {kind} now.")

    def _write_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        lines = [STATUS_LINE[status]]
        names = self._names
        closing = False
        self.chunked_encoding = None
        self.expected_content_length = 0
        for written, value in (*self.default_headers, *headers):
            name = names.get(written) or self._check_name(written)
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"transfer-encoding":
                self.chunked_encoding = True
            elif name == b"connection" and b"close" in value.lower():
                closing = True
        if closing:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and not self._is_bodiless(status):
            # HTTP/1.0 knows no chunks: the body ends with the connection (RFC 9112, 6.3).
            self.chunked_encoding = self.scope["http_version"] != "1.0"
            self._ends_with_connection = not self.chunked_encoding
            if self.chunked_encoding:
                lines.append(b"transfer-encoding: chunked\r\n")
        head = b"".join(lines)
        # One look at the whole finds a value that would have been the start of another line.
        if (
            head.count(b"\n") != len(lines)
            or head.count(b"\r") != len(lines)
            or len(head.translate(None, _CONTROLS)) != len(head)
        ):
            raise RuntimeError("A header value of the answer holds a control character.")
        return head + b"\r\n"

    def _check_name(self, written: bytes) -> bytes:
        if not _TOKEN.fullmatch(written):
            raise RuntimeError("A header name of the answer is not a token.")
        if len(self._names) < _MAX_NAMES:
            self._names[bytes(written)] = written.lower()
        return written.lower()

    def _is_bodiless(self, status: int) -> bool:
        return self.scope["method"] == "HEAD" or status in _BODILESS

    def _send_body(self, body: bytes, *, more: bool) -> None:
        part = self._frame(body, more=more)
        if self._unsent_head:
            part = self._unsent_head + part
            self._unsent_head = b""
            self.response_started = True
        if part:
            self.transport.write(part)
        if not more:
            if self.expected_content_length:
                raise RuntimeError("The answer is shorter than its Content-Length.")
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    def _frame(self, body: bytes, *, more: bool) -> bytes:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            return b""
        if self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if not self._ends_with_connection:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("The answer is longer than its Content-Length.")
        return body
