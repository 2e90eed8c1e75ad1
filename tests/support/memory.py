"""A store in memory with the preconditions of the real ones, and a record of what was applied."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.grant import AuthorizationCode, Consent, Grant, Interaction, Usage
from ostiary.model.organization import Api, Organization, Project
from ostiary.model.policy import Configuration, Policies
from ostiary.model.record import Record, Versioned
from ostiary.model.session import Browser, Session
from ostiary.model.user import User
from ostiary.oauth.effects import (
    Conflict,
    Consume,
    Count,
    Effect,
    Effects,
    Emit,
    Insert,
    Require,
    RevokeSession,
    Update,
)
from ostiary.oauth.reader import SignedIn

KEYS: dict[type[Record], tuple[str, ...]] = {
    Client: ("client_id",),
    Consent: ("user_id", "client_id"),
    Interaction: ("digest",),
    AuthorizationCode: ("digest",),
}


def key_of(record: Record) -> Any:
    """Return what a record is found by."""
    parts = tuple(getattr(record, name) for name in KEYS.get(type(record), ("id",)))
    return parts if len(parts) > 1 else parts[0]


class MemoryStore:
    """Reads, and `apply` with compare-and-set; all or nothing."""

    def __init__(self, *records: Record) -> None:
        self.tables: dict[type[Record], dict[Any, Any]] = defaultdict(dict)
        self.counters: dict[str, Usage] = {}
        self.events: list[Event] = []
        self.steps: list[Effects] = []
        # Called with the effects before each step: to let somebody else come first.
        self.before: Callable[[Effects], None] = lambda _: None
        for record in records:
            self.put(record)

    def put(self, record: Record) -> None:
        """Store a record, whatever was there."""
        self.tables[type(record)][key_of(record)] = record

    def all(self, kind: type[Record]) -> list[Any]:
        """Return all records of a kind."""
        return list(self.tables[kind].values())

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none."""
        self.before(effects)
        tables = {kind: dict(rows) for kind, rows in self.tables.items()}
        counters = dict(self.counters)
        try:
            for effect in effects:
                self._apply(effect)
        except Conflict:
            self.tables = defaultdict(dict, tables)
            self.counters = counters
            raise
        self.events += [effect.event for effect in effects if isinstance(effect, Emit)]
        self.steps.append(effects)

    def _apply(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - one case for each effect
        match effect:
            case Insert(record):
                if key_of(record) in self.tables[type(record)]:
                    raise Conflict(effect)
                self.put(record)
            case Update(record, changes):
                stored: Versioned | None = self.tables[type(record)].get(key_of(record))
                if stored is None or stored.version != record.version:
                    raise Conflict(effect)
                version = stored.version + 1
                self.put(msgspec.structs.replace(stored, version=version, **changes))
            case Consume(kind, key, at):
                stored = self.tables[kind].get(key)
                if stored is None or stored.consumed_at is not None or stored.expires_at <= at:
                    raise Conflict(effect)
                self.put(msgspec.structs.replace(stored, consumed_at=at))
            case Require(kind, key, _):
                stored = self.tables[kind].get(key)
                if stored is None or stored.revoked_at is not None:
                    raise Conflict(effect)
            case RevokeSession(session_id, reason, at):
                session = self.tables[Session][session_id]
                self.put(msgspec.structs.replace(session, revoked_at=at, revoked_reason=reason))
            case Count(key, limit, window, at):
                usage = self.counters.get(key)
                if usage is None or usage.expires_at <= at:
                    usage = Usage(key=key, count=0, last_at=at, expires_at=at + window)
                if usage.count >= limit:
                    raise Conflict(effect)
                changed = msgspec.structs.replace(usage, count=usage.count + 1, last_at=at)
                self.counters[key] = changed
            case Emit():
                pass
            case _:
                raise NotImplementedError(effect)

    async def client(self, client_id: str) -> Client | None:
        return self.tables[Client].get(client_id)

    async def organization(self, organization_id: str) -> Organization | None:
        return self.tables[Organization].get(organization_id)

    async def project(self, project_id: str) -> Project | None:
        return self.tables[Project].get(project_id)

    async def apis(self, organization_id: str) -> tuple[Api, ...]:
        found = [api for api in self.all(Api) if api.organization_id == organization_id]
        return tuple(sorted(found, key=lambda api: api.id))

    async def policies(self, organization_id: str) -> Policies:
        return Policies()

    async def configuration(self) -> Configuration:
        return Configuration()

    async def revalidate(self) -> int:
        return 1

    async def browser(self, digest: bytes) -> Browser | None:
        return next((one for one in self.all(Browser) if one.digest == digest), None)

    async def sessions(self, browser_id: str) -> tuple[SignedIn, ...]:
        found = [
            SignedIn(session=session, user=self.tables[User][session.user_id])
            for session in self.all(Session)
            if session.browser_id == browser_id and session.revoked_at is None
        ]
        return tuple(sorted(found, key=lambda one: -one.session.last_seen_at))

    async def interaction(self, digest: bytes) -> Interaction | None:
        return self.tables[Interaction].get(digest)

    async def pending_interactions(self, peer: str | None, now: int, limit: int) -> int:
        waiting = [
            one
            for one in self.all(Interaction)
            if one.consumed_at is None and one.expires_at > now and peer in {None, one.peer}
        ]
        return min(len(waiting), limit)

    async def consent(self, user_id: str, client_id: str) -> Consent | None:
        return self.tables[Consent].get((user_id, client_id))

    @property
    def grants(self) -> list[Grant]:
        """All grants."""
        return self.all(Grant)

    @property
    def codes(self) -> list[AuthorizationCode]:
        """All codes."""
        return self.all(AuthorizationCode)
