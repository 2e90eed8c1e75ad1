"""Programs that a test runs beside itself: a client that speaks JSON, and any server."""

import contextlib
import json
import os
import queue
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self


def free_port() -> int:
    """Return a loopback port that was free a moment ago.

    It is below those from which the kernel gives ports to outgoing connections: else one of
    these could take it while the server that it belongs to is being started again.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(first // 2, first)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def clean_environment(**variables: str) -> dict[str, str]:
    """Return this environment without the settings of an Ostiary that may run here anyway."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    return kept | variables


class Process:
    """One child process, in a session of its own, whose output goes to a file.

    Used as a context manager it ends with the block, whatever happens inside.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        name: str = "process",
    ) -> None:
        self.command = [str(part) for part in command]
        self.folder = folder
        self.log = folder / f"{name}.log"
        self.environment = dict(environment or clean_environment())
        self._child: subprocess.Popen[str] | None = None

    def start(self, *, talking: bool = False) -> Self:
        """Start the program; `talking` keeps its standard input and output for the test."""
        pipe = subprocess.PIPE if talking else None
        with self.log.open("a", encoding="utf-8") as log:
            self._child = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or log,
                stderr=log,
                encoding="utf-8",
                start_new_session=True,
            )
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def child(self) -> subprocess.Popen[str]:
        """The running child."""
        assert self._child is not None, f"{self.command[0]} was not started"
        return self._child

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the program runs."""
        return self.child.poll()

    def stop(self, *, seconds: float = 15) -> int | None:
        """Ask the program to end, and end it and its children if it does not."""
        if self._child is None:
            return None
        child = self._child
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        return child.returncode

    def kill(self) -> None:
        """End the program and its children at once, as a power failure would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def output(self) -> str:
        """Return what the program has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class Conversation:
    """A program that a test talks to: one JSON value a line, in both directions."""

    def __init__(self, process: Process, *, seconds: float = 30) -> None:
        self.process = process
        self.seconds = seconds
        self._lines: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> Self:
        self.process.start(talking=True)
        threading.Thread(target=self._read_lines, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def _read_lines(self) -> None:
        stdout = self.process.child.stdout
        assert stdout is not None
        with contextlib.suppress(ValueError):  # closed while reading: the test is over
            for line in stdout:
                self._lines.put(line)
        self._lines.put(None)

    def say(self, value: Any) -> None:
        """Send one value to the program."""
        stdin = self.process.child.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(value) + "\n")
            stdin.flush()
        except BrokenPipeError:
            self._fail("ended before it was told everything")

    def hear(self) -> Any:
        """Return the next value that the program says; an `error` in it fails the test."""
        try:
            line = self._lines.get(timeout=self.seconds)
        except queue.Empty:
            self._fail(f"said nothing for {self.seconds} s")
        if line is None:
            self.process.child.wait(self.seconds)
            self._fail(f"ended with code {self.process.exit_code}")
        value = json.loads(line)
        if isinstance(value, dict) and "error" in value:
            self._fail(f"failed: {value['error']}")
        return value

    def ask(self, value: Any) -> Any:
        """Send one value and return the answer."""
        self.say(value)
        return self.hear()

    def _fail(self, what: str) -> None:
        command = " ".join(self.process.command)
        raise AssertionError(f"`{command}` {what}; its log:\n{self.process.output()}")
