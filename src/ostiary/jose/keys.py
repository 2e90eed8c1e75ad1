"""Key pairs for JWS, and the public keys of others (RFC 7517, RFC 7518, RFC 8037).

A key carries its algorithms: what a token's header says can only agree or be refused.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature as SignatureMismatch
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from ostiary.jose import base64url
from ostiary.jose.errors import InvalidSignature

PUBLIC_EXPONENT = 65537
RSA_SIZES = (2048, 3072, 4096)

_SHA256 = hashes.SHA256()
_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size)
_ECDSA_256 = ec.ECDSA(_SHA256)
_ECDSA_384 = ec.ECDSA(hashes.SHA384())
_P256_OCTETS = 32
_P384_OCTETS = 48

RawPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
RawPublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Alg(StrEnum):
    """The JWS algorithms that exist here (RFC 7518, 3.1; RFC 8037, 3.1)."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    ES384 = "ES384"
    EDDSA = "EdDSA"


# How others may write them. RFC 9864, 2.2 gives EdDSA with Ed25519, the only curve here, a
# name of its own, which clients have begun to use in what they sign.
ALG_NAMES = {str(alg): alg for alg in Alg} | {"Ed25519": Alg.EDDSA}

# What the server signs with; ES384 is only verified.
SIGNING_ALGS = (Alg.RS256, Alg.PS256, Alg.ES256, Alg.EDDSA)


class PublicKey:
    """A public key with what it may be used for.

    `algs` holds one algorithm, or RS256 and PS256 for an RSA key that names none.
    """

    __slots__ = ("algs", "jwk", "key", "kid")

    def __init__(
        self, key: RawPublicKey, *, kid: str | None, algs: tuple[Alg, ...], jwk: dict[str, str]
    ) -> None:
        """`jwk` holds the required members only (RFC 7638, 3.2)."""
        self.key = key
        self.kid = kid
        self.algs = algs
        self.jwk = jwk

    def verify(self, alg: Alg, signature: bytes, signed: bytes) -> None:
        """Check a signature over `signed` with one of the key's own algorithms.

        Raises:
            InvalidSignature: it is not a signature of this key.
        """
        if alg not in self.algs:
            raise _mismatch()
        try:
            _VERIFY[alg](self.key, signature, signed)
        except (SignatureMismatch, ValueError) as error:
            raise _mismatch() from error

    @property
    def thumbprint(self) -> str:
        """The SHA-256 thumbprint (RFC 7638)."""
        return thumbprint(self.jwk)


class PrivateKey:
    """A key pair of the server for one algorithm; its kid is its thumbprint.

    `sign` makes the JWS signature (raw, not DER) over the bytes it is given.
    """

    __slots__ = ("alg", "key", "kid", "public_jwk", "sign")

    def __init__(self, key: RawPrivateKey, alg: Alg) -> None:
        """The key must be of the algorithm's type; `generate` and `load` see to that."""
        members = public_members(key.public_key())
        self.key = key
        self.alg = alg
        self.kid = thumbprint(members)
        self.public_jwk = {**members, "kid": self.kid, "alg": str(alg), "use": "sig"}
        self.sign = _signer(key, alg)

    def export(self) -> bytes:
        """Return the private half as unencrypted PKCS #8 DER, to be sealed."""
        return self.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def pem(self) -> str:
        """Return the private half as unencrypted PKCS #8 PEM, to be given away."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode("ascii")


def generate(alg: Alg, rsa_bits: int = 2048) -> PrivateKey:
    """Make a key pair. `rsa_bits` is 2048, 3072 or 4096, and for RS256 and PS256 only.

    Raises:
        ValueError: the server does not sign with this algorithm, or in this size.
    """
    match alg:
        case Alg.RS256 | Alg.PS256:
            if rsa_bits not in RSA_SIZES:
                raise ValueError(f"RSA keys have 2048, 3072 or 4096 bits, not {rsa_bits}")
            return PrivateKey(rsa.generate_private_key(PUBLIC_EXPONENT, rsa_bits), alg)
        case Alg.ES256:
            return PrivateKey(ec.generate_private_key(ec.SECP256R1()), alg)
        case Alg.EDDSA:
            return PrivateKey(ed25519.Ed25519PrivateKey.generate(), alg)
        case _:
            raise ValueError(f"the server does not sign with {alg}")


def derive(seed: bytes) -> PrivateKey:
    """Make the EdDSA key pair of a secret seed of 32 octets (RFC 8032, 5.1.5).

    Raises:
        ValueError: the seed has another length.
    """
    return PrivateKey(ed25519.Ed25519PrivateKey.from_private_bytes(seed), Alg.EDDSA)


def load(exported: bytes, alg: Alg) -> PrivateKey:
    """Read a key pair that `export` wrote, from an authenticated envelope.

    Raises:
        ValueError: the bytes are no key for this algorithm.
    """
    refusal = f"the stored private key is not one for {alg}"
    try:
        # The envelope vouches for it: proving the primes again would cost 40 ms of start-up.
        key = serialization.load_der_private_key(
            exported, None, unsafe_skip_rsa_key_validation=True
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(refusal) from error
    match alg, key:
        case (Alg.RS256 | Alg.PS256, rsa.RSAPrivateKey()):
            return PrivateKey(key, alg)
        case (Alg.ES256, ec.EllipticCurvePrivateKey()) if key.curve.name == "secp256r1":
            return PrivateKey(key, alg)
        case (Alg.EDDSA, ed25519.Ed25519PrivateKey()):
            return PrivateKey(key, alg)
        case _:
            raise ValueError(refusal)


def public_members(key: RawPublicKey) -> dict[str, str]:
    """Return the required members of a public key's JWK (RFC 7638, 3.2)."""
    match key:
        case rsa.RSAPublicKey():
            numbers = key.public_numbers()
            return {"kty": "RSA", "n": _unsigned(numbers.n), "e": _unsigned(numbers.e)}
        case ec.EllipticCurvePublicKey():
            point = key.public_numbers()
            crv, size = _CURVES[key.curve.name]
            return {
                "kty": "EC",
                "crv": crv,
                "x": base64url.encode(point.x.to_bytes(size)),
                "y": base64url.encode(point.y.to_bytes(size)),
            }
        case ed25519.Ed25519PublicKey():
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw())}


def thumbprint(members: dict[str, str]) -> str:
    """Compute the SHA-256 thumbprint of the required members of a JWK (RFC 7638, 3)."""
    canonical = msgspec.json.encode(dict(sorted(members.items())))
    return base64url.encode(hashlib.sha256(canonical).digest())


_CURVES = {"secp256r1": ("P-256", _P256_OCTETS), "secp384r1": ("P-384", _P384_OCTETS)}


def _unsigned(value: int) -> str:
    return base64url.encode(value.to_bytes((value.bit_length() + 7) // 8))


def _mismatch() -> InvalidSignature:
    return InvalidSignature(
        "the signature does not match the token and key",
        rule="jws-signature",
        section="RFC 7515, 5.2",
    )


def _signer(key: Any, alg: Alg) -> Callable[[bytes], bytes]:
    """Bind everything that a signature needs: this runs once per key, its result per token."""
    sign: Callable[..., bytes] = key.sign
    match alg:
        case Alg.RS256:
            return lambda signed: sign(signed, _PKCS1, _SHA256)
        case Alg.PS256:
            return lambda signed: sign(signed, _PSS, _SHA256)
        case Alg.ES256:
            return lambda signed: concatenate(sign(signed, _ECDSA_256))
        case _:
            return sign


def concatenate(der: bytes) -> bytes:
    """Turn a DER signature of P-256 into R and S of 32 octets each (RFC 7518, 3.4).

    The structure is fixed: 30 len, 02 len R, 02 len S. Integers are signed and minimal
    in DER, so that each can be one octet longer or some shorter.
    """
    end = 4 + der[3]
    r = der[4:end][-_P256_OCTETS:]
    s = der[end + 2 :][-_P256_OCTETS:]
    return r.rjust(_P256_OCTETS, b"\0") + s.rjust(_P256_OCTETS, b"\0")


def _ecdsa_verify(
    size: int, scheme: ec.ECDSA
) -> Callable[[ec.EllipticCurvePublicKey, bytes, bytes], None]:
    def verify(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> None:
        if len(signature) != 2 * size:
            raise SignatureMismatch
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        key.verify(utils.encode_dss_signature(r, s), signed, scheme)

    return verify


_VERIFY: dict[Alg, Callable[[Any, bytes, bytes], None]] = {
    Alg.RS256: lambda key, signature, signed: key.verify(signature, signed, _PKCS1, _SHA256),
    Alg.PS256: lambda key, signature, signed: key.verify(signature, signed, _PSS, _SHA256),
    Alg.ES256: _ecdsa_verify(_P256_OCTETS, _ECDSA_256),
    Alg.ES384: _ecdsa_verify(_P384_OCTETS, _ECDSA_384),
    Alg.EDDSA: lambda key, signature, signed: key.verify(signature, signed),
}
