"""What the instance itself decides: its configuration, policies and keys."""

from functools import partial
from typing import Any

import msgspec

from ostiary.model.idempotency import KeptAnswer
from ostiary.model.key import InstanceKey, SigningKey
from ostiary.model.narrowing import narrow
from ostiary.model.organization import Organization
from ostiary.model.policy import Configuration, Policies
from ostiary.model.setup import SetupToken
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_CONFIGURATION = by_key(Configuration)
_ORGANIZATION = by_key(Organization)
_SETUP_TOKEN = by_key(SetupToken)
_KEPT_ANSWER = by_key(KeptAnswer)
_SIGNING_KEYS = query(
    f"SELECT {codec_of(SigningKey).select('r')} FROM signing_keys r ORDER BY r.created_at, r.kid"
)
_INSTANCE_KEYS = query(
    f"SELECT {codec_of(InstanceKey).select('r')} FROM instance_keys r "
    "ORDER BY r.purpose, r.key_version"
)


def merge_policies(stored: dict[str, Any]) -> Policies:
    """Put what an instance decided over the defaults.

    A policy that this version does not know was set by a newer one, and is left out.
    """
    defaults = Policies()
    known = {name: values for name, values in stored.items() if name in Policies.__struct_fields__}
    return msgspec.structs.replace(
        defaults,
        **{name: _merge(getattr(defaults, name), values) for name, values in known.items()},
    )


def _merge(default: Any, values: Any) -> Any:
    if isinstance(default, bool):
        return bool(values)
    fields = {name: values[name] for name in default.__struct_fields__ if name in values}
    return msgspec.convert(msgspec.to_builtins(default) | fields, type(default))


class InstanceReads(Reads):
    """Reads of the instance."""

    async def configuration(self) -> Configuration:
        """Return the configuration of the instance."""
        return await self._cached("configuration", self.read_configuration) or Configuration()

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization; "" stands for the instance."""
        load = partial(self._load_policies, organization_id)
        return await self._cached(("policies", organization_id), load) or Policies()

    async def signing_keys(self) -> tuple[SigningKey, ...]:
        """Return all signing keys, whatever their state, oldest first."""
        load = partial(self._all, SigningKey, _SIGNING_KEYS)
        return await self._cached("signing_keys", load) or ()

    async def instance_keys(self) -> tuple[InstanceKey, ...]:
        """Return all instance keys, ordered by purpose and version."""
        load = partial(self._all, InstanceKey, _INSTANCE_KEYS)
        return await self._cached("instance_keys", load) or ()

    async def read_signing_keys(self) -> tuple[SigningKey, ...]:
        """Return all signing keys from the database, oldest first."""
        return await self._all(SigningKey, _SIGNING_KEYS)

    async def read_instance_keys(self) -> tuple[InstanceKey, ...]:
        """Return all instance keys from the database, ordered by purpose and version."""
        return await self._all(InstanceKey, _INSTANCE_KEYS)

    async def read_configuration(self) -> Configuration:
        """Return the configuration of the instance from the database."""
        found = await self._one(Configuration, _CONFIGURATION, Configuration().id)
        return found or Configuration()

    async def has_configuration(self) -> bool:
        """Tell whether the configuration is stored, and not only a default."""
        return await self._engine.row(_CONFIGURATION, Configuration().id) is not None

    async def read_setup_token(self, digest: bytes) -> SetupToken | None:
        """Return the setup token with this digest, used up or not, expired or not."""
        return await self._one(SetupToken, _SETUP_TOKEN, digest)

    async def read_kept_answer(self, digest: bytes) -> KeptAnswer | None:
        """Return the answer that is kept under this digest, expired or not."""
        return await self._one(KeptAnswer, _KEPT_ANSWER, digest)

    async def _load_policies(self, organization_id: str) -> Policies:
        instance = merge_policies((await self.read_configuration()).policies)
        own = await self._one(Organization, _ORGANIZATION, organization_id)
        return instance if own is None else narrow(instance, own.policies)
