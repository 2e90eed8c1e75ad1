"""HTTP/1.1 as bytes: a client that sends what no library would."""

import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

PATIENCE = 30.0  # seconds until a test stops waiting for what never comes
MOST = 100_000_000  # bytes that no server should take


class Reply(NamedTuple):
    """One answer: the status, headers by lower-case name, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection to a server on this machine."""

    def __init__(self, port: int, *, source: str = "127.0.0.1", receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> Self:
        """Send the parts, each as a packet of its own as far as the kernel lets it."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            self.socket.sendall(part)
        return self

    def send_until_refused(self, part: Callable[[], bytes]) -> Self:
        """Send again and again until the server answers or closes."""
        sent = 0
        while not self.has_news():
            assert sent < MOST, "the server takes whatever comes"
            try:
                sent += self.socket.send(part())
            except (BrokenPipeError, ConnectionResetError):
                break
        return self

    def send_until_closed(self, part: Callable[[], bytes]) -> None:
        """Send again and again until the connection is no more, or takes no more."""
        sent = 0
        while sent < MOST:
            try:
                sent += self.socket.send(part())
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                return
        raise AssertionError("the server takes whatever comes")

    def has_news(self) -> bool:
        """Tell whether the server has said something, or closed."""
        self.socket.settimeout(0)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return True

    def receive(self, *, head: bool = False) -> Reply:
        """Read one answer; `head` is the answer to a HEAD request."""
        before = self._read_until(b"\r\n\r\n")
        lines = before.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/1.1 "), lines
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        status = int(lines[0].split()[1])
        if head or status in (204, 304) or status < 200:
            return Reply(status, headers, b"")
        if "chunked" in headers.get("transfer-encoding", ""):
            return Reply(status, headers, self._read_chunks())
        return Reply(status, headers, self._read_exactly(int(headers["content-length"])))

    def receive_all(self) -> bytes:
        """Read everything until the server closes."""
        while self._more():
            pass
        found, self._read = self._read, b""
        return found

    def ask(self, *parts: bytes) -> Reply:
        """Send a request and read its answer."""
        return self.send(*parts).receive()

    def closes(self) -> bool:
        """Wait for the server to close; false if it says something more instead."""
        return not self._read and not self._more()

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self._read_until(b"\r\n"), 16):
            body += self._read_exactly(size)
            self._read_exactly(2)
        self._read_exactly(2)
        return body

    def _read_until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            assert self._more(), f"closed after {self._read!r}"
        found, _, self._read = self._read.partition(mark)
        return found + mark

    def _read_exactly(self, count: int) -> bytes:
        while len(self._read) < count:
            assert self._more(), f"closed after {self._read[:200]!r}"
        found, self._read = self._read[:count], self._read[count:]
        return found

    def _more(self) -> bool:
        try:
            part = self.socket.recv(65_536)
        except ConnectionResetError:
            return False
        self._read += part
        return bool(part)


def ask(port: int, *parts: bytes, source: str = "127.0.0.1") -> Reply:
    """Send one request on a connection of its own and read the answer."""
    with Wire(port, source=source) as wire:
        return wire.ask(*parts)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)
