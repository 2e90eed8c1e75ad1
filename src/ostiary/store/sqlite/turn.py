"""Whose turn it is to write, among the processes that share a database file.

SQLite lets waiting writers try again at intervals, so that a busy process can keep others
out. Here they stand in a queue: a writer first takes the end of the queue, then waits for
its turn and gives the end free for the next. Whoever has just written finds the queue
taken by whoever waits, and cannot go first again.
"""

import fcntl
import os
from pathlib import Path


class Turn:
    """A place in the queue of writers. Locks end with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._queue = _open(path.with_name(f"{path.name}-queue"))
        self._turn = _open(path.with_name(f"{path.name}-turn"))

    def __enter__(self) -> None:
        """Wait until it is this process's turn."""
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)

    def __exit__(self, *_: object) -> None:
        """Let the next one write."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave the queue for good."""
        os.close(self._queue)
        os.close(self._turn)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
