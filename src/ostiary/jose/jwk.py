"""Public keys as others write them (RFC 7517; RFC 7518, 6; RFC 8037, 2).

Refused: private and symmetric keys, weak keys, and every second spelling of a value.
Certificates (`x5c`, `x5u`) are not looked at.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ostiary.jose import base64url
from ostiary.jose.errors import InvalidEncoding, InvalidKey, UnsupportedKey, shorten
from ostiary.jose.keys import ALG_NAMES, PUBLIC_EXPONENT, Alg, PublicKey, RawPublicKey
from ostiary.jose.weakness import ed25519_weakness, rsa_weakness

RSA_BITS = (2048, 4096)
KID_LENGTH = 256

# RFC 7518, 6.2.2, 6.3.2 and 6.4.1; RFC 8037, 2; and of the draft for post-quantum keys.
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_CURVES: dict[str, tuple[ec.EllipticCurve, int, Alg]] = {
    "P-256": (ec.SECP256R1(), 32, Alg.ES256),
    "P-384": (ec.SECP384R1(), 48, Alg.ES384),
}
_ED25519_OCTETS = 32


class SecretKey(InvalidKey):
    """A private or symmetric key where only public ones may be: it must not be used any more."""


def read_key(jwk: Any) -> tuple[dict[str, Any], str]:
    """Return a key that is a JSON object without secrets, and its type.

    Raises:
        SecretKey: it holds private or symmetric material.
        InvalidKey: it is no key.
    """
    if not isinstance(jwk, dict):
        raise InvalidKey("a key is not a JSON object", rule="jwk", section="RFC 7517, 4")
    kty = string_member(jwk, "kty")
    if kty == "oct" or not _SECRET_MEMBERS.isdisjoint(jwk):
        raise SecretKey(
            "a key is symmetric or private; register public keys only, and replace this one",
            rule="jwk-secret",
            section="RFC 7517, 9.2",
        )
    return jwk, kty


def parse_public_key(jwk: Any) -> PublicKey:
    """Read one public key that verifies signatures.

    Raises:
        SecretKey: it holds private or symmetric material.
        UnsupportedKey: its type, curve, use or algorithm is not one for signatures here.
        InvalidKey: it is malformed or weak.
    """
    jwk, kty = read_key(jwk)
    kid = read_kid(jwk)
    _require_purpose(jwk)
    match kty:
        case "RSA":
            key, members, algs = read_rsa(jwk)
        case "EC":
            key, members, algs = read_ec(jwk)
        case "OKP":
            key, members, algs = _okp(jwk)
        case _:
            raise _unsupported(f"the key type {shorten(kty)}")
    return PublicKey(key, kid=kid, algs=_narrow(jwk, algs), jwk=members)


Parsed = tuple[RawPublicKey, dict[str, str], tuple[Alg, ...]]


def read_rsa(jwk: dict[str, Any]) -> Parsed:
    """Read an RSA key that is large enough and not weak.

    Raises:
        InvalidKey: it is not.
    """
    modulus, exponent = _integer(jwk, "n"), _integer(jwk, "e")
    smallest, largest = RSA_BITS
    if not smallest <= modulus.bit_length() <= largest:
        raise InvalidKey(
            f"an RSA key has {modulus.bit_length()} bits; use {smallest} to {largest}",
            rule="jwk-size",
            section="RFC 7518, 3.3",
        )
    if exponent != PUBLIC_EXPONENT:
        raise InvalidKey("the exponent of an RSA key is not 65537", rule="jwk-exponent")
    if reason := rsa_weakness(modulus):
        raise _weak(reason)
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return key, {"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}, (Alg.RS256, Alg.PS256)


def read_ec(jwk: dict[str, Any]) -> Parsed:
    """Read a point of P-256 or P-384.

    Raises:
        InvalidKey: it is none.
    """
    crv = string_member(jwk, "crv")
    if crv not in _CURVES:
        raise _unsupported(f"the curve {shorten(crv)}")
    curve, size, alg = _CURVES[crv]
    x, y = octets_member(jwk, "x", size), octets_member(jwk, "y", size)
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)
        key = numbers.public_key()
    except ValueError as error:
        raise InvalidKey(
            "a key is not a point of its curve", rule="jwk-point", section="RFC 8725, 3.4"
        ) from error
    return key, {"kty": "EC", "crv": crv, "x": jwk["x"], "y": jwk["y"]}, (alg,)


def _okp(jwk: dict[str, Any]) -> Parsed:
    crv = string_member(jwk, "crv")
    if crv != "Ed25519":
        raise _unsupported(f"the curve {shorten(crv)}")
    x = octets_member(jwk, "x", _ED25519_OCTETS)
    if reason := ed25519_weakness(x):
        raise _weak(reason)
    key = ed25519.Ed25519PublicKey.from_public_bytes(x)
    return key, {"kty": "OKP", "crv": crv, "x": jwk["x"]}, (Alg.EDDSA,)


def read_kid(jwk: dict[str, Any]) -> str | None:
    """Return the name of a key within its set, if it has one.

    Raises:
        InvalidKey: it is empty, too long or no string.
    """
    if "kid" not in jwk:
        return None
    kid = string_member(jwk, "kid")
    if not 0 < len(kid) <= KID_LENGTH:
        raise InvalidKey(
            f"a kid is empty or longer than {KID_LENGTH} characters",
            rule="jwk-kid",
            section="RFC 7517, 4.5",
        )
    return kid


def _require_purpose(jwk: dict[str, Any]) -> None:
    if "use" in jwk and string_member(jwk, "use") != "sig":
        raise _unsupported("a use other than 'sig'")
    if "key_ops" in jwk:
        operations = jwk["key_ops"]
        if not isinstance(operations, list) or not all(isinstance(o, str) for o in operations):
            raise InvalidKey(
                "key_ops is not an array of strings", rule="jwk-member", section="RFC 7517, 4.3"
            )
        if "verify" not in operations:
            raise _unsupported("key_ops without 'verify'")


def _narrow(jwk: dict[str, Any], algs: tuple[Alg, ...]) -> tuple[Alg, ...]:
    if "alg" not in jwk:
        return algs
    name = string_member(jwk, "alg")
    alg = ALG_NAMES.get(name)
    if alg not in algs:
        raise _unsupported(f"the algorithm {shorten(name)} with this kind of key")
    return (alg,)


def string_member(jwk: dict[str, Any], name: str) -> str:
    """Return a member that is a string.

    Raises:
        InvalidKey: it is missing, or none.
    """
    value = jwk.get(name)
    if not isinstance(value, str):
        raise InvalidKey(
            f"the member '{name}' of a key is missing or no string",
            rule="jwk-member",
            section="RFC 7517, 4",
        )
    return value


def _decoded(jwk: dict[str, Any], name: str) -> bytes:
    try:
        return base64url.decode(string_member(jwk, name))
    except InvalidEncoding as error:
        raise InvalidKey(
            f"the member '{name}' of a key is not base64url without padding",
            rule="jwk-member",
            section="RFC 7518, 6",
        ) from error


def _integer(jwk: dict[str, Any], name: str) -> int:
    octets = _decoded(jwk, name)
    if not octets or octets[0] == 0:
        raise InvalidKey(
            f"the member '{name}' of a key is empty or begins with a zero octet",
            rule="jwk-member",
            section="RFC 7518, 6.3.1",
        )
    return int.from_bytes(octets)


def octets_member(jwk: dict[str, Any], name: str, size: int) -> bytes:
    """Return the octets of a member in base64url.

    Raises:
        InvalidKey: it has not `size` of them.
    """
    octets = _decoded(jwk, name)
    if len(octets) != size:
        raise InvalidKey(
            f"the member '{name}' of a key has {len(octets)} octets instead of {size}",
            rule="jwk-member",
            section="RFC 7518, 6.2.1",
        )
    return octets


def _unsupported(what: str) -> UnsupportedKey:
    return UnsupportedKey(
        f"{what} is not supported; use RSA (RS256, PS256), P-256, P-384 or Ed25519",
        rule="jwk-unsupported",
        section="RFC 7517, 5",
    )


def _weak(reason: str) -> InvalidKey:
    return InvalidKey(
        f"a key is weak: {reason}; replace it", rule="jwk-weak", section="RFC 8725, 3.5"
    )
