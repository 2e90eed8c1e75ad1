"""The jobs, how often they run, and the loop that runs them."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from ostiary.admin.keys import KeyAdmin, advance
from ostiary.admin.unused_clients import expire_unused
from ostiary.clock import Clock
from ostiary.oauth.effects import Unavailable
from ostiary.store import Store

_log = structlog.get_logger("ostiary.jobs")
_PAUSE = 0.05  # seconds between two batches of deletions: others want to write, too


class Job(msgspec.Struct, frozen=True):
    """Something that is done every so many seconds."""

    name: str
    every: int
    run: Callable[[], Awaitable[None]]


def list_jobs(
    store: Store,
    keys: KeyAdmin,
    clock: Clock,
    deliver: Callable[[], Awaitable[None]],
    *further: Job,
) -> tuple[Job, ...]:
    """Return the jobs of an instance; `deliver` sends what the outbox holds."""

    async def change_keys() -> None:
        changed = await advance(keys)
        if changed:
            _log.info("keys_changed", kids=changed)

    async def purge() -> None:
        while any(deleted := (await store.purge(clock.now())).values()):
            _log.debug("purged", rows=sum(deleted))
            await asyncio.sleep(_PAUSE)

    async def expire_clients() -> None:
        expired = await expire_unused(store, clock)
        if expired:
            _log.info("unused_clients_expired", clients=expired)

    return (
        Job("change_keys", 60, change_keys),
        Job("purge", 300, purge),
        Job("expire_clients", 3600, expire_clients),
        Job("deliver", 1, deliver),
        *further,
    )


async def run_jobs(jobs: tuple[Job, ...], stop: asyncio.Event) -> None:
    """Run each job now and then by its schedule, until stopped.

    A job that fails is logged and runs again when it is due; the others go on.
    """
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, stop))


async def _repeat(job: Job, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await job.run()
        except Unavailable:
            _log.warning("job_postponed", job=job.name)
        except Exception:  # noqa: BLE001 (one broken job must not end the others)
            _log.exception("job_failed", job=job.name)
        try:
            async with asyncio.timeout(job.every):
                await stop.wait()
        except TimeoutError:
            continue
