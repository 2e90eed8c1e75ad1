"""One child process of the supervisor, and when it is started again."""

import contextlib
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Sequence

from ostiary.settings import Settings, send_settings

_LINE = 0
_FIRST_LISTENER = 3
_SAFE_DESCRIPTOR = 64  # above all that the child's descriptors are placed at
_FIRST_PAUSE = 0.2  # seconds, doubled with each failure in a row
_LONGEST_PAUSE = 30.0
_STEADY = 60.0  # seconds of life after which a failure is a new one


class Child:
    """A worker or a side process.

    Its descriptor 0 is the line to the supervisor. It gets the settings over it, and it has
    to end when the line does.
    """

    def __init__(self, name: str, argv: Sequence[str], *, worker: bool) -> None:
        self.name = name
        self.worker = worker
        self.listeners: list[socket.socket] = []
        self.line: socket.socket | None = None
        self.pid = 0
        self.ready = False
        self.due: float | None = None
        self.stillborn = 0  # starts of a worker in a row that did not get as far as being ready
        self._failures = 0  # ends in a row after a short life
        self._argv = argv
        self._started = 0.0

    def start(self, settings: Settings, now: float) -> socket.socket:
        """Start the process, anew and never forked, and return the line to it."""
        self.due = None
        self.ready = False
        self._started = now
        self.line, far = socket.socketpair()
        with far:
            self.pid = _spawn(self._argv, far, self.listeners)
        # A process that ends at once cannot be told; its end is told by the caller's wait.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send_settings(self.line, settings)
        return self.line

    def be_ready(self) -> None:
        """Note that the process does its work."""
        self.ready = True
        self.stillborn = 0

    def bury(self, now: float) -> None:
        """Note that the process has ended, and when the next one is due."""
        self.pid = 0
        self.close_line()
        self.stillborn += self.worker and not self.ready
        self.ready = False
        if now - self._started > _STEADY:
            self._failures = 0
        self.due = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._failures)
        self._failures += 1

    def close_line(self) -> None:
        """Close the line, which asks the process to end."""
        if self.line is not None:
            self.line.close()
            self.line = None

    def close_listeners(self) -> None:
        """Close the sockets, so that the kernel sends connections to the other workers."""
        for listener in self.listeners:
            listener.close()
        self.listeners = []

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the process lives."""
        if self.pid:
            os.kill(self.pid, number)


def _spawn(argv: Sequence[str], line: socket.socket, listeners: Sequence[socket.socket]) -> int:
    # -P: no module is imported from the current folder just because it stands there.
    command = [sys.executable, "-P", *argv]
    # The settings, secrets included, come over the line; nobody else needs them.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    sources = [
        fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _SAFE_DESCRIPTOR)
        for descriptor in (line, *listeners)
    ]
    targets = (_LINE, *range(_FIRST_LISTENER, _FIRST_LISTENER + len(listeners)))
    try:
        return os.posix_spawn(
            command[0],
            command,
            environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, source, target)
                for source, target in zip(sources, targets, strict=True)
            ],
            # A terminal sends its signals to every process; what they mean is decided once.
            setsigmask=(signal.SIGINT, signal.SIGHUP),
            setsigdef=(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD),
        )
    finally:
        for source in sources:
            os.close(source)
