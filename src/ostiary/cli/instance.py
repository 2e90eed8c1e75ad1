"""The instance that a command works on: its settings, its database, its operations."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from ostiary.admin.actor import Actor, operator
from ostiary.admin.defaults import establish
from ostiary.admin.keys import KeyAdmin, ensure_keys
from ostiary.admin.store import Admin
from ostiary.cli import development
from ostiary.cli.answer import ExitCode, Failure
from ostiary.clock import Clock, SystemClock, SystemEntropy
from ostiary.egress.domain_proofs import DomainProofs
from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.egress.sector import read_sector
from ostiary.identity.passwords import hash_password
from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keyring import KeyRing
from ostiary.model.domain import DomainProof
from ostiary.settings import Settings, load
from ostiary.store import Store, open_store
from ostiary.store.migrate import newest

LOOPBACK = ("127.0.0.0/8", "::1/128")
_ENTROPY = SystemEntropy()
_NEVER = frozenset({Reason.URL, Reason.REFUSED})


class Instance(msgspec.Struct, frozen=True):
    """An open instance, and who works on it."""

    settings: Settings
    store: Store
    admin: Admin
    actor: Actor

    @property
    def keys(self) -> KeyAdmin:
        """The operations on keys.

        Raises:
            Failure: no key-encryption key is configured.
        """
        return _key_admin(self.settings, self.store, self.admin.clock)


class Unopened(msgspec.Struct, frozen=True):
    """An instance that is there, or is not: `config` names its settings file, if any."""

    config: Path | None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Instance]:
        """Open it.

        Raises:
            SettingsError: its settings cannot be used.
            SchemaError: the database cannot be used as it is.
            Unavailable: the database does not answer.
            Failure: no database is configured, or it is not up to date.
        """
        async with open_instance(load_settings(self.config)) as instance:
            yield instance


def _key_admin(settings: Settings, store: Store, clock: Clock) -> KeyAdmin:
    if not settings.key_encryption_key:
        raise Failure(
            "settings",
            "key_encryption_key is not set, which the keys are encrypted under.",
            exit_code=ExitCode.FAILED,
            hint="Use the configuration of the server: --config FILE.",
        )
    keks = KeyEncryptionKeys(settings.key_encryption_key.reveal())
    return KeyAdmin(store=store, keks=keks, clock=clock, entropy=_ENTROPY)


def load_settings(config: Path | None) -> Settings:
    """Read the settings; without any, those of the development instance in this folder.

    Raises:
        SettingsError: they cannot be used.
        Failure: no database is configured.
    """
    settings = load(config, os.environ)
    if settings.dev or (not settings.database_url and development.exists()):
        return development.settle(settings, config, {"dev": True})
    if not settings.database_url:
        raise Failure(
            "settings",
            "No database is configured.",
            exit_code=ExitCode.FAILED,
            hint="Name the server's configuration by --config FILE, or set database_url. In the"
            " folder of a server that runs with --dev, none is needed.",
        )
    return settings


@asynccontextmanager
async def open_instance(
    settings: Settings, *, migrate: bool = False, ready: bool = True
) -> AsyncIterator[Instance]:
    """Open the instance that settings describe.

    With `migrate` an empty or older database is brought up to date, if the settings allow
    it; `ready` holds the database to being up to date.

    Raises:
        SchemaError: the database cannot be used as it is.
        Unavailable: the database does not answer.
        Failure: the database is not up to date.
    """
    clock = SystemClock()
    async with await open_store(settings.database_url.reveal(), clock) as store:
        admin = Admin(
            issuer=settings.public_url,
            store=store,
            clock=clock,
            entropy=_ENTROPY,
            hash_password=_hash_password,
            check_address=_AddressCheck(settings),
            read_sector=_SectorReader(settings),
            find_domain_proof=_ProofFinder(settings),
            keys=_Keys(settings, store, clock),
        )
        instance = Instance(settings, store, admin, operator(_user_name()))
        if migrate and settings.auto_migrate:
            await store.migrate()
        if ready:
            await _require_schema(store, settings)
            await establish(admin)
        yield instance


async def _require_schema(store: Store, settings: Settings) -> None:
    sqlite = settings.database_url.reveal().startswith("sqlite:")
    found = await store.schema_version()
    if found < newest("sqlite" if sqlite else "postgres"):
        raise Failure(
            "database",
            "The database is empty." if found == 0 else "The database is older than this program.",
            exit_code=ExitCode.UNHEALTHY,
            hint="Start the server, or run `ostiary migrate`.",
        )


class _Keys:
    """The keys of the instance; those that are missing are made, as the server does."""

    def __init__(self, settings: Settings, store: Store, clock: SystemClock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock

    async def ring(self) -> KeyRing:
        """Open the keys.

        Raises:
            Failure: no key-encryption key is configured.
            JoseError: they cannot be opened with it.
        """
        keys = _key_admin(self._settings, self._store, self._clock)
        await ensure_keys(keys)
        return KeyRing(
            await self._store.read_signing_keys(), await self._store.read_instance_keys(), keys.keks
        )


class _AddressCheck:
    """Asks the guard of outbound requests, which is made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, address: str) -> str | None:
        """Tell why the server would not fetch from an address.

        A name that does not resolve here and now may resolve where the server runs.
        """
        egress = _open_egress(self._settings)
        try:
            await egress.check(address)
        except FetchFailed as error:
            return error.detail if error.reason in _NEVER else None
        finally:
            await egress.aclose()
        return None


class _SectorReader:
    """Reads sector identifiers, by the same rules."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, address: str) -> tuple[str, ...] | None:
        """Return the redirect URIs that are listed, or None where they cannot be read."""
        egress = _open_egress(self._settings)
        try:
            return await read_sector(egress, address)
        except FetchFailed:
            return None
        finally:
            await egress.aclose()


class _ProofFinder:
    """Looks for proofs of domains, by the same rules."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __call__(self, record: str, url: str, value: str) -> DomainProof | None:
        """Tell where a value is published, or None where it is not to be found."""
        egress = _open_egress(self._settings)
        try:
            proofs = DomainProofs(egress, self._settings.egress.dns_servers)
            return await proofs.find(record, url, value)
        finally:
            await egress.aclose()


def _open_egress(settings: Settings) -> Egress:
    allow = (*settings.egress.allow, *(LOOPBACK if settings.dev else ()))
    return Egress(allow, settings.egress.ca_file)


async def _hash_password(password: bytes) -> str:
    return await asyncio.to_thread(hash_password, password, _ENTROPY)


def _user_name() -> str:
    """Return who runs the command, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
