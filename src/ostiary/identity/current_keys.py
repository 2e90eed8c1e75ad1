"""The keys in force: opened once for each version of the configuration."""

from typing import Protocol

from ostiary.jose.envelope import KeyEncryptionKeys
from ostiary.jose.keyring import KeyRing
from ostiary.model.key import InstanceKey, SigningKey


class KeyStore(Protocol):
    """Where keys are stored."""

    async def revalidate(self) -> int:
        """Return the version of the configuration, which keys are part of."""
        ...

    async def signing_keys(self) -> tuple[SigningKey, ...]:
        """Return all signing keys."""
        ...

    async def instance_keys(self) -> tuple[InstanceKey, ...]:
        """Return all symmetric keys."""
        ...


class CurrentKeys:
    """Gives out the key ring of this moment.

    Rotation and revocation by any process are seen as soon as the store sees them.
    """

    def __init__(self, store: KeyStore, keks: KeyEncryptionKeys) -> None:
        self._store = store
        self._keks = keks
        self._version: int | None = None
        self._ring: KeyRing | None = None

    async def ring(self) -> KeyRing:
        """Return the ring; it is opened anew only after a change of configuration.

        Raises:
            Unavailable: the store cannot answer now.
            SealError: a key cannot be opened with the configured key-encryption key.
        """
        version = await self._store.revalidate()
        if self._ring is None or version != self._version:
            # A change meanwhile has a later version, and is seen by the next call.
            ring = KeyRing(
                await self._store.signing_keys(), await self._store.instance_keys(), self._keks
            )
            self._ring, self._version = ring, version
        return self._ring
