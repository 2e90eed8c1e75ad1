"""Fetching the logos that organizations and applications have at addresses of their own.

What cannot be had is tried again for some hours, then given up; until then, and after, the
pages are shown without it.
"""

from collections.abc import Callable

import msgspec
import structlog

from ostiary.admin.logos import put, source_of
from ostiary.clock import Clock
from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import Egress
from ostiary.egress.images import ImageRefused, fetch_image
from ostiary.model.image import ORGANIZATION
from ostiary.store import Store
from ostiary.store.reads.outbox import Message

# Seconds between attempts; after the last one the logo is given up.
PAUSES = (60, 600, 3600, 6 * 3600)
_log = structlog.get_logger("ostiary.jobs")


class LogoFetcher(msgspec.Struct, frozen=True, kw_only=True):
    """Handles the messages of the topic `logo`."""

    store: Store
    clock: Clock
    egress: Callable[[], Egress]

    async def deliver(self, message: Message) -> None:
        """Fetch one logo, if it is still the one that is wanted."""
        owner, source = message.payload["owner"], message.payload["source"]
        if await self._wanted(owner) != source:
            await self.store.acknowledge_message(message)
            return
        try:
            content = await fetch_image(self.egress(), source)
        except ImageRefused as refusal:
            await self._give_up(message, str(refusal))
        except FetchFailed as error:
            problem = f"{error.reason}: {error.detail}"
            if message.attempts > len(PAUSES):
                await self._give_up(message, problem)
                return
            later = self.clock.now() + PAUSES[message.attempts - 1]
            await self.store.postpone_message(message, later, problem)
        else:
            now = self.clock.now()
            await self.store.apply(await put(self.store, owner, source, content, now))
            await self.store.acknowledge_message(message)

    async def _wanted(self, owner: str) -> str | None:
        kind, key = source_of(owner)
        if kind == ORGANIZATION:
            organization = await self.store.read_organization(key)
            return None if organization is None else organization.branding.logo
        client = await self.store.read_client(key)
        return None if client is None else client.logo_uri

    async def _give_up(self, message: Message, problem: str) -> None:
        _log.warning("logo_not_fetched", owner=message.payload["owner"], reason=problem)
        await self.store.give_up_message(message, problem)
