"""`python -m ostiary.jobs`: the process of the jobs, started by the supervisor.

Its descriptor 0 is the line to the supervisor: the settings come over it, and the process
ends when the line does.
"""

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from functools import cache, partial

from ostiary.admin.keys import KeyAdmin
from ostiary.clock import SystemClock, SystemEntropy
from ostiary.identity.current_keys import CurrentKeys
from ostiary.jobs.delivery import open_delivery, open_egress
from ostiary.jobs.demo import warn_of_demo
from ostiary.jobs.schedule import Job, list_jobs, run_jobs
from ostiary.jobs.webhooks import Webhooks
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.logs import configure_logs
from ostiary.oauth.effects import Unavailable
from ostiary.settings import Settings, receive_settings
from ostiary.store import SchemaError, open_store

_LINE = 0


async def run(settings: Settings, line: socket.socket) -> None:
    """Run the jobs until the supervisor says stop, or is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    def watch_line() -> None:
        if not line.recv(1):
            loop.remove_reader(line)
            stop.set()

    loop.add_reader(line, watch_line)
    clock = SystemClock()
    keks = KeyEncryptionKeys(settings.key_encryption_key.reveal())
    async with (
        await open_store(settings.database_url.reveal(), clock) as store,
        AsyncExitStack() as stack,
    ):
        entropy = SystemEntropy()
        keys = KeyAdmin(store=store, keks=keks, clock=clock, entropy=entropy)
        delivery = open_delivery(settings, store, clock, stack)
        # With places of its own: what is slow there holds up no logout.
        teller = cache(lambda: open_egress(settings, stack))
        webhooks = Webhooks(store, CurrentKeys(store, keks), clock, entropy, teller)
        stack.push_async_callback(webhooks.close)
        further = [Job("tell_webhooks", 1, webhooks.run)]
        if not settings.dev:
            further.append(Job("warn_of_demo", 3600, partial(warn_of_demo, store)))
        await run_jobs(list_jobs(store, keys, clock, delivery.run, *further), stop)


def main() -> None:
    """Be the process of the jobs."""
    line = socket.socket(fileno=_LINE)
    try:
        settings = receive_settings(line)
        configure_logs(settings.log)
        asyncio.run(run(settings, line))
    except (EOFError, SchemaError, Unavailable) as error:
        sys.exit(f"ostiary jobs: {error!r}")


if __name__ == "__main__":
    main()
