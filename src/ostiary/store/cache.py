"""What this process remembers of the configuration, for as long as its version stands."""

from collections.abc import Hashable
from typing import Any

_CAPACITY = 4096


class Cache:
    """A bounded map that forgets the longest unused entry, and everything at a new version.

    What does not exist is not remembered: strangers could fill the map with it.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._version = -1
        self._entries: dict[Hashable, Any] = {}

    def get(self, version: int, key: Hashable) -> Any | None:
        """Return what is remembered under a key as of this version."""
        if version != self._version:
            self._entries.clear()
            self._version = version
            return None
        found = self._entries.pop(key, None)
        if found is not None:
            self._entries[key] = found
        return found

    def put(self, version: int, key: Hashable, value: Any) -> None:
        """Remember a value that was read while this version stood.

        Where the version has moved since, the value may be older, and is not kept.
        """
        if version != self._version:
            return
        if len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = value

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)
