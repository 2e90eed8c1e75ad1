"""Management operations over a real SQLite store, with a clock that stands still."""

from typing import Any

from ostiary.admin.store import Admin
from ostiary.clock import SystemEntropy
from ostiary.jose.keyring import KeyRing
from ostiary.model.domain import DomainProof
from ostiary.model.event import Event
from ostiary.oauth.effects import Effects, Emit
from ostiary.store import Store
from support.jose import KEKS, make_instance_key

ISSUER = "https://login.test"
NOW = 1_800_000_000


class Desk:
    """An `Admin`, and what was written through it."""

    def __init__(self, store: Store) -> None:
        self.now_ = NOW
        self.events: list[Event] = []
        self.writes = 0
        # What stands behind sector identifiers, by their address; None where nothing can be read.
        self.sectors: dict[str, tuple[str, ...] | None] = {}
        self.sectors_read: list[str] = []
        # What owners of domains published, by the name of the record or the address.
        self.published: dict[str, str] = {}
        self._store = store
        self.admin = Admin(
            issuer=ISSUER,
            store=self,
            clock=self,
            entropy=SystemEntropy(),
            hash_password=self._hash,
            check_address=self._check,
            read_sector=self._read_sector,
            find_domain_proof=self._find_proof,
            keys=self,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def ring(self) -> KeyRing:
        """Return keys for links."""
        return KeyRing((), (make_instance_key("ticket"),), KEKS)

    def now(self) -> int:
        """Return the time."""
        return self.now_

    async def apply(self, effects: Effects) -> None:
        """Apply a step."""
        await self._store.apply(effects)
        self.writes += 1
        self.events += [effect.event for effect in effects if isinstance(effect, Emit)]

    async def _check(self, address: str) -> str | None:
        return "is not public" if "internal" in address else None

    async def _read_sector(self, address: str) -> tuple[str, ...] | None:
        self.sectors_read.append(address)
        return self.sectors.get(address)

    async def _find_proof(self, record: str, url: str, value: str) -> DomainProof | None:
        if self.published.get(record) == value:
            return DomainProof.DNS
        return DomainProof.WEB if self.published.get(url) == value else None

    async def _hash(self, password: bytes) -> str:
        return f"hash of {password.decode()}"
