"""`python -m ostiary.jobs`: the process of the jobs, started by the supervisor.

Its descriptor 0 is the line to the supervisor: the settings come over it, and the process
ends when the line does.
"""

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ostiary.admin import logos
from ostiary.admin.keys import KeyAdmin
from ostiary.clock import Clock, SystemClock, SystemEntropy
from ostiary.identity.current_keys import CurrentKeys
from ostiary.jobs.logos import LogoFetcher
from ostiary.jobs.logout import Delivery
from ostiary.jobs.schedule import Job, list_jobs, run_jobs
from ostiary.jobs.webhooks import Webhooks
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.logs import configure_logs
from ostiary.model.mail import MAIL
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.effects import Unavailable
from ostiary.settings import Settings, receive_settings
from ostiary.store import SchemaError, Store, open_store

if TYPE_CHECKING:
    from ostiary.egress.fetcher import Egress
    from ostiary.jobs.mail import Courier
    from ostiary.jobs.mail import Sender as MailSender

_LINE = 0
_DEVELOPMENT_SENDER = "Ostiary <ostiary@localhost.localdomain>"


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
        sender = cache(lambda: open_egress(settings, stack))
        current = CurrentKeys(store, keks)
        courier = cache(lambda: open_courier(settings, store, current, clock))
        delivery = Delivery(
            issuer=settings.public_url,
            store=store,
            keys=current,
            clock=clock,
            entropy=entropy,
            sender=sender,
            remote_keys=cache(lambda: open_remote_keys(sender(), clock)),
            couriers={
                MAIL: lambda message: courier().deliver(message),
                logos.TOPIC: LogoFetcher(store=store, clock=clock, egress=sender).deliver,
            },
        )
        # With places of its own: what is slow there holds up no logout.
        teller = cache(lambda: open_egress(settings, stack))
        webhooks = Webhooks(store, CurrentKeys(store, keks), clock, entropy, teller)
        stack.push_async_callback(webhooks.close)
        tell_webhooks = Job("tell_webhooks", 1, webhooks.run)
        await run_jobs(list_jobs(store, keys, clock, delivery.run, tell_webhooks), stop)


def open_egress(settings: Settings, stack: AsyncExitStack) -> "Egress":
    """Make what sends requests to others. Only who sends needs what it is made of."""
    from ostiary.egress.fetcher import LOOPBACK, Egress  # noqa: PLC0415

    allow = (*settings.egress.allow, *(LOOPBACK if settings.dev else ()))
    egress = Egress(allow, settings.egress.ca_file, patient=True)
    stack.push_async_callback(egress.aclose)
    return egress


def open_courier(settings: Settings, store: Store, keys: CurrentKeys, clock: Clock) -> "Courier":
    """Make what words mails and sends them."""
    from ostiary.jobs.mail import Courier  # noqa: PLC0415 - as above

    return Courier(
        issuer=settings.public_url,
        sender=settings.smtp.sender or _DEVELOPMENT_SENDER,
        store=store,
        keys=keys,
        clock=clock,
        server=cache(lambda: open_mail_server(settings)),
    )


def open_mail_server(settings: Settings) -> "MailSender | None":
    """Make what takes the mails: the configured server, or the inbox of development mode."""
    if settings.smtp.host:
        from ostiary.egress.smtp import MailServer  # noqa: PLC0415 - as above

        host = urlsplit(settings.public_url).hostname or "localhost"
        return MailServer(settings.smtp, settings.egress.ca_file, host)
    if settings.dev:
        from ostiary.egress.inbox import Inbox  # noqa: PLC0415 - as above

        return Inbox()
    return None


def open_remote_keys(egress: "Egress", clock: Clock) -> RemoteKeys:
    """Make what reads the keys that clients publish, to encrypt for them."""
    from ostiary.egress.jwks import RemoteKeys as Reader  # noqa: PLC0415 - as above

    return Reader(egress, clock)


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
