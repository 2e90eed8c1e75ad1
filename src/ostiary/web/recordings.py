"""Which applications are recorded, as far as a process knows, and how much of them is noted."""

from typing import Protocol

from ostiary.model.policy import Configuration
from ostiary.oauth.effects import Unavailable
from ostiary.web.ration import Ration

# Of what may be of applications that are recorded, in a process and a minute.
PER_MINUTE = 600
# One network's part of a recording: with its failures it is less than what is kept of a client.
OF_NETWORK = 200
WITHIN = 900


class ConfigurationStore(Protocol):
    """Where recordings are written down."""

    @property
    def version(self) -> int:
        """The version of the configuration; it rises by changes."""
        ...

    async def configuration(self) -> Configuration:
        """Return the configuration of the instance."""
        ...


class Recordings:
    """The applications that are recorded, each until when, as of a version of the configuration."""

    def __init__(self, store: ConfigurationStore) -> None:
        self._store = store
        self._until: dict[str, int] = {}
        self._version: int | None = None
        self._ration = Ration(PER_MINUTE)
        self._network = Ration(OF_NETWORK, WITHIN)

    def may_have(self, client_id: str | None, now: int) -> bool:
        """Tell whether an exchange may be of an application that is recorded; None: of any.

        Nothing is read for that. Where the configuration was changed since it was read it may
        be of one: `have` tells.
        """
        try:
            if self._store.version != self._version:
                return True
        except Unavailable:
            return False
        if client_id is None:
            return any(until > now for until in self._until.values())
        return self._until.get(client_id, 0) > now

    async def have(self, client_id: str | None, at: int) -> bool:
        """Tell whether an application was recorded at a time, by what stands written now.

        Raises:
            Unavailable: the store cannot answer now.
        """
        version = self._store.version
        if version != self._version:
            self._until = (await self._store.configuration()).recordings
            self._version = version
        return client_id is not None and self._until.get(client_id, 0) > at

    def admit(self, key: str, ip: str, at: int) -> bool:
        """Tell whether one more exchange is within the bounds; `key` stands for its client."""
        return self._network(key, ip, at) and self._ration("", "", at)
