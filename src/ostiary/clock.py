"""The only source of time and randomness.

Everything that decides takes `now` and an `Entropy` as arguments, so that tests
move the clock and repeat a run. Nothing else in the package calls `time.time`,
`os.urandom`, `secrets` or `uuid`.
"""

import os
import time
from typing import Protocol


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> int:
        """Return whole seconds since the Unix epoch."""
        ...


class SystemClock:
    """The time of this machine, corrected by a measured offset.

    Nodes that share a database agree on the database's time: `offset` (seconds) is
    set by the store, which measures it.
    """

    def __init__(self) -> None:
        self.offset: float = 0.0

    def now(self) -> int:
        """Return whole seconds since the Unix epoch."""
        return int(self.read() + self.offset)

    def read(self) -> float:
        """Return what the clock of this machine says, in seconds, uncorrected."""
        return time.time()


def count_microseconds() -> int:
    """Return the microseconds of a clock that only goes forward.

    Two of them tell how long something took. Nothing is decided by them.
    """
    return time.perf_counter_ns() // 1000


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    def token_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""
        ...


class SystemEntropy:
    """The operating system's random generator: `secrets` without its two layers."""

    def token_bytes(self, count: int) -> bytes:
        """Return `count` unpredictable bytes."""
        return os.urandom(count)


def new_id(now: int, entropy: Entropy) -> str:
    """Make a UUIDv7 in text form (RFC 9562, 5.7): ordered by second, then random.

    Not a secret: whoever holds the id has no more rights than before.
    """
    random = int.from_bytes(entropy.token_bytes(10))
    high = (now * 1000) << 16 | 0x7000 | (random >> 68)
    low = 0b10 << 62 | (random & (1 << 62) - 1)
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
