"""All connections of one worker: who has how many, and the clock that ends the slow ones.

One timer visits every connection once a tick; no request sets a timer of its own.
"""

import asyncio
import ipaddress
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING

from uvicorn.server import ServerState

from ostiary.clock import Clock
from ostiary.web.server.bounds import Bounds
from ostiary.web.server.refusal import BUSY, TOO_MANY_FROM_ADDRESS, Refusal

if TYPE_CHECKING:
    from ostiary.web.server.protocol import BoundedProtocol


class Status:
    """What the application may know of its server, at `scope["state"]["server"]`.

    `draining` is true once the process was asked to stop: readiness says no from then on.
    `refusals` counts, by HTTP status, the requests that were refused before the application.
    """

    def __init__(self) -> None:
        self.draining = False
        self.refusals: Counter[int] = Counter()


class Connections(ServerState):
    """The state that the connections of a worker share."""

    def __init__(self, bounds: Bounds, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.bounds = bounds
        self.status = Status()
        self.body_bytes_held = 0
        self.pressed = False
        self.now = loop.time()
        self._clock = clock
        self._loop = loop
        self._by_address: Counter[str | bytes] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, address: str, *, trusted: bool) -> tuple[str | bytes | None, Refusal | None]:
        """Count a new connection; give the key to release it by, or why it is refused."""
        if len(self.connections) > self.bounds.connections:
            return None, BUSY
        if trusted or (self.bounds.exempt_loopback and _is_loopback(address)):
            return None, None
        key = _network(address)
        if self._by_address[key] >= self.bounds.connections_per_address:
            return None, TOO_MANY_FROM_ADDRESS
        self._by_address[key] += 1
        return key, None

    def release(self, key: str | bytes) -> None:
        """Forget a connection that was admitted under `key`."""
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]

    def tick(self) -> None:
        """End what takes too long, renew the date, and come again."""
        self._timer = self._loop.call_later(self.bounds.tick_seconds, self.tick)
        self.now = self._loop.time()
        self.pressed = len(self.connections) * 4 > self.bounds.connections * 3
        date = formatdate(self._clock.now(), usegmt=True).encode("ascii")
        self.default_headers = [(b"date", date)]
        connection: BoundedProtocol
        for connection in tuple(self.connections):  # type: ignore[assignment]  # only ours
            connection.check()

    def stop(self) -> None:
        """Come no more."""
        if self._timer is not None:
            self._timer.cancel()


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


def _network(address: str) -> str | bytes:
    # Who has one IPv6 address has 2^64 of them.
    if ":" not in address:
        return address
    return ipaddress.IPv6Address(address.partition("%")[0]).packed[:8]
