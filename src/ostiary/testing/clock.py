"""A clock that a test moves."""

from collections.abc import Iterator
from contextlib import contextmanager

from ostiary.clock import SystemClock


class MovableClock(SystemClock):
    """The server's time: that of this machine, and as many seconds more as a test says."""

    def move(self, seconds: float) -> None:
        """Move on by so many seconds; back, where they are negative."""
        self.offset += seconds

    def reset(self) -> None:
        """Go back to the time of this machine."""
        self.offset = 0.0

    @contextmanager
    def moved(self, seconds: float) -> Iterator[None]:
        """Move for the length of a block."""
        self.move(seconds)
        try:
            yield
        finally:
            self.move(-seconds)
