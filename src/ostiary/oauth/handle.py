"""Opaque values that the server hands out: random, recognisable by scanners, stored as digests.

Tokens look like `ost_<kind>_<body><checksum>`: the body is random base62, the checksum
six base62 characters of the CRC-32 of all before it. A mistyped or truncated token is
refused before anything is looked up; the whole text is digested, never a part of it.
Codes and flow ids live too short to be worth a prefix.
"""

import hashlib
import zlib
from enum import StrEnum

from ostiary.clock import Entropy

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH = 6

# 248 = 4 * 62 byte values map evenly onto the alphabet; the other eight are dropped.
_TO_LETTER = bytes(ord(ALPHABET[value % 62]) for value in range(256))
_DROPPED = bytes(range(248, 256))
_LETTERS = frozenset(ALPHABET)
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


class Kind(StrEnum):
    """What an opaque value is for; part of its text."""

    ACCESS_TOKEN = "at"
    REFRESH_TOKEN = "rt"
    CLIENT_SECRET = "cs"
    PERSONAL_TOKEN = "pat"
    SETUP = "st"
    TICKET = "rc"
    INITIAL_ACCESS_TOKEN = "iat"
    REGISTRATION_ACCESS_TOKEN = "rat"


def random_text(entropy: Entropy) -> str:
    """Make 43 unbiased base62 characters: 256 bits."""
    letters = b""
    while len(letters) < BODY_LENGTH:
        letters += entropy.token_bytes(64).translate(_TO_LETTER, _DROPPED)
    return letters[:BODY_LENGTH].decode("ascii")


def digest(text: str) -> bytes:
    """Return what is stored of a random value: SHA-256 of all of it.

    No salt is needed for values of 256 random bits. Text outside of ASCII never was
    such a value; it gets a digest that no value has.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checksum(text: str) -> str:
    value = zlib.crc32(text.encode("ascii"))
    value, low = divmod(value, 3844)
    high, middle = divmod(value, 3844)
    return _PAIRS[high] + _PAIRS[middle] + _PAIRS[low]


def make(kind: Kind, entropy: Entropy) -> str:
    """Make a new random token of a kind."""
    return seal(kind, random_text(entropy))


def seal(kind: Kind, body: str) -> str:
    """Put prefix and checksum around a base62 body."""
    text = f"ost_{kind}_{body}"
    return text + _checksum(text)


def unseal(kind: Kind, text: str, length: int = BODY_LENGTH) -> str | None:
    """Return the body of a token of this kind, or None where the text is no such token."""
    prefix = f"ost_{kind}_"
    if len(text) != len(prefix) + length + _CHECKSUM_LENGTH or not text.startswith(prefix):
        return None
    if not _LETTERS.issuperset(text[len(prefix) :]):
        return None
    if _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        return None
    return text[len(prefix) : -_CHECKSUM_LENGTH]


def encode62(value: bytes, length: int) -> str:
    """Write bytes as a big-endian number of `length` base62 characters, padded with zeros."""
    number = int.from_bytes(value)
    pairs = []
    for _ in range((length + 1) // 2):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))[-length:]


def decode62(text: str, size: int) -> bytes | None:
    """Read back what `encode62` wrote; None where the number does not fit `size` bytes."""
    number = 0
    for letter in text:
        number = number * 62 + _VALUES[letter]
    if number.bit_length() > size * 8:
        return None
    return number.to_bytes(size)
