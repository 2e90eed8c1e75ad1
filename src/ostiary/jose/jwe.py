"""Encryption for the public keys of others (RFC 7516; RFC 7518, 4 and 5; RFC 8037, 3.2).

The server encrypts and never decrypts. RSA1_5 does not exist, nor does any symmetric key
management: clients have no keys here that both sides know.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import x25519

from ostiary.jose.errors import InvalidKey, UnknownKey, UnsupportedKey, shorten
from ostiary.jose.jwk import (
    octets_member,
    read_ec,
    read_key,
    read_kid,
    read_rsa,
    string_member,
)

RSA_ALGS: tuple[str, ...] = ("RSA-OAEP-256",)
ECDH_ALGS: tuple[str, ...] = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ALGS = (*RSA_ALGS, *ECDH_ALGS)
"""Key management (RFC 7518, 4.1)."""

DEFAULT_ENC = "A128CBC-HS256"
ENCS = (DEFAULT_ENC, "A256CBC-HS512", "A128GCM", "A256GCM")
"""Content encryption (RFC 7518, 5.1), the standards' default first."""

_X25519_OCTETS = 32
# Any of these operations lets a key be encrypted for (RFC 7517, 4.3).
_OPERATIONS = {"encrypt", "wrapKey", "deriveKey", "deriveBits"}


class EncryptionKey:
    """A public key that messages to its owner are encrypted for.

    `only` tells that the key is for nothing else (`use` is `enc`).
    """

    __slots__ = ("algs", "jwk", "kid", "only")

    def __init__(
        self, jwk: dict[str, str], *, kid: str | None, algs: tuple[str, ...], only: bool
    ) -> None:
        """`jwk` holds the required members only."""
        self.jwk = jwk
        self.kid = kid
        self.algs = algs
        self.only = only


def parse_encryption_key(jwk: Any) -> EncryptionKey:
    """Read one public key that can be encrypted for.

    Raises:
        SecretKey: it holds private or symmetric material.
        UnsupportedKey: its type, curve, use or algorithm is not one for encryption here.
        InvalidKey: it is malformed or weak.
    """
    jwk, kty = read_key(jwk)
    kid = read_kid(jwk)
    _require_purpose(jwk)
    match kty:
        case "RSA":
            members, algs = read_rsa(jwk)[1], RSA_ALGS
        case "EC":
            members, algs = read_ec(jwk)[1], ECDH_ALGS
        case "OKP":
            members, algs = _okp(jwk), ECDH_ALGS
        case _:
            raise _unsupported(f"the key type {shorten(kty)}")
    if "alg" in jwk:
        name = string_member(jwk, "alg")
        if name not in algs:
            raise _unsupported(f"the algorithm {shorten(name)} with this kind of key")
        algs = (name,)
    return EncryptionKey(members, kid=kid, algs=algs, only="use" in jwk)


def choose_key(keys: tuple[EncryptionKey, ...], alg: str) -> EncryptionKey:
    """Return the key for an algorithm; of several the first that is for encryption alone.

    Raises:
        UnknownKey: none fits.
    """
    fitting = sorted((key for key in keys if alg in key.algs), key=lambda key: not key.only)
    if not fitting:
        raise UnknownKey(
            f"no registered key is for {alg}", rule="jwe-key-unknown", section="RFC 7516, 5.1"
        )
    return fitting[0]


def encrypt(message: bytes, key: EncryptionKey, *, alg: str, enc: str, cty: str | None) -> str:
    """Encrypt a message in the compact serialization (RFC 7516, 7.1).

    `cty` is `JWT` where the message is a signed token (RFC 7519, 5.2).

    Raises:
        InvalidKey: nothing can be encrypted for this key.
    """
    # The library costs as much to load as everything else here together, and few need it.
    from joserfc import jwe, jwk  # noqa: PLC0415

    header = {"alg": alg, "enc": enc}
    if key.kid is not None:
        header["kid"] = key.kid
    if cty is not None:
        header["cty"] = cty
    recipient: jwk.RSAKey | jwk.ECKey | jwk.OKPKey
    members: dict[str, str | list[str]] = {**key.jwk}
    match key.jwk["kty"]:
        case "RSA":
            recipient = jwk.RSAKey.import_key(members)
        case "EC":
            recipient = jwk.ECKey.import_key(members)
        case _:
            recipient = jwk.OKPKey.import_key(members)
    try:
        return jwe.encrypt_compact(header, message, recipient, algorithms=[alg, enc])
    except ValueError as error:
        raise InvalidKey(
            "nothing can be encrypted for a registered key; replace it",
            rule="jwe-key",
            section="RFC 8037, 3.2",
        ) from error


def _okp(jwk: dict[str, Any]) -> dict[str, str]:
    crv = string_member(jwk, "crv")
    if crv != "X25519":
        raise _unsupported(f"the curve {shorten(crv)}")
    point = x25519.X25519PublicKey.from_public_bytes(octets_member(jwk, "x", _X25519_OCTETS))
    try:
        # With a point of small order everybody would share the same secret.
        x25519.X25519PrivateKey.from_private_bytes(b"\1" * _X25519_OCTETS).exchange(point)
    except ValueError as error:
        raise InvalidKey(
            "a key is a point of small order; replace it",
            rule="jwk-weak",
            section="RFC 7748, 6.1",
        ) from error
    return {"kty": "OKP", "crv": crv, "x": jwk["x"]}


def _require_purpose(jwk: dict[str, Any]) -> None:
    if "use" in jwk and string_member(jwk, "use") != "enc":
        raise _unsupported("a use other than 'enc'")
    operations = jwk.get("key_ops", list(_OPERATIONS))
    if not isinstance(operations, list) or not all(isinstance(o, str) for o in operations):
        raise InvalidKey(
            "key_ops is not an array of strings", rule="jwk-member", section="RFC 7517, 4.3"
        )
    if _OPERATIONS.isdisjoint(operations):
        raise _unsupported("key_ops without one for encryption")


def _unsupported(what: str) -> UnsupportedKey:
    return UnsupportedKey(
        f"{what} is not supported; to encrypt for, use RSA, P-256, P-384 or X25519",
        rule="jwk-unsupported",
        section="RFC 7517, 5",
    )
