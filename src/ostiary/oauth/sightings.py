"""What clients are seen to use, kept in memory until it is written down.

Only requests that were answered count, and only what the client is registered with: so
strangers add nothing, and what is kept of a client is bounded by its registration. Nothing
here is part of a commit: what was seen since the last writing is lost with the process.
"""

from collections.abc import Iterable
from itertools import islice

from ostiary.model.sighting import Seen, Sighting

EVERY = 900
"""The same is noted again after so many seconds: times of sightings are as exact as this."""

_CAPACITY = 20_000


class Sightings:
    """Collects what is seen. Bounded: what does not fit is noted when it is seen again."""

    def __init__(self) -> None:
        self._recent: dict[tuple[str, tuple[Seen, ...]], int] = {}
        self._waiting: dict[tuple[str, Seen], int] = {}
        self._readers: dict[str, int] = {}

    def note(self, client_id: str, seen: tuple[Seen, ...], now: int) -> None:
        """Note what was seen of a client at once. That it was seen just before costs little."""
        key = (client_id, seen)
        last = self._recent.get(key)
        if last is not None and now - last < EVERY:
            return
        if len(self._waiting) + len(seen) > _CAPACITY:
            return
        self._recent.pop(key, None)
        if len(self._recent) >= _CAPACITY:
            del self._recent[next(iter(self._recent))]
        self._recent[key] = now
        for one in seen:
            self._waiting[client_id, one] = now

    def note_reader(self, peer: str, now: int) -> None:
        """Note that an address has read the keys: who is there is not known yet."""
        if len(self._readers) >= _CAPACITY and peer not in self._readers:
            del self._readers[next(iter(self._readers))]
        self._readers[peer] = now

    def reads_keys(self, peer: str) -> bool:
        """Tell whether an address has read the keys."""
        return peer in self._readers

    def take(self, most: int) -> tuple[Sighting, ...]:
        """Return so many of those that wait to be written down; they wait no longer."""
        keys = tuple(islice(self._waiting, most))
        return tuple(
            Sighting(
                client_id=client_id,
                trait=trait,
                value=value,
                first_seen_at=at,
                last_seen_at=at,
            )
            for client_id, (trait, value) in keys
            for at in (self._waiting.pop((client_id, (trait, value))),)
        )

    def put_back(self, sightings: Iterable[Sighting]) -> None:
        """Let wait once more what could not be written; what was seen since is newer."""
        for one in sightings:
            if len(self._waiting) < _CAPACITY:
                key = (one.client_id, (one.trait, one.value))
                self._waiting.setdefault(key, one.last_seen_at)
