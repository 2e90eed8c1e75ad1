"""Key sets that clients publish at their `jwks_uri` (OpenID Connect Core, 10.1.1)."""

import asyncio
from collections import OrderedDict
from typing import Protocol

import structlog

from ostiary.clock import Clock
from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import Fetched
from ostiary.jose import jwks
from ostiary.jose.errors import JoseError, KeysUnavailable
from ostiary.jose.jwks import KeySet

# Seconds: how long a set is believed, and how often at most a client's is fetched.
TTL = 600
PAUSE = 30
CAPACITY = 1_000

_ACCEPT = (jwks.MEDIA_TYPE, "application/json")
_log = structlog.get_logger("ostiary.egress")


class Fetcher(Protocol):
    """Fetches a document; `Egress` does."""

    async def fetch(self, url: str, *, accept: tuple[str, ...]) -> Fetched:
        """Get a document of one of the media types.

        Raises:
            FetchFailed: there is none.
        """
        ...


class _Entry:
    """What is known of one client's set; failures are remembered as well."""

    __slots__ = ("attempted_at", "fetch", "fetched_at", "keys")

    def __init__(self) -> None:
        self.keys: KeySet | None = None
        self.fetched_at = 0
        self.attempted_at: int | None = None
        self.fetch: asyncio.Task[None] | None = None

    def find(self, kid: str | None, now: int) -> KeySet | None:
        """Return the set if it is fresh and, where a kid is asked for, has it."""
        if self.keys is None or now >= self.fetched_at + TTL:
            return None
        return self.keys if kid is None or kid in self.keys else None

    def may_fetch(self, now: int) -> bool:
        return self.attempted_at is None or now >= self.attempted_at + PAUSE


class RemoteKeys:
    """Reads clients' key sets: cached, shared, and never fetched more often than each 30 s.

    An unfamiliar kid causes a fetch even while the set is fresh; a kid that is known
    never waits for one.
    """

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        """Start with nothing known."""
        self._fetcher = fetcher
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    async def key_set(self, client_id: str, jwks_uri: str, kid: str | None) -> KeySet:
        """Return the set at a client's address, with the kid if it can be had.

        Raises:
            KeysUnavailable: the set cannot be fetched, or could not some seconds ago.
        """
        entry = self._entry(client_id, jwks_uri)
        now = self._clock.now()
        found = entry.find(kid, now)
        if found is not None:
            return found
        if entry.fetch is None and entry.may_fetch(now):
            entry.attempted_at = now
            entry.fetch = asyncio.create_task(self._fetch(entry, client_id, jwks_uri, now))
        if entry.fetch is not None:
            # Whoever hangs up leaves the fetch to the others who wait for it.
            await asyncio.shield(entry.fetch)
        found = entry.find(None, now)
        if found is None:
            raise KeysUnavailable(
                f"the keys of the client cannot be read from its jwks_uri; they are asked for"
                f" again after {PAUSE} seconds",
                rule="jwks-fetch",
                section="OpenID Connect Core 1.0, 10.1.1",
            )
        return found

    def _entry(self, client_id: str, jwks_uri: str) -> _Entry:
        key = (client_id, jwks_uri)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
            if len(self._entries) > CAPACITY:
                self._entries.popitem(last=False)
        self._entries.move_to_end(key)
        return entry

    async def _fetch(self, entry: _Entry, client_id: str, jwks_uri: str, now: int) -> None:
        try:
            fetched = await self._fetcher.fetch(jwks_uri, accept=_ACCEPT)
            entry.keys = jwks.parse_text(fetched.body, tolerant=True)
            entry.fetched_at = now
        except FetchFailed as error:
            _log.warning(
                "jwks_uri_failed", client_id=client_id, reason=error.reason, detail=error.detail
            )
        except JoseError as error:
            _log.warning(
                "jwks_uri_failed", client_id=client_id, reason=error.rule, detail=error.message
            )
        finally:
            entry.fetch = None
