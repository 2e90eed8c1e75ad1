"""Password hashes that other systems made, as they are kept until the first sign-in.

They have one of these forms, which `ostiary.identity.foreign_forms` makes of all others:

- `$2b$` (bcrypt);
- `$argon2i$…`, `$argon2d$…`, and `$argon2id$v=16$…`;
- `$scrypt$ln=…,r=…,p=…$salt$tag`;
- `$pbkdf2-sha256$i=…$salt$tag`, also with sha1 and sha512.

Salt and tag are base64 without padding. Whoever brings hashes is not trusted with this
machine's time: what would cost far more than a hash of today is refused. A password is
compared by its normalised bytes (`ostiary.identity.passwords.normalize`), and hashed anew
once it was right.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

import argon2
import bcrypt
from argon2 import low_level

from ostiary.identity.passwords import UnusableHash

# The least that is a hash at all, and the most that one sign-in may cost.
BCRYPT_ROUNDS = range(4, 15)
PBKDF2_ITERATIONS = range(1_000, 2_000_001)
SCRYPT_LOG_N = range(8, 19)
SCRYPT_MEMORY = 128 * 1024 * 1024
SCRYPT_PASSES = 16 * SCRYPT_MEMORY // 8
ARGON2_MEMORY = range(8, 262_145)
ARGON2_PASSES = range(1, 11)
ARGON2_LANES = range(1, 9)
SALT_BYTES = range(1, 129)
TAG_BYTES = range(16, 129)

# bcrypt looks at no more of a password than this, and at nothing after a NUL.
_BCRYPT_BYTES = 72
_BCRYPT = re.compile(r"\$2b\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_ARGON2 = re.compile(
    r"\$argon2(id|i|d)\$v=(?:16|19)\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,2}),p=([1-9][0-9]{0,2})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,172})"
)
_SCRYPT = re.compile(
    r"\$scrypt\$ln=([1-9][0-9]?),r=([1-9][0-9]{0,2}),p=([1-9][0-9]{0,2})"
    r"\$([A-Za-z0-9+/]{2,172})\$([A-Za-z0-9+/]{22,172})"
)
_PBKDF2 = re.compile(
    r"\$pbkdf2-(sha1|sha256|sha512)\$i=([1-9][0-9]{0,8})"
    r"\$([A-Za-z0-9+/]{2,172})\$([A-Za-z0-9+/]{22,172})"
)
_TYPES = {"id": argon2.Type.ID, "i": argon2.Type.I, "d": argon2.Type.D}

Compare = Callable[[bytes], bool]


def usable(encoded: str) -> bool:
    """Tell whether this is a hash of another system that can be compared with."""
    try:
        prepare(encoded)
    except UnusableHash:
        return False
    return True


def verify(encoded: str, password: bytes) -> bool:
    """Compare a normalised password with a usable hash; costs what the hash was made with."""
    return prepare(encoded)(password)


def prepare(encoded: str) -> Compare:
    """Take a hash apart, and return what compares a password with it.

    Raises:
        UnusableHash: it has none of the forms, or costs too little or too much.
    """
    for pattern, read in _FORMS:
        match = pattern.fullmatch(encoded)
        if match is not None:
            return read(match)
    raise UnusableHash("This is no hash of a known form.")


def decode(text: str) -> bytes:
    """Decode base64 without padding.

    Raises:
        UnusableHash: it is not base64.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise UnusableHash("The salt or the hash is not base64.") from None


def encode(value: bytes) -> str:
    """Encode in base64 without padding."""
    return base64.b64encode(value).decode().rstrip("=")


def _read_bcrypt(match: re.Match[str]) -> Compare:
    _require(int(match[1]), BCRYPT_ROUNDS, "bcrypt rounds")
    expected = match[0].encode()

    def compare(password: bytes) -> bool:
        visible = password.partition(b"\0")[0][:_BCRYPT_BYTES]
        return hmac.compare_digest(bcrypt.hashpw(visible, expected), expected)

    return compare


def _read_argon2(match: re.Match[str]) -> Compare:
    memory, passes, lanes = (int(match[n]) for n in (2, 3, 4))
    _require(memory, ARGON2_MEMORY, "KiB of Argon2")
    _require(passes, ARGON2_PASSES, "passes of Argon2")
    _require(lanes, ARGON2_LANES, "lanes of Argon2")
    if memory < 8 * lanes:
        raise UnusableHash("Argon2 needs 8 KiB of memory for each lane.")
    _read_salt(match[5], match[6])

    def compare(password: bytes) -> bool:
        try:
            return low_level.verify_secret(match[0].encode(), password, _TYPES[match[1]])
        except argon2.exceptions.VerifyMismatchError:
            return False

    return compare


def _read_scrypt(match: re.Match[str]) -> Compare:
    log_n, r, p = (int(match[n]) for n in (1, 2, 3))
    _require(log_n, SCRYPT_LOG_N, "the exponent of scrypt (ln)")
    memory = 128 * r << log_n
    if memory > SCRYPT_MEMORY or memory * p > SCRYPT_PASSES:
        raise UnusableHash("scrypt would need more than 128 MiB, or 256 MiB in several passes.")
    salt, tag = _read_salt(match[4], match[5])

    def compare(password: bytes) -> bool:
        made = hashlib.scrypt(
            password,
            salt=salt,
            n=1 << log_n,
            r=r,
            p=p,
            maxmem=2 * memory + 256 * r * p + 65536,
            dklen=len(tag),
        )
        return hmac.compare_digest(made, tag)

    return compare


def _read_pbkdf2(match: re.Match[str]) -> Compare:
    iterations = int(match[2])
    _require(iterations, PBKDF2_ITERATIONS, "iterations of PBKDF2")
    salt, tag = _read_salt(match[3], match[4])
    size = hashlib.new(match[1]).digest_size
    # Each further block costs all iterations again.
    if iterations * -(-len(tag) // size) not in PBKDF2_ITERATIONS:
        raise UnusableHash("PBKDF2 would cost too much for a hash of this length.")

    def compare(password: bytes) -> bool:
        made = hashlib.pbkdf2_hmac(match[1], password, salt, iterations, len(tag))
        return hmac.compare_digest(made, tag)

    return compare


def _read_salt(salt: str, tag: str) -> tuple[bytes, bytes]:
    values = decode(salt), decode(tag)
    for value, bounds, name in zip(values, (SALT_BYTES, TAG_BYTES), ("salt", "hash"), strict=True):
        _require(len(value), bounds, f"bytes of the {name}")
    return values


def _require(value: int, bounds: range, what: str) -> None:
    if value not in bounds:
        raise UnusableHash(f"There must be {bounds[0]} to {bounds[-1]} {what}, not {value}.")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Compare]], ...] = (
    (_BCRYPT, _read_bcrypt),
    (_ARGON2, _read_argon2),
    (_SCRYPT, _read_scrypt),
    (_PBKDF2, _read_pbkdf2),
)
