"""The composition root: settings in, ASGI application out."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog

from ostiary.admin.keys import KeyAdmin, ensure_keys
from ostiary.clock import SystemClock, SystemEntropy
from ostiary.egress.domain_proofs import DomainProofs
from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import LOOPBACK, Egress
from ostiary.egress.jwks import RemoteKeys
from ostiary.egress.requests import RemoteRequests
from ostiary.egress.sector import read_sector
from ostiary.identity.current_keys import CurrentKeys
from ostiary.identity.hashing import HashPool
from ostiary.identity.passwords import CURRENT, Parameters
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.errors import JoseError
from ostiary.logs import configure_logs
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.sightings import Sightings
from ostiary.pages.render import Pages
from ostiary.playground.sandbox import make_sandbox
from ostiary.settings import Settings
from ostiary.store import SchemaError, open_store
from ostiary.web.asgi import make_app
from ostiary.web.assets import open_assets
from ostiary.web.idp import Idp
from ostiary.web.recorder import Recorder
from ostiary.web.watch import Watch

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Assembly = Callable[[Settings, AsyncExitStack], Awaitable[Idp]]

_log = structlog.get_logger("ostiary.app")


class Application:
    """The server as an ASGI application; it exists from the start of its lifespan on.

    `assembly` puts the instance together; what it opens is closed by the stack that it gets.
    """

    def __init__(self, settings: Settings, assembly: Assembly | None = None) -> None:
        self._settings = settings
        self._assemble = assembly or assemble
        self._answer: Asgi | None = None

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] == "lifespan":
            return self._live(receive, send)
        if self._answer is None:
            raise RuntimeError("the application has not been started")
        return self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                idp = await self._assemble(self._settings, stack)
            except (SchemaError, Unavailable, JoseError) as error:
                _log.error("start_failed", reason=str(error) or type(error).__name__)
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            self._answer = make_app(idp)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def assemble(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    clock: SystemClock | None = None,
    hashing: Parameters = CURRENT,
) -> Idp:
    """Open the database, see to the keys, and put the instance together.

    What was opened is closed by `stack`. `hashing` is what a new password hash costs.

    Raises:
        SchemaError: the database cannot be used as it is.
        Unavailable: the database does not answer.
        JoseError: the keys cannot be opened with this key-encryption key.
    """
    clock, entropy = clock or SystemClock(), SystemEntropy()
    secret = settings.key_encryption_key.reveal()
    keks = KeyEncryptionKeys(secret)
    sandbox = make_sandbox(settings.public_url, secret, old=settings.dev)
    store = await stack.enter_async_context(
        await open_store(settings.database_url.reveal(), clock, furnished=sandbox.furnished)
    )
    if settings.auto_migrate:
        await store.migrate()
    await ensure_keys(KeyAdmin(store=store, keks=keks, clock=clock, entropy=entropy))
    keys = CurrentKeys(store, keks)
    await keys.ring()
    passwords = await asyncio.to_thread(partial(HashPool, entropy, parameters=hashing))
    stack.callback(passwords.close)
    allow = (*settings.egress.allow, *(LOOPBACK if settings.dev else ()))
    egress = Egress(allow, settings.egress.ca_file)
    stack.push_async_callback(egress.aclose)
    assets = open_assets()
    traces = Recorder(store, keys, clock, settings.public_url, everything=settings.dev)
    stack.push_async_callback(traces.aclose)
    sightings = Sightings()
    watch = Watch(sightings, store, clock)
    stack.push_async_callback(watch.stop)
    watch.start()
    return Idp(
        issuer=settings.public_url,
        settings=settings,
        store=store,
        keys=keys,
        keks=keks,
        remote_keys=RemoteKeys(egress, clock),
        remote_requests=RemoteRequests(egress),
        check_address=partial(check_address, egress),
        read_sector=partial(read_listed, egress),
        find_domain_proof=DomainProofs(egress, settings.egress.dns_servers).find,
        passwords=passwords,
        pages=Pages(assets.url),
        sandbox=sandbox,
        clock=clock,
        entropy=entropy,
        traces=traces,
        sightings=sightings,
    )


async def check_address(egress: Egress, address: str) -> str | None:
    """Tell why the server would not fetch from an address, or None.

    Whoever asks may be a stranger: what a name leads to inside is not told.
    """
    try:
        await egress.check(address)
    except FetchFailed:
        return "must be an address that this server can reach by https, on a public network"
    return None


async def read_listed(egress: Egress, address: str) -> tuple[str, ...] | None:
    """Read the redirect URIs behind a sector identifier; None where that cannot be."""
    try:
        return await read_sector(egress, address)
    except FetchFailed:
        return None


def create_app(settings: Settings) -> Application:
    """Make the application of a worker process."""
    configure_logs(settings.log)
    return Application(settings)
