"""A server in a thread of the test process: its own event loop, real HTTP, a SQLite file."""

import asyncio
import base64
import errno
import os
import shutil
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvloop

from ostiary.app import Application, assemble
from ostiary.clock import SystemClock, SystemEntropy
from ostiary.egress.inbox import Inbox
from ostiary.identity.passwords import Parameters
from ostiary.jobs.delivery import open_delivery
from ostiary.jobs.logout import Delivery
from ostiary.logs import forward_logs
from ostiary.settings import Settings, load
from ostiary.settings.values import join_address
from ostiary.store import open_store
from ostiary.testing.clock import MovableClock
from ostiary.testing.kit import Ostiary
from ostiary.testing.notices import Notices
from ostiary.testing.refusal import require_loopback, require_test
from ostiary.web.idp import Idp
from ostiary.web.server.bounds import share_bounds
from ostiary.web.server.proxies import Proxies
from ostiary.web.server.worker import StartError, Worker

_T = TypeVar("_T")

# What a test waits for takes milliseconds; this tells a deadlock from a busy machine.
_PATIENCE = 60.0
_GRACE = 0.5  # seconds that requests get when the test is over
_HASHING = Parameters(memory=64, passes=1)
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_TRIES = 20


class Template(msgspec.Struct, frozen=True):
    """A database that was set up once, and the key that its keys are sealed under."""

    database: Path
    key: str


class Running:
    """One server, from its start to its end."""

    def __init__(self, folder: Path, template: Template, host: str) -> None:
        self.clock = MovableClock()
        self.inbox = Inbox(folder / "mail")
        self.notices = Notices()
        self._listeners = _listen(host)
        port = self._listeners[0].getsockname()[1]
        issuer = f"http://{join_address(host, port)}"
        self.settings = _settle(folder, issuer, template.key)
        shutil.copyfile(template.database, folder / "ostiary.db")
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="ostiary", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: Worker
        self.idp: Idp
        self.delivery: Delivery

    def start(self) -> None:
        """Start the thread, and wait until the server answers.

        Raises:
            StartError: it did not start; what it logged says why.
        """
        self._thread.start()
        self._opened.result(_PATIENCE)

    def stop(self) -> None:
        """End the server, and wait for it."""
        if self._loop is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(lambda: self._worker.stop(grace=_GRACE))
            self._thread.join(_PATIENCE)
        for listener in self._listeners:
            listener.close()

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the server's event loop, and return what comes of it."""
        assert self._loop is not None  # noqa: S101 - whoever has a kit has a running server
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if not self._opened.done():
                self._opened.set_exception(error)
                return
            raise

    async def _serve(self) -> None:
        self._worker = Worker(
            Application(self.settings, self._assemble),
            self._listeners,
            share_bounds(self.settings.limits, 1, dev=True),
            proxies=Proxies(()),
            clock=SystemClock(),
        )
        self._loop = asyncio.get_running_loop()
        await self._worker.serve(lambda: self._opened.set_result(None))

    async def _assemble(self, settings: Settings, stack: AsyncExitStack) -> Idp:
        self.idp = await assemble(settings, stack, clock=self.clock, hashing=_HASHING)
        url = settings.database_url.reveal()
        store = await stack.enter_async_context(await open_store(url, self.clock))
        self.delivery = open_delivery(
            settings,
            store,
            self.clock,
            stack,
            notices=lambda: self.notices,
            mails=lambda: self.inbox,
        )
        return self.idp


def make_template(folder: Path) -> Template:
    """Set up a database with the keys of an instance.

    Raises:
        NotForTests: pytest does not run here.
    """
    require_test()
    key = base64.urlsafe_b64encode(SystemEntropy().token_bytes(32)).decode().rstrip("=")
    settings = _settle(folder, "http://localhost", key)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_prepare(settings))
    return Template(folder / "ostiary.db", key)


@contextmanager
def run_ostiary(
    folder: Path, *, host: str = "localhost", template: Template | None = None
) -> Iterator[Ostiary]:
    """Run a server for a block, with its data in an empty folder.

    The fixture `ostiary` does this for each test. `host` is the host name of the issuer.

    Raises:
        NotForTests: pytest does not run here, or `host` is not this machine.
    """
    require_test()
    require_loopback(host)
    if template is None:
        made = folder / "template"
        made.mkdir(parents=True)
        template = make_template(made)
    with forward_logs():
        running = Running(folder, template, host)
        try:
            running.start()
            yield Ostiary(running)
        finally:
            running.stop()


async def _prepare(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        await assemble(settings, stack, hashing=_HASHING)


def _settle(folder: Path, issuer: str, key: str) -> Settings:
    """Return settings that owe nothing to the files and variables of this machine."""
    return load(
        os.devnull,
        {},
        {
            "public_url": issuer,
            "database_url": f"sqlite:///{folder / 'ostiary.db'}",
            "key_encryption_key": key,
            "egress.allow": _LOOPBACK,
            # Nobody connects to it: mail is caught before.
            "smtp.host": "localhost",
            "smtp.from": "Ostiary <ostiary@localhost.localdomain>",
        },
    )


def _listen(host: str) -> list[socket.socket]:
    """Listen on one free port; of `localhost` on both loopback addresses, where there are two.

    The sockets are held from the first moment, so that no server beside this one gets the port.
    """
    names = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    for _ in range(_TRIES):
        listeners: list[socket.socket] = []
        port = 0
        try:
            for name in names:
                family = socket.AF_INET6 if ":" in name else socket.AF_INET
                try:
                    listeners.append(socket.create_server((name, port), family=family))
                except OSError as error:
                    if not listeners or error.errno == errno.EADDRINUSE:
                        raise
                    continue  # a machine without IPv6
                port = listeners[0].getsockname()[1]
        except OSError as error:
            for listener in listeners:
                listener.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return listeners
    raise StartError("no port is free on both loopback addresses")
