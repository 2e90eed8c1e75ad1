"""Management operations over a store in memory, with a clock that stands still."""

from typing import Any

from ostiary.admin.rehearsal import Rehearsal
from ostiary.admin.store import Admin
from ostiary.clock import SystemEntropy
from ostiary.model.event import Event
from ostiary.model.policy import Configuration
from ostiary.oauth.effects import Effects, Emit

ISSUER = "https://login.test"
NOW = 1_800_000_000


class _Empty:
    """A database without a row."""

    def __getattr__(self, name: str) -> Any:
        answer: Any = () if name.startswith("list_") else None
        if name == "read_configuration":
            answer = Configuration()

        async def read(*_: object) -> Any:
            return answer

        return read


class Desk:
    """An `Admin`, and what was written through it."""

    def __init__(self) -> None:
        self.now_ = NOW
        self.events: list[Event] = []
        self.writes = 0
        self._memory = Rehearsal(_Empty())
        self.admin = Admin(
            issuer=ISSUER,
            store=self,
            clock=self,
            entropy=SystemEntropy(),
            hash_password=self._hash,
            check_address=self._check,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)

    def now(self) -> int:
        """Return the time."""
        return self.now_

    async def apply(self, effects: Effects) -> None:
        """Take in a step."""
        self.writes += 1
        self.events += [effect.event for effect in effects if isinstance(effect, Emit)]
        await self._memory.apply(effects)

    async def _check(self, address: str) -> str | None:
        return "is not public" if "internal" in address else None

    async def _hash(self, password: bytes) -> str:
        return f"hash of {password.decode()}"
