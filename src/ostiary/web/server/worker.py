"""One worker process: `python -m ostiary.web.server.worker FACTORY LISTENERS`.

The supervisor starts it with its end of a socket pair as descriptor 0, the line, and its
own listening sockets from descriptor 3 on. It reads the settings from the line, makes the
application (`FACTORY` is `module:function`, called with the settings), writes one byte once
it accepts connections, and ends when the line does: a worker never outlives its supervisor.
"""

import asyncio
import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

import uvloop
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn

from ostiary.clock import Clock, SystemClock
from ostiary.settings import Settings, SettingsError, receive_settings
from ostiary.web.server.bounds import Bounds, body_limit, share_bounds
from ostiary.web.server.connections import Connections
from ostiary.web.server.listener import BACKLOG
from ostiary.web.server.protocol import BoundedProtocol
from ostiary.web.server.proxies import Proxies

LINE = 0
FIRST_LISTENER = 3
READY = b"\x01"
_ORPHAN_GRACE = 2.0  # seconds that requests get once the supervisor is gone
_POLL = 0.02  # seconds

Application = Callable[..., Any]


class StartError(Exception):
    """The application did not start; it has logged why."""


class Worker:
    """Serves an ASGI application on listening sockets, until told to stop."""

    def __init__(  # noqa: PLR0913 (what is served, where, and within which bounds)
        self,
        application: Application,
        listeners: Sequence[socket.socket],
        bounds: Bounds,
        *,
        proxies: Proxies,
        clock: Clock,
        limit: Callable[[str], int] = body_limit,
    ) -> None:
        self._listeners = listeners
        self._proxies = proxies
        self._limit = limit
        self._config = Config(
            application,
            http=BoundedProtocol,
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._config.load()
        self._connections = Connections(bounds, clock, asyncio.get_running_loop())
        self._stop = asyncio.Event()
        self._grace = 0.0
        self._delay = 0.0

    def stop(self, *, grace: float, delay: float = 0) -> None:
        """Stop: not ready now, no new connections after `delay`, the end after `grace` more."""
        self._grace, self._delay = grace, delay
        self._connections.status.draining = True
        self._stop.set()

    async def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve, and return when stopped.

        Raises:
            StartError: the application failed in its start-up.
        """
        loop = asyncio.get_running_loop()
        connections = self._connections
        lifespan = LifespanOn(self._config)
        lifespan.state["server"] = connections.status
        await lifespan.startup()
        if lifespan.should_exit:
            raise StartError
        connections.tick()

        def connect() -> BoundedProtocol:
            return BoundedProtocol(
                self._config, connections, lifespan.state, self._proxies, self._limit
            )

        servers = [
            await loop.create_server(connect, sock=listener, backlog=BACKLOG)
            for listener in self._listeners
        ]
        on_ready()
        await self._stop.wait()
        await asyncio.sleep(self._delay)
        for server in servers:
            server.close()
        await self._finish_requests()
        connections.stop()
        await lifespan.shutdown()

    async def _finish_requests(self) -> None:
        connections = self._connections
        for connection in tuple(connections.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._grace):
                while connections.connections or connections.tasks:  # noqa: ASYNC110 (two plain sets)
                    await asyncio.sleep(_POLL)
        for connection in tuple(connections.connections):
            connection.transport.abort()


async def _serve_supervised(
    application: Application, settings: Settings, line: socket.socket, listener_count: int
) -> None:
    worker = Worker(
        application,
        [socket.socket(fileno=FIRST_LISTENER + n) for n in range(listener_count)],
        share_bounds(settings.limits, settings.workers, dev=settings.dev),
        proxies=Proxies(settings.trusted_proxies),
        clock=SystemClock(),
    )
    loop = asyncio.get_running_loop()
    limits = settings.limits

    def terminate() -> None:
        # The second signal means now.
        loop.add_signal_handler(signal.SIGTERM, os._exit, 1)
        worker.stop(grace=limits.shutdown_seconds, delay=limits.shutdown_delay_seconds)

    def watch_line() -> None:
        if not line.recv(1):
            loop.remove_reader(line)
            worker.stop(grace=_ORPHAN_GRACE)

    def be_ready() -> None:
        # What exists now stays: collections need not look at it again.
        gc.collect()
        gc.freeze()
        gc.enable()
        line.sendall(READY)

    loop.add_signal_handler(signal.SIGTERM, terminate)
    loop.add_reader(line, watch_line)
    await worker.serve(be_ready)


def _load_factory(name: str) -> Callable[[Settings], Application]:
    module, _, function = name.partition(":")
    factory: Callable[[Settings], Application] = getattr(importlib.import_module(module), function)
    return factory


def main() -> None:
    """Be a worker."""
    gc.disable()  # until the start is done: what is imported is kept anyway
    factory, listener_count = sys.argv[1], int(sys.argv[2])
    line = socket.socket(fileno=LINE)
    try:
        settings = receive_settings(line)
        application = _load_factory(factory)(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve_supervised(application, settings, line, listener_count))
    except (SettingsError, StartError, EOFError) as error:
        sys.exit(f"ostiary: {error}" if str(error) else 1)


if __name__ == "__main__":
    main()
