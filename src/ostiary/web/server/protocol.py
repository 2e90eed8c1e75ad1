"""HTTP/1.1 with a bound on everything (RFC 9112): uvicorn's protocol, made strict.

What differs from uvicorn's own: every phase of a request has a limit of bytes and of time;
a request that could be read in two ways is refused; nothing that a sender writes about
itself is believed, unless a trusted proxy passes it on; and an `Upgrade` that is not taken
does not lose the body.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ostiary.web.server import refusal
from ostiary.web.server.connections import Connections
from ostiary.web.server.exchange import Exchange
from ostiary.web.server.head import (
    COMMON_NAMES,
    METHODS,
    decode_path,
    is_about_sender,
    split_target,
)
from ostiary.web.server.proxies import Proxies
from ostiary.web.server.refusal import Refusal, Refused, refuse_as_bad

# The phases of a connection, in order. In the last two, what arrives is thrown away: DEAF
# still has answers to give, LINGERING has said all and waits for the sender to read it.
_FRESH, _IDLE, _HEAD, _BODY, _ANSWER, _DEAF, _LINGERING = range(7)

_ASGI = {"version": "3.0", "spec_version": "2.3"}
# How much of chunk sizes, extensions and trailers a body may be wrapped in.
_FRAMING_FACTOR = 8
_FRAMING_BYTES = 4 * 1024
# How many bytes of an answer count as progress of its reader.
_READ_AT_LEAST = 16 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    server_state: Connections

    def __init__(
        self,
        config: Config,
        connections: Connections,
        app_state: dict[str, Any],
        proxies: Proxies,
        body_limit: Callable[[str], int],
    ) -> None:
        super().__init__(config, connections, app_state, asyncio.get_running_loop())
        self.bounds = connections.bounds
        self._proxies = proxies
        self._body_limit = body_limit
        self._address_key: str | bytes | None = None
        self._peer = ""
        self._trusted = False
        # Where the connection stands, since when, and since when its reader stands still.
        self._phase = _FRESH
        self._since = connections.now
        self._unsent = 0
        self._unsent_since = connections.now
        self._begun = 0
        self._unanswered = 0
        # The current request.
        self._head_bytes = 0
        self._host = False
        self._length = 0
        self._chunked = False
        self._forwarded: list[tuple[bytes, bytes]] = []
        self._upgrade_ignored = False
        self._body_most = 0
        self._body_bytes = 0
        self._body_held = 0
        self._body_raw = 0

    # The transport's side.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit or turn away a new peer."""
        super().connection_made(transport)
        if self.client is None:
            transport.abort()
            return
        host, port = self.client
        if host.startswith("::ffff:"):
            host = host.removeprefix("::ffff:")
            self.client = (host, port)
        self._peer = host
        self._trusted = host in self._proxies
        self._address_key, refused = self.server_state.admit(host, trusted=self._trusted)
        if refused is not None:
            self._phase = _LINGERING
            self.server_state.status.refusals[refused.status] += 1
            transport.write(refused.render(self.server_state.default_headers))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what the connection held."""
        super().connection_lost(exc)
        self._let_go_of_body()
        if self._address_key is not None:
            self.server_state.release(self._address_key)
            self._address_key = None

    def data_received(self, data: bytes) -> None:
        """Parse no more at once than the head of a request may have."""
        while self._phase < _DEAF:
            room = self.bounds.head_bytes - self._head_bytes
            if len(data) <= room:
                self._feed(data)
                return
            self._feed(data[:room])
            data = data[room:]

    def resume_writing(self) -> None:
        """Take it as progress that the reader took what was waiting."""
        super().resume_writing()
        self._unsent_since = self.server_state.now

    def shutdown(self) -> None:
        """Finish what has begun, and close."""
        if self._unanswered:
            self.cycle.keep_alive = False
        elif self._phase != _HEAD:
            self.transport.close()

    def check(self) -> None:
        """End the connection if it takes too long. Called once a tick."""
        if self._is_unread():
            self.transport.abort()
        elif not self.transport.is_closing():
            self._check_phase()

    def _is_unread(self) -> bool:
        now = self.server_state.now
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent <= self._unsent - _READ_AT_LEAST:
            self._unsent, self._unsent_since = unsent, now
        else:
            self._unsent = max(self._unsent, unsent)
        return now - self._unsent_since > self.bounds.write_seconds

    def _check_phase(self) -> None:
        bounds, phase = self.bounds, self._phase
        waited = self.server_state.now - self._since
        if phase == _IDLE:
            pressed = self.server_state.pressed
            if waited > (bounds.pressed_idle_seconds if pressed else bounds.idle_seconds):
                self.transport.close()
        elif phase == _FRESH:
            if waited > bounds.head_seconds:
                self.transport.close()
        elif phase == _LINGERING:
            if waited > bounds.linger_seconds:
                self.transport.abort()
        elif self.flow.read_paused:
            self._since = self.server_state.now  # it is us who keep the sender waiting
        elif (phase == _HEAD and waited > bounds.head_seconds) or (
            phase == _BODY and self._is_body_slow(waited)
        ):
            self._refuse(refusal.TOO_SLOW)

    def _is_body_slow(self, waited: float) -> bool:
        bounds = self.bounds
        return waited > bounds.body_seconds or (
            waited > bounds.body_rate_after and self._body_bytes < bounds.body_rate * waited
        )

    # Between the transport and the parser.

    def _feed(self, data: bytes) -> None:
        begun, phase = self._begun, self._phase
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stop:
            self._ignore_upgrade(data[stop.args[0] :])
            return
        except httptools.HttpParserError as error:
            self._refuse(self._explain(error))
            return
        if self._phase == _HEAD:
            # A head that begins in the middle of what arrived is counted from the next part
            # on: how much of this part is its own is not known, but it is not more than that.
            if self._begun == begun or (phase <= _IDLE and self._begun == begun + 1):
                self._head_bytes += len(data)
                if self._head_bytes >= self.bounds.head_bytes:
                    self._refuse(refusal.HEAD_TOO_LONG)
        elif self._phase == _BODY:
            self._count_unfinished_body(len(data))

    def _explain(self, error: httptools.HttpParserError) -> Refusal:
        cause = error.__context__
        if isinstance(cause, Refused):
            return cause.refusal
        if cause is not None:
            self.logger.error("Exception in the HTTP protocol", exc_info=cause)
            return refusal.BROKEN
        return refusal.MALFORMED

    def _count_unfinished_body(self, count: int) -> None:
        self._body_raw += count
        self.server_state.body_bytes_held += self._body_bytes - self._body_held
        self._body_held = self._body_bytes
        framing = self._body_raw - self._body_bytes
        if framing > self.bounds.head_bytes + _FRAMING_BYTES + _FRAMING_FACTOR * self._body_bytes:
            self._refuse(refusal.POORLY_CHUNKED)
        elif self.server_state.body_bytes_held > self.bounds.body_bytes_held:
            self._refuse(refusal.BUSY)

    def _let_go_of_body(self) -> None:
        self.server_state.body_bytes_held -= self._body_held
        self._body_held = 0

    def _ignore_upgrade(self, rest: bytes) -> None:
        # The parser takes a request with `Upgrade` for the end of HTTP, and skips its body.
        # RFC 9110, 7.8 lets a server ignore the field: a second parser, told only how the
        # body is framed, reads on. The connection is closed after the answer.
        if self._phase != _BODY:
            self._phase = _DEAF
            return
        self.parser = httptools.HttpRequestParser(_BodyReader(self))
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        framing = b"Content-Length: %d" % self._length
        if self._chunked:
            framing = b"Transfer-Encoding: chunked"
        self._feed(b"POST / HTTP/1.1\r\nConnection: close\r\n%b\r\n\r\n" % framing)
        if rest:
            self._feed(rest)

    def _refuse(self, refused: Refusal) -> None:
        self.server_state.status.refusals[refused.status] += 1
        cycle = self.cycle
        if self._phase == _BODY:
            self._let_go_of_body()
            if self.pipeline and self.pipeline[0][0] is cycle:
                # Earlier requests are still to be answered; this one gets its turn.
                self.pipeline[0] = (cycle, refused)
                self._phase = _DEAF
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self._phase = _LINGERING
                self.transport.close()
                return
        elif self._unanswered:
            # Earlier requests are answered; then the connection closes, which says enough.
            cycle.keep_alive = False
            self._phase = _DEAF
            return
        self._phase = _LINGERING
        self._since = self.server_state.now
        self.transport.write(refused.render(self.server_state.default_headers))
        # Closing at once, while the sender still sends, would reset the connection before
        # the answer is read: so only our side is closed, and the rest thrown away.
        self.transport.write_eof()
        self.flow.resume_reading()

    # The parser's side.

    def on_message_begin(self) -> None:
        """Start a new request."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._begun += 1
        self._host = False
        self._length = 0
        self._chunked = False
        self._phase = _HEAD
        self._since = self.server_state.now

    def on_url(self, url: bytes) -> None:
        """Take a part of the request target."""
        self.url += url
        if len(self.url) > self.bounds.url_bytes:
            raise Refused(refusal.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field."""
        common = COMMON_NAMES.get(name)
        if common is not None:
            self.headers.append((common, value))
        elif self._phase == _HEAD:  # and not a trailer
            self._take_header(name.lower(), value)

    def _take_header(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            if self._host:
                raise refuse_as_bad("There is more than one Host header.")
            self._host = True
        elif name == b"content-length":
            self._length = int(value)
        elif name == b"transfer-encoding":
            if self._chunked or value.strip().lower() != b"chunked":
                raise Refused(refusal.UNKNOWN_CODING)
            self._chunked = True
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif is_about_sender(name):
            if self._trusted:
                self._forwarded.append((name, value))
            return
        elif b"_" in name:
            # Whoever maps `-` to `_` further on could be told a header that a proxy removed.
            return
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Check the head as a whole, and start the application."""
        method = METHODS.get(self.parser.get_method())
        if method is None:
            raise Refused(refusal.UNKNOWN_METHOD)
        version = self.parser.get_http_version()
        if version == "1.1":
            if not self._host:
                raise refuse_as_bad("There is no Host header.")
        elif version != "1.0" or self._chunked:
            raise Refused(refusal.UNKNOWN_VERSION)
        if len(self.headers) > self.bounds.headers:
            raise Refused(refusal.HEAD_TOO_LONG)
        authority, target = split_target(self.url)
        if authority is not None:
            self.headers = [header for header in self.headers if header[0] != b"host"]
            self.headers.append((b"host", authority))
        raw_path, _, query = target.partition(b"?")
        path = decode_path(raw_path)
        if self._length or self._chunked:
            self._body_most = self._body_limit(path)
            if self._length > self._body_most:
                raise Refused(refusal.BODY_TOO_LONG)
        client, scheme = self.client, "http"
        if self._forwarded:
            hop = self._proxies.find_client(self._peer, self._forwarded)
            self._forwarded = []
            client, scheme = (hop.address, 0), hop.scheme or scheme
        self._start(
            {
                "type": "http",
                "asgi": _ASGI,
                "http_version": version,
                "server": self.server,
                "client": client,
                "scheme": scheme,
                "method": method,
                "root_path": "",
                "path": path,
                "raw_path": raw_path,
                "query_string": query,
                "headers": self.headers,
                "state": self.app_state.copy(),
            },
            version,
        )

    def _start(self, scope: Any, version: str) -> None:
        if len(self.pipeline) >= self.bounds.pipelined:
            raise Refused(refusal.BUSY)
        parser, connections = self.parser, self.server_state
        self._upgrade_ignored = parser.should_upgrade()
        modern = version == "1.1"
        self.cycle = Exchange(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=connections.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=modern and self.expect_100_continue,
            keep_alive=modern
            and parser.should_keep_alive()
            and not self._upgrade_ignored
            and not connections.status.draining,
            on_response=self.on_response_complete,
        )
        self.headers = []  # trailers end up here, and nowhere
        self._head_bytes = 0
        self._body_bytes = self._body_raw = 0
        self._phase = _BODY
        self._since = connections.now
        self._unanswered += 1
        if self._unanswered == 1:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._body_most:
            raise Refused(refusal.BODY_TOO_LONG)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Let the application know that it has all of the body."""
        if self._upgrade_ignored:
            self._upgrade_ignored = False
            if self._length or self._chunked:
                return
        if self._body_held:
            self._let_go_of_body()
        cycle = self.cycle
        if cycle.response_complete:
            self._phase = _IDLE
            self._since = self.server_state.now
            return
        self._phase = _ANSWER
        cycle.more_body = False
        cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Turn to the next request."""
        self.server_state.total_requests += 1
        self._unanswered -= 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._phase == _ANSWER:
            self._phase = _IDLE
            self._since = self.server_state.now


class _BodyReader:
    """What a parser calls that is to read no more than a body."""

    def __init__(self, connection: BoundedProtocol) -> None:
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete
