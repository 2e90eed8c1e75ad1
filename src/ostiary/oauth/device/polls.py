"""When devices asked last: in memory, because most answers are "not yet" and cost no write.

Several processes each know a part of the polls. What a device did wrong is kept in its
record, where all of them see it.
"""

from collections import OrderedDict

_CAPACITY = 50_000


class Polls:
    """Remembers the last poll of each device code; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._times: OrderedDict[bytes, int] = OrderedDict()

    def __call__(self, digest: bytes, now: int) -> int | None:
        """Note a poll; return when the one before was, or None."""
        before = self._times.pop(digest, None)
        self._times[digest] = now
        if len(self._times) > _CAPACITY:
            self._times.popitem(last=False)
        return before
