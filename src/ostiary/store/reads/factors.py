"""Factors of people, and the devices that they trust."""

from ostiary.model.factor import Factor, TrustedDevice
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_FACTOR = by_key(Factor)
_FACTORS = query(
    f"SELECT {codec_of(Factor).select('r')} FROM factors r WHERE r.user_id = ?1 ORDER BY r.id"
)
_TRUSTED = by_key(TrustedDevice)
_TRUSTED_OF_USER = query(
    f"SELECT {codec_of(TrustedDevice).select('r')} FROM trusted_devices r "
    "WHERE r.user_id = ?1 ORDER BY r.id"
)


class FactorReads(Reads):
    """Reads of factors and trusted devices."""

    async def factor(self, factor_id: str) -> Factor | None:
        """Return a factor."""
        return await self._one(Factor, _FACTOR, factor_id)

    async def factors(self, user_id: str) -> tuple[Factor, ...]:
        """Return what somebody proves who they are with, oldest first."""
        found = await self._all(Factor, _FACTORS, user_id)
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    async def trusted_device(self, device_id: str) -> TrustedDevice | None:
        """Return a trusted device, expired or not."""
        return await self._one(TrustedDevice, _TRUSTED, device_id)

    async def trusted_devices(self, user_id: str) -> tuple[TrustedDevice, ...]:
        """Return the devices that somebody trusts, expired ones included, newest first."""
        found = await self._all(TrustedDevice, _TRUSTED_OF_USER, user_id)
        return tuple(sorted(found, key=lambda one: (-one.created_at, one.id)))
