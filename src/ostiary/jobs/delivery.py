"""Who delivers what the outbox holds, and what it is sent by."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ostiary.admin import logos
from ostiary.clock import Clock, SystemEntropy
from ostiary.identity.current_keys import CurrentKeys
from ostiary.jobs.logos import LogoFetcher
from ostiary.jobs.logout import Delivery, Sender
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.model.mail import MAIL
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.settings import Settings
from ostiary.store import Store

if TYPE_CHECKING:
    from ostiary.egress.fetcher import Egress
    from ostiary.jobs.mail import Courier
    from ostiary.jobs.mail import Sender as MailSender

_DEVELOPMENT_SENDER = "Ostiary <ostiary@localhost.localdomain>"


def open_delivery(  # noqa: PLR0913 - for whom, and by which ways out
    settings: Settings,
    store: Store,
    clock: Clock,
    stack: AsyncExitStack,
    *,
    notices: Callable[[], Sender] | None = None,
    mails: "Callable[[], MailSender | None] | None" = None,
) -> Delivery:
    """Make what delivers the outbox; what it opens is closed by `stack`.

    `notices` is the way out for logout notices, and `mails` that for mail, in place of those
    of the settings.
    """
    keks = KeyEncryptionKeys(settings.key_encryption_key.reveal())
    sender = cache(lambda: open_egress(settings, stack))
    current = CurrentKeys(store, keks)
    mail_server = mails or cache(lambda: open_mail_server(settings))
    courier = cache(lambda: open_courier(settings, store, current, clock, mail_server))
    return Delivery(
        issuer=settings.public_url,
        store=store,
        keys=current,
        clock=clock,
        entropy=SystemEntropy(),
        sender=notices or sender,
        remote_keys=cache(lambda: open_remote_keys(sender(), clock)),
        couriers={
            MAIL: lambda message: courier().deliver(message),
            logos.TOPIC: LogoFetcher(store=store, clock=clock, egress=sender).deliver,
        },
    )


def open_egress(settings: Settings, stack: AsyncExitStack) -> "Egress":
    """Make what sends requests to others. Only who sends needs what it is made of."""
    from ostiary.egress.fetcher import LOOPBACK, Egress  # noqa: PLC0415

    allow = (*settings.egress.allow, *(LOOPBACK if settings.dev else ()))
    egress = Egress(allow, settings.egress.ca_file, patient=True)
    stack.push_async_callback(egress.aclose)
    return egress


def open_courier(
    settings: Settings,
    store: Store,
    keys: CurrentKeys,
    clock: Clock,
    server: "Callable[[], MailSender | None]",
) -> "Courier":
    """Make what words mails and sends them."""
    from ostiary.jobs.mail import Courier  # noqa: PLC0415 - as above

    return Courier(
        issuer=settings.public_url,
        sender=settings.smtp.sender or _DEVELOPMENT_SENDER,
        store=store,
        keys=keys,
        clock=clock,
        server=server,
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
