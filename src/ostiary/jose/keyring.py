"""The keys of the instance, opened and ready: what signs, what verifies, what is published.

A ring never changes; a change of keys makes a new one.
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from ostiary.clock import Entropy
from ostiary.jose import base64url, jws, jwt
from ostiary.jose.envelope import KeyEncryptionKeys, Place
from ostiary.jose.errors import InvalidToken, NoSigningKey, SealError, UnknownKey, shorten
from ostiary.jose.jwk import parse_public_key
from ostiary.jose.keys import SIGNING_ALGS, Alg, PrivateKey, PublicKey, load
from ostiary.model.key import InstanceKey, KeyState, SigningKey

_HOUR = 3600
_DAY = 24 * _HOUR
# After its last signature a key stays published for the longest life of a token, and a
# day for the caches of others.
PUBLISHED_AFTER_RETIREMENT = _HOUR + _DAY
# An ID token may come back as a hint long after it expired.
HINTS_AFTER_RETIREMENT = 400 * _DAY

_encode = msgspec.json.Encoder().encode
_ORDER = (KeyState.ACTIVE, KeyState.PUBLISHED, KeyState.RETIRED)
_WITH_PRIVATE_HALF = (KeyState.PENDING, KeyState.PUBLISHED, KeyState.ACTIVE)

Signer = Callable[[bytes], bytes]


def signing_key_place(kid: str) -> Place:
    """Name the place of a signing key's private half, for its envelope."""
    return Place("signing_keys", kid, "private_sealed")


def instance_key_place(key_id: str) -> Place:
    """Name the place of an instance key, for its envelope."""
    return Place("instance_keys", key_id, "sealed")


class KeyRing:
    """All keys of the instance as of one moment."""

    __slots__ = (
        "_keks",
        "_macs",
        "_newest_macs",
        "_prefixes",
        "_private",
        "_records",
        "_verifying",
    )

    def __init__(
        self,
        signing_keys: Collection[SigningKey],
        instance_keys: Collection[InstanceKey],
        keks: KeyEncryptionKeys,
    ) -> None:
        """Open every key that is or will be needed: what cannot be opened shows at once.

        Raises:
            WrongKeyEncryptionKey: the keys were sealed under another key-encryption key.
            SealError: a key is damaged.
        """
        self._records = sorted(
            (key for key in signing_keys if key.state in _ORDER), key=_publication_order
        )
        self._verifying = {key.kid: _public_key(key) for key in self._records}
        opened = {
            key.kid: _private_key(key, keks)
            for key in signing_keys
            if key.state in _WITH_PRIVATE_HALF
        }
        self._private = {
            key.alg: opened[key.kid] for key in self._records if key.state is KeyState.ACTIVE
        }
        self._prefixes: dict[tuple[str, str], tuple[bytes, Signer]] = {}
        self._macs = {
            (key.purpose, key.key_version): keks.unseal(key.sealed, instance_key_place(key.id))
            for key in instance_keys
        }
        self._newest_macs = dict(sorted(self._macs))
        self._keks = keks

    @property
    def algs(self) -> tuple[str, ...]:
        """The algorithms that can be signed with now."""
        return tuple(alg for alg in SIGNING_ALGS if alg in self._private)

    def sign(self, alg: str, claims: Any, typ: str) -> str:
        """Make a compact JWT with the active key of an algorithm (RFC 7519, 7.1).

        Raises:
            NoSigningKey: there is no active key for it.
        """
        try:
            prefix, sign = self._prefixes[alg, typ]
        except KeyError:
            prefix, sign = self._prepare(alg, typ)
        signed = prefix + base64url.encode_ascii(_encode(claims))
        return (signed + b"." + base64url.encode_ascii(sign(signed))).decode("ascii")

    def _prepare(self, alg: str, typ: str) -> tuple[bytes, Signer]:
        """Encode the header once for all tokens of a kind."""
        key = self._private.get(alg)
        if key is None:
            raise NoSigningKey(
                f"there is no active key for {shorten(alg)}; add it to enabled_algs",
                rule="key-missing",
            )
        header = {"alg": alg, "typ": typ, "kid": key.kid}
        prepared = base64url.encode_ascii(_encode(header)) + b".", key.sign
        self._prefixes[alg, typ] = prepared
        return prepared

    def jwks(self, now: int) -> dict[str, list[dict[str, Any]]]:
        """Return the public key set: signing keys first, then coming, then past ones."""
        return {
            "keys": [
                record.public_jwk
                for record in self._records
                if _is_within(record, now, PUBLISHED_AFTER_RETIREMENT)
            ]
        }

    def verification_key(self, kid: str, now: int, *, hint: bool = False) -> PublicKey | None:
        """Return the key that a token of this server may be signed with, or None.

        `hint`: the token is an `id_token_hint`, which may be much older.
        """
        period = HINTS_AFTER_RETIREMENT if hint else PUBLISHED_AFTER_RETIREMENT
        for record in self._records:
            if record.kid == kid and _is_within(record, now, period):
                return self._verifying[kid]
        return None

    def verify(self, token: str, *, typ: str, now: int, hint: bool = False) -> jwt.Claims:
        """Verify form, type and signature of a token of this server, and return its claims.

        `typ` and `hint` are those it was signed with and for. Whether the claims hold,
        `exp` above all, is for the caller to ask.

        Raises:
            UnknownKey: no key of this server, past or present, has the token's kid.
            JoseError: anything else is wrong.
        """
        parsed = jws.parse(token)
        header = parsed.header
        jwt.require_type(header, (typ.lower(),))
        key = None if header.kid is None else self.verification_key(header.kid, now, hint=hint)
        if key is None:
            raise UnknownKey(
                "the token was not signed by a valid key of this server",
                rule="jws-key-unknown",
                section="RFC 7515, 6",
            )
        if header.alg not in key.algs:
            raise InvalidToken(
                "the token names another algorithm than its key's",
                rule="jws-alg-key",
                section="RFC 8725, 3.1",
            )
        return jwt.parse_claims(parsed.verify(key))

    def mac(self, purpose: str) -> tuple[int, bytes]:
        """Return the newest key for a purpose, with its version.

        Raises:
            NoSigningKey: there is none.
        """
        version = self._newest_macs.get(purpose, 0)
        return version, self.mac_key(purpose, version)

    def mac_key(self, purpose: str, version: int) -> bytes:
        """Return the key of a purpose and version.

        Raises:
            NoSigningKey: there is none.
        """
        try:
            return self._macs[purpose, version]
        except KeyError as error:
            raise NoSigningKey(
                f"there is no key for {purpose}, version {version}", rule="key-missing"
            ) from error

    def seal(self, value: bytes, place: Place, entropy: Entropy) -> bytes:
        """Encrypt a secret of an account for the one place it is stored at."""
        return self._keks.seal(value, place, entropy)

    def unseal(self, sealed: bytes, place: Place) -> bytes:
        """Decrypt what was sealed for this place.

        Raises:
            SealError: it is damaged, was sealed for another place, or under a key that is gone.
        """
        return self._keks.unseal(sealed, place)


def _publication_order(key: SigningKey) -> tuple[int, int, int, str]:
    # Clients that take the first key of a set, whatever its kid, find the default's.
    algs = [str(alg) for alg in SIGNING_ALGS]
    return (_ORDER.index(key.state), algs.index(key.alg), -key.created_at, key.kid)


def _is_within(key: SigningKey, now: int, period: int) -> bool:
    return key.retired_at is None or now < key.retired_at + period


def _public_key(key: SigningKey) -> PublicKey:
    return parse_public_key(key.public_jwk)


def _private_key(key: SigningKey, keks: KeyEncryptionKeys) -> PrivateKey:
    opened = load(keks.unseal(key.private_sealed, signing_key_place(key.kid)), Alg(key.alg))
    if opened.public_jwk != key.public_jwk:
        raise SealError(
            f"the public half of the signing key {key.kid} is not that of its private half",
            rule="seal-damaged",
        )
    return opened
