"""Encryption of answers for the client that asked (OpenID Connect Core 10.2)."""

import msgspec

from ostiary.jose import jwe
from ostiary.jose.errors import InvalidKey, JoseError, UnknownKey
from ostiary.jose.jwe import DEFAULT_ENC, EncryptionKey
from ostiary.model.client import Client
from ostiary.oauth.clients.keys import RemoteKeys, registered_keys
from ostiary.oauth.errors import InvalidRequest, TemporarilyUnavailable

_SECTION = "OpenID Connect Core 10.2"
# No key has it: to ask for it is to ask for a set that is as new as may be.
_NO_KID = ""


class Envelope(msgspec.Struct, frozen=True):
    """How an answer to a client is encrypted: for which key, by which algorithms."""

    key: EncryptionKey
    alg: str
    enc: str

    def seal(self, message: bytes, *, cty: str | None) -> str:
        """Encrypt a message; `cty` is `JWT` where it is a signed token.

        Raises:
            InvalidRequest: nothing can be encrypted for the key.
        """
        try:
            return jwe.encrypt(message, self.key, alg=self.alg, enc=self.enc, cty=cty)
        except InvalidKey:
            raise no_key(self.alg) from None


async def find_envelope(
    client: Client, alg: str, enc: str | None, remote_keys: RemoteKeys, now: int
) -> Envelope:
    """Return how to encrypt for a client; there is no other way to answer it then.

    Raises:
        InvalidRequest: it has no key for the algorithm.
        TemporarilyUnavailable: its keys cannot be read now.
    """
    try:
        try:
            found = await registered_keys(client, None, remote_keys, now)
            key = jwe.choose_key(found.encryption, alg)
        except UnknownKey:
            found = await registered_keys(client, _NO_KID, remote_keys, now)
            key = jwe.choose_key(found.encryption, alg)
    except UnknownKey:
        raise no_key(alg) from None
    except JoseError as error:
        raise TemporarilyUnavailable(
            f"The answer cannot be encrypted for this client: {error.message}.",
            rule="encryption-keys",
            section=_SECTION,
        ) from None
    return Envelope(key, alg, enc or DEFAULT_ENC)


def no_key(alg: str) -> InvalidRequest:
    """Return the refusal to answer a client that has no key to encrypt for."""
    return InvalidRequest(
        f"This client is registered for answers that are encrypted with {alg}, and none of its "
        "public keys can be used for that: add one with the use enc to its jwks, or behind its "
        "jwks_uri. Nothing is sent unencrypted instead.",
        rule="encryption-key-missing",
        section=_SECTION,
        expected=alg,
    )
