"""One worker of the test's making: `python -m support.bounded BOUNDS LISTEN PROXY…`.

`BOUNDS` is JSON, `LISTEN` an address. The port is the one line it prints; it ends when its
standard input does.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from ostiary.clock import SystemClock
from ostiary.web.server.bounds import Bounds, body_limit
from ostiary.web.server.listener import open_listeners, resolve
from ostiary.web.server.proxies import Proxies
from ostiary.web.server.worker import Worker
from support.echo import Echo
from support.process import Conversation, Process, clean_environment

TESTS = Path(__file__).parents[1]


class Watched(Echo):
    """An echo that also tells what the worker holds."""

    worker: Worker

    def describe(self, scope: Any, body: bytes) -> dict[str, Any]:
        connections = self.worker._connections
        return super().describe(scope, body) | {
            "connections": len(connections.connections),
            "body_bytes_held": connections.body_bytes_held,
        }


@contextmanager
def bounded_server(
    folder: Path,
    *,
    listen: str = "127.0.0.1",
    proxies: Sequence[str] = (),
    mistakes: bool = False,
    **bounds: Any,
) -> Iterator["Running"]:
    """Run a worker in a process of its own, until the block ends.

    It has to end without an exception in its log, unless the test wants `mistakes`.
    """
    process = Process(
        [sys.executable, "-m", "support.bounded", json.dumps(bounds), listen, *proxies],
        folder=folder,
        environment=clean_environment(PYTHONPATH=str(TESTS)),
        name="bounded",
    )
    with Conversation(process) as conversation:
        port = conversation.hear()["port"]
        yield Running(port, process.child.pid, process)
        assert process.exit_code is None, process.output()
    assert mistakes or "Traceback" not in process.output(), process.output()


class Running:
    """A running worker."""

    def __init__(self, port: int, pid: int, process: Process) -> None:
        self.port = port
        self.pid = pid
        self.process = process


def _limit(path: str) -> int:
    if path == "/mistake":
        raise LookupError("the limit is lost")
    return body_limit(path)


async def _serve(bounds: Bounds, listen: str, proxies: Sequence[str]) -> None:
    application = Watched()
    addresses = resolve(listen, 0)
    worker = Worker(
        application,
        open_listeners(addresses),
        bounds,
        proxies=Proxies(proxies),
        clock=SystemClock(),
        limit=_limit,
    )
    application.worker = worker
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: sys.stdin.read(1) or worker.stop(grace=0))
    await worker.serve(lambda: print(json.dumps({"port": addresses[0].port}), flush=True))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _, wanted, listen, *proxies = sys.argv
        runner.run(_serve(msgspec.json.decode(wanted, type=Bounds), listen, proxies))
