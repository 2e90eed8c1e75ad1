"""Password hashes: Argon2id (RFC 9106) with the parameters of the security policy.

A password is normalised once, by the OpaqueString rules of RFC 8265, 4.2: composed
characters (NFC), every space an ASCII space. It is never cut: what is too long is
refused before it is hashed.
"""

import base64
import re
import unicodedata

import argon2
import msgspec
from argon2 import low_level

from ostiary.clock import Entropy

MAX_CHARACTERS = 256
MAX_BYTES = 1024
_SALT_BYTES = 16
_TAG_BYTES = 32
_ENCODED = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)


class Parameters(msgspec.Struct, frozen=True):
    """The cost of one Argon2id hash: memory in KiB, passes over it, lanes."""

    memory: int
    passes: int
    lanes: int = 1


CURRENT = Parameters(memory=19_456, passes=2)
# A stored hash from elsewhere may cost this much at most: it is computed at each sign-in.
_CEILING = Parameters(memory=262_144, passes=10, lanes=8)


class PasswordTooLong(ValueError):
    """More than 256 characters or 1,024 bytes."""


class UnusableHash(ValueError):
    """Not an encoded Argon2id hash, or one that would cost too much to verify."""


def normalize(password: str) -> bytes:
    """Return the bytes of a password that are hashed.

    Raises:
        PasswordTooLong: it has more than 256 characters or 1,024 bytes in UTF-8.
    """
    if len(password) > MAX_CHARACTERS or len(password.encode()) > MAX_BYTES:
        raise PasswordTooLong
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return unicodedata.normalize("NFC", spaced).encode()


def read_parameters(encoded: str) -> Parameters:
    """Read the cost out of an encoded hash.

    Raises:
        UnusableHash: it is no Argon2id hash in the usual `$argon2id$v=19$…` form, or
            costs more than 256 MiB, ten passes or eight lanes.
    """
    match = _ENCODED.fullmatch(encoded)
    if match is None:
        raise UnusableHash("Give an Argon2id hash of the form $argon2id$v=19$m=…,t=…,p=…$salt$tag.")
    found = Parameters(*map(int, match.groups()))
    if (
        not 8 * found.lanes <= found.memory <= _CEILING.memory
        or not 1 <= found.passes <= _CEILING.passes
        or not 1 <= found.lanes <= _CEILING.lanes
    ):
        raise UnusableHash("The hash costs more than 256 MiB, ten passes or eight lanes.")
    return found


def outgrown(encoded: str, current: Parameters = CURRENT) -> bool:
    """Tell whether a usable hash is weaker than today's and should be made anew."""
    found = read_parameters(encoded)
    return found.memory < current.memory or found.passes < current.passes


def hash_password(password: bytes, entropy: Entropy, parameters: Parameters = CURRENT) -> str:
    """Hash a normalised password; takes tens of milliseconds of one core."""
    return low_level.hash_secret(
        password,
        entropy.token_bytes(_SALT_BYTES),
        time_cost=parameters.passes,
        memory_cost=parameters.memory,
        parallelism=parameters.lanes,
        hash_len=_TAG_BYTES,
        type=argon2.Type.ID,
    ).decode()


def verify_password(encoded: str, password: bytes) -> bool:
    """Compare a normalised password with a usable hash; costs what the hash was made with."""
    try:
        return low_level.verify_secret(encoded.encode(), password, argon2.Type.ID)
    except argon2.exceptions.VerifyMismatchError:
        return False


def make_decoy(entropy: Entropy, parameters: Parameters = CURRENT) -> str:
    """Make a hash that no password has, for people who do not exist or have no password.

    Verifying against it costs what verifying against a real one does.
    """
    salt, tag = (
        base64.b64encode(entropy.token_bytes(size)).decode().rstrip("=")
        for size in (_SALT_BYTES, _TAG_BYTES)
    )
    cost = f"m={parameters.memory},t={parameters.passes},p={parameters.lanes}"
    return f"$argon2id$v=19${cost}${salt}${tag}"
