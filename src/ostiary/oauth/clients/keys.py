"""The public keys that a client registered, inline or behind its `jwks_uri`."""

from functools import lru_cache
from typing import Protocol

import msgspec

from ostiary.jose import jwks
from ostiary.jose.jwks import KeySet
from ostiary.model.client import Client

ALGS = ("RS256", "PS256", "ES256", "EdDSA")
"""Algorithms that clients may sign with."""
UNSIGNED = "none"
"""The algorithm of what nobody signed; no assertion of a client ever has it."""


class RemoteKeys(Protocol):
    """Reads key sets that clients publish."""

    async def key_set(self, client_id: str, jwks_uri: str, kid: str | None) -> KeySet:
        """Return the set at an address; an unfamiliar `kid` is a reason to fetch it again.

        Raises:
            JoseError: it cannot be fetched or read.
        """
        ...


async def registered_keys(
    client: Client, kid: str | None, remote_keys: RemoteKeys, now: int
) -> KeySet:
    """Return the keys that are a client's now; none where it registered none.

    Raises:
        JoseError: they cannot be fetched or read.
    """
    if client.jwks is not None:
        expired = {kid for kid, end in client.key_expiry.items() if end <= now}
        keys = [jwk for jwk in client.jwks["keys"] if jwk.get("kid") not in expired]
        return _inline(msgspec.json.encode({"keys": keys}))
    if client.jwks_uri is not None:
        return await remote_keys.key_set(client.client_id, client.jwks_uri, kid)
    return KeySet(())


# Parsing and checking a set costs more than verifying with it.
@lru_cache(maxsize=1000)
def _inline(document: bytes) -> KeySet:
    return jwks.parse_text(document)
