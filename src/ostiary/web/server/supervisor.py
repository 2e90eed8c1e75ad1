"""The process that starts workers and side processes, restarts them and stops them.

It holds no connection, no key and no database; it imports next to nothing and stays small.
Signals: TERM and INT stop gracefully, and at once when they come again; HUP is reserved,
and stops in development mode, where it means that the terminal is gone.
"""

import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import msgspec

from ostiary.settings import Settings
from ostiary.settings.values import split_address
from ostiary.web.server.child import Child
from ostiary.web.server.listener import Address, ListenError, open_listeners, resolve

FACTORY = "ostiary.app:create_app"
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_SIDE_DELAY = 3.0  # seconds after readiness, so that the first answers come soon
_STOP_MARGIN = 5.0  # seconds beyond the grace before a child is killed
_START_FAILURES = 5  # in a row, with no worker left, until there is no hope
_LONG_PAUSE = 1.0  # seconds for which connections may wait for a worker
_LISTEN_PAUSE = 10.0  # seconds until an address is tried again that a worker has lost
_DESCRIPTORS = 65_536

SideProcess = tuple[str, Sequence[str]]


def supervise(
    settings: Settings,
    *,
    factory: str = FACTORY,
    side: Sequence[SideProcess] = (),
    side_delay: float = _SIDE_DELAY,
    on_ready: Callable[[tuple[Address, ...]], None] | None = None,
) -> int:
    """Serve until a signal stops it; return the exit code.

    `factory` (`module:function`) makes the application in each worker. `side` names further
    processes, each a name and arguments for Python (`("jobs", ["-m", "ostiary.jobs"])`),
    which are started `side_delay` seconds after all workers accept connections. `on_ready`
    is called once, when they do, with the addresses. Must be called in the main thread.
    """
    host, port = split_address(settings.listen)
    try:
        addresses = resolve(host, port)
    except ListenError as error:
        _Reporter(settings).report("error", str(error))
        return 1
    _raise_descriptor_limit()
    return _Supervisor(settings, addresses, factory, side, side_delay, on_ready).run()


class _Reporter:
    """Writes the supervisor's few lines to standard error."""

    def __init__(self, settings: Settings) -> None:
        chosen = settings.log.format
        self._json = chosen == "json" or (chosen == "auto" and not sys.stderr.isatty())

    def report(self, level: str, text: str) -> None:
        line = f"ostiary: {text}"
        if self._json:
            line = msgspec.json.encode({"level": level, "event": text}).decode()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _Supervisor:
    def __init__(  # noqa: PLR0913, PLR0917 (all that `supervise` takes)
        self,
        settings: Settings,
        addresses: tuple[Address, ...],
        factory: str,
        side: Sequence[SideProcess],
        side_delay: float,
        on_ready: Callable[[tuple[Address, ...]], None] | None,
    ) -> None:
        self._settings = settings
        self._addresses = addresses
        self._on_ready = on_ready
        self._side_delay = side_delay
        self._report = _Reporter(settings).report
        argv = ("-m", "ostiary.web.server.worker", factory, str(len(addresses)))
        self._workers = [
            Child(f"worker {number + 1}", argv, worker=True) for number in range(settings.workers)
        ]
        self._side = [Child(name, argv, worker=False) for name, argv in side]
        self._children = [*self._workers, *self._side]
        self._selector = selectors.DefaultSelector()
        self._was_ready = False
        self._kill_at: float | None = None
        self._exit_code = 0

    def run(self) -> int:
        awake, wake = socket.socketpair()
        wake.settimeout(0)
        awake.settimeout(0)
        before = {number: signal.signal(number, _ignore) for number in _SIGNALS}
        wakeup_before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        try:
            self._selector.register(awake, selectors.EVENT_READ)
            for worker in self._workers:
                worker.due = time.monotonic()
            while self._step(awake):
                pass
            return self._exit_code
        finally:
            for child in self._children:
                child.signal(signal.SIGKILL)
            signal.set_wakeup_fd(wakeup_before)
            for number, action in before.items():
                signal.signal(number, action)
            self._selector.close()
            awake.close()
            wake.close()

    def _step(self, awake: socket.socket) -> bool:
        """Start what is due, wait for news and act on it; tell whether there is more to do."""
        now = time.monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now:
                self._start(child, now)
        for key, _ in self._selector.select(self._time_left(time.monotonic())):
            if key.fileobj is awake:
                for number in awake.recv(256):
                    self._take_signal(signal.Signals(number))
            else:
                self._read_line(key.data)
        now = time.monotonic()
        self._wait_for_ended(now)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill("took too long to stop")
        return self._kill_at is None or any(child.pid for child in self._children)

    def _time_left(self, now: float) -> float | None:
        times = [child.due for child in self._children if child.due is not None]
        if self._kill_at is not None:
            times.append(self._kill_at)
        return max(0.0, min(times) - now) if times else None

    def _start(self, child: Child, now: float) -> None:
        if child.worker and not child.listeners:
            try:
                child.listeners = open_listeners(self._addresses)
            except ListenError as error:
                if self._was_ready:
                    self._report("error", f"{child.name} has to wait: {error}")
                    child.due = now + _LISTEN_PAUSE
                else:
                    self._give_up(str(error))
                return
        line = child.start(self._settings, now)
        self._selector.register(line, selectors.EVENT_READ, child)

    def _read_line(self, child: Child) -> None:
        line = child.line
        if line is None:
            return
        try:
            told = line.recv(1)
        except ConnectionResetError:
            told = b""
        if not told:
            # The process is ending, or has no more to say: its end is waited for as such.
            self._selector.unregister(line)
            return
        child.be_ready()
        if not self._was_ready and all(worker.ready for worker in self._workers):
            self._was_ready = True
            for side in self._side:
                side.due = time.monotonic() + self._side_delay
            if self._on_ready is not None:
                self._on_ready(self._addresses)

    def _take_signal(self, number: signal.Signals) -> None:
        if number == signal.SIGCHLD or (number == signal.SIGHUP and not self._settings.dev):
            return
        if self._kill_at is None:
            self._stop(0)
        else:
            self._exit_code = 1
            self._kill("were told to stop at once")

    def _stop(self, exit_code: int) -> None:
        limits = self._settings.limits
        grace = limits.shutdown_delay_seconds + limits.shutdown_seconds
        self._kill_at = time.monotonic() + grace + _STOP_MARGIN
        self._exit_code = exit_code
        for child in self._children:
            child.due = None
            # The workers have their own copies, and close them when it is time.
            child.close_listeners()
            child.signal(signal.SIGTERM)

    def _kill(self, reason: str) -> None:
        killed = [child for child in self._children if child.pid]
        if killed:
            names = ", ".join(child.name for child in killed)
            self._report("warning", f"killed {names}, which {reason}")
        for child in killed:
            child.signal(signal.SIGKILL)
        self._kill_at = time.monotonic() + _STOP_MARGIN

    def _wait_for_ended(self, now: float) -> None:
        for child in self._children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._bury(child, os.waitstatus_to_exitcode(status), now)

    def _bury(self, child: Child, exit_code: int, now: float) -> None:
        started = child.ready or not child.worker
        if child.line is not None and child.line.fileno() in self._selector.get_map():
            self._selector.unregister(child.line)
        child.bury(now)
        if self._kill_at is not None:
            child.due = None
            return
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        if not started and not self._was_ready:
            self._give_up(f"{child.name} ended with {how} before it was ready; see above why")
            return
        lost = not any(worker.ready for worker in self._workers)
        if lost and child.stillborn >= _START_FAILURES:
            self._give_up(
                f"{child.name} ended with {how} before it was ready, {child.stillborn} times in "
                "a row, and no other worker is left"
            )
            return
        pause = (child.due or now) - now
        if child.worker and pause > _LONG_PAUSE and not lost:
            child.close_listeners()
        self._report("error", f"{child.name} ended with {how}; starting it again")

    def _give_up(self, reason: str) -> None:
        self._report("error", f"{reason}; giving up")
        self._stop(1)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Leave it to the wake-up descriptor."""


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
