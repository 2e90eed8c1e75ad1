"""The store: all reads and the one way to write, whichever database is behind it."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self

import msgspec

from ostiary.clock import Clock
from ostiary.model.policy import Configuration
from ostiary.oauth.built_in import Furnished
from ostiary.oauth.effects import Conflict, Effects, Insert
from ostiary.oauth.reader import Registration
from ostiary.store.engine import Engine, query
from ostiary.store.migrate import newest
from ostiary.store.purge import purge
from ostiary.store.reads.accounts import AccountReads
from ostiary.store.reads.belongings import BelongingReads
from ostiary.store.reads.clients import ClientReads
from ostiary.store.reads.events import EventReads
from ostiary.store.reads.factors import FactorReads
from ostiary.store.reads.grants import GrantReads
from ostiary.store.reads.instance import InstanceReads
from ostiary.store.reads.lint import LintReads
from ostiary.store.reads.members import MemberReads
from ostiary.store.reads.organizations import OrganizationReads
from ostiary.store.reads.outbox import OutboxReads
from ostiary.store.reads.registrations import RegistrationReads
from ostiary.store.reads.sessions import SessionReads
from ostiary.store.reads.sightings import SightingReads
from ostiary.store.reads.tickets import TicketReads
from ostiary.store.reads.traces import TraceReads
from ostiary.store.reads.users import UserReads
from ostiary.store.reads.webhooks import WebhookReads
from ostiary.store.tables import TABLES

PURGE_BATCH = 500

_WRITE_CHECK = query("UPDATE last_check SET checked_at = ?1 WHERE id = 1 RETURNING 1")
_COUNTS = {
    name: query(f"SELECT count(*) FROM {name}")
    for name in (*(table.name for table in TABLES), "events", "outbox", "client_sightings")
}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How the database is doing. `details` depend on the engine.

    `skew` is how many seconds this machine's clock is behind the database's.
    """

    schema_version: int
    known_version: int
    writable: bool
    skew: float
    details: dict[str, Any]


class Store(
    ClientReads,
    OrganizationReads,
    InstanceReads,
    UserReads,
    MemberReads,
    BelongingReads,
    FactorReads,
    SessionReads,
    GrantReads,
    EventReads,
    OutboxReads,
    TicketReads,
    RegistrationReads,
    WebhookReads,
    AccountReads,
    TraceReads,
    SightingReads,
    LintReads,
):
    """One database of one instance.

    Every method raises `Unavailable` where the database cannot answer now.
    """

    def __init__(
        self, engine: Engine, clock: Clock, kind: str, furnished: Furnished | None = None
    ) -> None:
        """`kind` names the engine's migrations: `sqlite` or `postgres`.

        `furnished` is there besides what the database holds.
        """
        super().__init__(engine, furnished)
        self._clock = clock
        self._kind = kind

    async def __aenter__(self) -> Self:
        """Use the store in a block that closes it."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the store."""
        await self.close()

    async def close(self) -> None:
        """Finish what was begun, and let go of the database."""
        await self._engine.close()

    async def apply(self, effects: Effects) -> None:
        """Apply effects in one transaction, durably: it is on the disk when this returns.

        Raises:
            Conflict: a precondition did not hold; nothing was applied.
            Unavailable: the database cannot answer now; nothing is known to be applied.
            ValueError: a value cannot be stored, or a record names one that does not exist.
        """
        if effects:
            await self._engine.apply(effects)

    async def registration(self, client_id: str) -> Registration | None:
        """Return the client, whatever its state, with what governs it."""
        load = partial(self._load_registration, client_id)
        return await self._cached(("registration", client_id), load)

    async def _load_registration(self, client_id: str) -> Registration | None:
        client = await self.client(client_id)
        if client is None:
            return None
        project_id = client.project_id
        return Registration(
            client=client,
            organization=await self.organization(client.organization_id),
            project=None if project_id is None else await self.project(project_id),
            apis=await self.apis(client.organization_id),
            policies=await self.policies(client.organization_id),
            configuration=await self.configuration(),
        )

    @property
    def version(self) -> int:
        """The version of the configuration, at most one second old; it rises by changes.

        Raises:
            Unavailable: the database cannot answer now.
        """
        return self._engine.current_version()

    async def revalidate(self) -> int:
        """Return the version of the configuration, at most one second old.

        What was read of the configuration while a version stood is as good as read now.
        """
        return self._engine.current_version()

    async def migrate(self) -> tuple[str, ...]:
        """Bring the schema up to date; return the names of the migrations applied.

        Several processes may do so at once.

        Raises:
            SchemaError: the database is newer than this program, or was changed by hand.
            Unavailable: the database cannot answer now.
        """
        applied = await self._engine.migrate()
        if not await self.has_configuration():
            # Another process may do the same at the same time.
            with suppress(Conflict):
                await self.apply((Insert(Configuration(updated_at=self._clock.now())),))
        return applied

    async def schema_version(self) -> int:
        """Return the number of the last migration applied; 0 for an empty database."""
        return await self._engine.schema_version()

    async def check(self) -> Check:
        """Read, write and compare clocks, for `doctor` and readiness."""
        found = await self._engine.schema_version()
        writable = bool(found and await self._engine.write(_WRITE_CHECK, self._clock.now()))
        return Check(
            schema_version=found,
            known_version=newest(self._kind),
            writable=writable,
            skew=self._engine.skew,
            details=await self._engine.describe(),
        )

    async def counts(self) -> Mapping[str, int]:
        """Count the rows of every table. Takes long on a large database."""
        found: dict[str, int] = {}
        for name, statement in _COUNTS.items():
            rows = await self._engine.listing(statement)
            found[name] = rows[0][0]
        return found

    async def purge(self, now: int, batch: int = PURGE_BATCH) -> Mapping[str, int]:
        """Delete what has expired, `batch` rows in a transaction; return how many by table."""
        retention = (await self.policies("")).retention
        return await purge(self._engine, now, retention, batch)
