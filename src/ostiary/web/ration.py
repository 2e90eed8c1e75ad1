"""So much of something in a time, for each client and address, in the memory of this process."""

from ostiary.oauth.peer import peer_of

_MINUTE = 60
_MAX_KEYS = 10_000


class Ration:
    """Counts within minutes of the clock; bounded in memory, and exact enough for a log."""

    def __init__(self, limit: int, seconds: int = _MINUTE) -> None:
        """`limit`: how many of each are within the ration, of so many `seconds`."""
        self._limit = limit
        self._seconds = seconds
        self._window = 0
        self._counts: dict[tuple[str, str], int] = {}

    def __call__(self, client_id: str, ip: str, now: int) -> bool:
        """Count one, and tell whether it is within the ration."""
        window = now // self._seconds
        if window != self._window or len(self._counts) >= _MAX_KEYS:
            self._window = window
            self._counts.clear()
        key = (client_id, peer_of(ip))
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] <= self._limit
