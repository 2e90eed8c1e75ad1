"""What the server process itself costs: `python -m bench.server`.

Empty requests over kept connections, against uvicorn's own protocol, the same with answers
written in one piece, and the bounded one, which does that too: the difference of the last two
is what the bounds cost. With a bare ASGI application and with a Falcon one. The server is
pinned to one core and the load to another; each figure is the best of several interleaved
rounds, because noise only ever adds.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import falcon.asgi
import uvicorn
import uvloop
from uvicorn.protocols.http import httptools_impl

from ostiary.clock import SystemClock
from ostiary.web.server.bounds import Bounds
from ostiary.web.server.exchange import Exchange
from ostiary.web.server.listener import open_listeners, resolve
from ostiary.web.server.proxies import Proxies
from ostiary.web.server.worker import Worker
from support.keepalive import write_request
from support.tree import cpu_seconds

_SERVER_CORE, _LOAD_CORE = 0, 1
_PROTOCOLS = ("uvicorn", "one-write", "bounded")
_CONNECTIONS = 16
_WARM_UP = 0.2  # seconds
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Accept-Language": "en",
    "Connection": "keep-alive",
}
_FORM = b"grant_type=client_credentials&scope=orders.read&resource=https%3A%2F%2Forders.test"
_REQUESTS = {
    "GET": write_request("GET", "/", "localhost:8080", _HEADERS),
    "POST": write_request(
        "POST",
        "/",
        "localhost:8080",
        _HEADERS
        | {
            "Authorization": "Basic c2hvcDpzZWNyZXRzZWNyZXRzZWNyZXQ=",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        _FORM,
    ),
}


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["method"] == "POST":
        await receive()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
        }
    )
    await send({"type": "http.response.body", "body": b"{}"})


class _Resource:
    async def on_get(self, _req: Any, resp: Any) -> None:
        resp.content_type = "application/json"
        resp.data = b"{}"

    async def on_post(self, req: Any, resp: Any) -> None:
        await req.stream.read()
        resp.content_type = "application/json"
        resp.data = b"{}"


def _falcon() -> Any:
    application: Any = falcon.asgi.App()
    application.add_route("/", _Resource())
    return application


_APPLICATIONS: dict[str, Callable[[], Any]] = {"ASGI": lambda: _bare, "Falcon": _falcon}


async def _serve_bounded(application: Any) -> None:
    addresses = resolve("127.0.0.1", 0)
    worker = Worker(
        application,
        open_listeners(addresses),
        Bounds(),
        proxies=Proxies(()),
        clock=SystemClock(),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: worker.stop(grace=0))
    await worker.serve(lambda: print(addresses[0].port, flush=True))


async def _serve_plain(application: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            application,
            http=httptools_impl.HttpToolsProtocol,
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        print(listener.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve([listener])


class _Variant:
    def __init__(self, protocol: str, application: str) -> None:
        self.name = f"{application} on {protocol}"
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bench.server", "--serve", protocol, application],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdout is not None
        self.port = int(self._child.stdout.readline())
        os.sched_setaffinity(self._child.pid, {_SERVER_CORE})

    def cpu(self) -> float:
        return cpu_seconds(self._child.pid)

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait()


class _Repeat(asyncio.Protocol):
    """Sends its request again as soon as it has an answer, which ends in `{}`."""

    def __init__(self, request: bytes) -> None:
        self.done = 0
        self.running = True
        self._request = request
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        # uvicorn's own answers may come in two parts.
        if not data.endswith(b"{}"):
            return
        self.done += 1
        if self.running:
            self._transport.write(self._request)
        else:
            self._transport.close()


async def _load(variant: _Variant, request: bytes, seconds: float) -> float:
    """Return requests per CPU-second of the server."""
    loop = asyncio.get_running_loop()
    repeats = [_Repeat(request) for _ in range(_CONNECTIONS)]
    for repeat in repeats:
        await loop.create_connection(lambda repeat=repeat: repeat, "127.0.0.1", variant.port)
    await asyncio.sleep(_WARM_UP)
    done, cpu = sum(repeat.done for repeat in repeats), variant.cpu()
    await asyncio.sleep(seconds)
    done, cpu = sum(repeat.done for repeat in repeats) - done, variant.cpu() - cpu
    for repeat in repeats:
        repeat.running = False
    await asyncio.sleep(_WARM_UP)
    return done / cpu


async def _measure(rounds: int, seconds: float) -> None:
    variants = [
        _Variant(protocol, application) for application in _APPLICATIONS for protocol in _PROTOCOLS
    ]
    try:
        for method, request in _REQUESTS.items():
            best = dict.fromkeys(variants, 0.0)
            for _ in range(rounds):
                for variant in variants:
                    best[variant] = max(best[variant], await _load(variant, request, seconds))
            for variant, rate in best.items():
                print(f"{method:5}{variant.name:21}{rate:9,.0f} /cpu-s {1e6 / rate:7.2f} µs")
    finally:
        for variant in variants:
            variant.stop()


def main() -> None:
    """Measure, or be one of the servers that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2, metavar=("PROTOCOL", "APPLICATION"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    if options.serve:
        logging.disable()
        protocol, application = options.serve
        serve = _serve_bounded if protocol == "bounded" else _serve_plain
        if protocol == "one-write":
            httptools_impl.RequestResponseCycle = Exchange
        uvloop.run(serve(_APPLICATIONS[application]()))
    else:
        os.sched_setaffinity(0, {_LOAD_CORE})
        uvloop.run(_measure(options.rounds, options.seconds))


if __name__ == "__main__":
    main()
