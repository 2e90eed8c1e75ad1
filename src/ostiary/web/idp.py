"""What web resources need of the instance that they serve."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from ostiary.admin.deliveries import Outbox
from ostiary.admin.events import EventReads
from ostiary.admin.first_sign_in import Observations
from ostiary.admin.keys import KeyStore
from ostiary.admin.lint import LintRecords
from ostiary.admin.store import Grants, Registrations, prove_nothing
from ostiary.admin.traces import TraceReads
from ostiary.admin.webhooks import Cursors
from ostiary.clock import Clock, Entropy
from ostiary.identity.hashing import HashPool
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.login.account.store import AccountReader
from ostiary.login.store import RecoveryStore
from ostiary.model.domain import DomainProof
from ostiary.model.idempotency import KeptAnswer
from ostiary.model.image import Image
from ostiary.oauth.authorization.request_object import RemoteRequests
from ostiary.oauth.clients import RemoteKeys, Store
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.sightings import Sightings
from ostiary.pages.render import Pages
from ostiary.playground.sandbox import Sandbox
from ostiary.settings import Settings
from ostiary.web.recorder import Traces, Untraced


class Health(Protocol):
    """What readiness asks of the store."""

    async def revalidate(self) -> int:
        """Return the version of the configuration.

        Raises:
            Unavailable: the store cannot answer now.
        """
        ...


class Images(Protocol):
    """The logos that pages show."""

    async def image(self, owner: str) -> Image | None:
        """Return the logo of an owner, without its content."""
        ...

    async def image_by_digest(self, digest: str) -> Image | None:
        """Return a logo by what it is served under."""
        ...


class Kept(Protocol):
    """What requests that can be sent again ask of the store."""

    async def read_kept_answer(self, digest: bytes) -> KeptAnswer | None:
        """Return the answer that is kept under this digest, expired or not."""
        ...


class WebStore(
    Store,
    Health,
    Images,
    Registrations,
    Grants,
    EventReads,
    KeyStore,
    Kept,
    AccountReader,
    Cursors,
    Outbox,
    RecoveryStore,
    LintRecords,
    TraceReads,
    Observations,
    Protocol,
):
    """The store, as the web sees it."""


class Idp(msgspec.Struct, frozen=True, kw_only=True):
    """One instance: an issuer and everything that answers for it.

    Made once by the composition root and passed on; nothing about it is global, so that
    one process could serve several.
    """

    issuer: str
    settings: Settings
    store: WebStore
    keys: KeySource
    # What new keys are sealed under.
    keks: KeyEncryptionKeys
    remote_keys: RemoteKeys
    remote_requests: RemoteRequests
    # Tells why the server would not fetch from an address, or None.
    check_address: Callable[[str], Awaitable[str | None]]
    # Reads the redirect URIs behind a sector identifier; None where that cannot be.
    read_sector: Callable[[str], Awaitable[tuple[str, ...] | None]]
    # Looks for a value in the TXT records of a name, then at an address; tells where it is.
    find_domain_proof: Callable[[str, str, str], Awaitable[DomainProof | None]] = prove_nothing
    passwords: HashPool
    pages: Pages
    # What the playground works with, where there is one.
    sandbox: Sandbox | None = None
    clock: Clock
    entropy: Entropy
    # Keeps for developers how requests were answered, and why.
    traces: Traces = msgspec.field(default_factory=Untraced)
    # What this process has seen of clients, and not written down yet.
    sightings: Sightings = msgspec.field(default_factory=Sightings)
