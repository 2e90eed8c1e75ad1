"""Secrets at rest: AES-256-GCM under a key-encryption key that the database never holds.

A sealed value is one octet of format, four that name the key-encryption key, a random
nonce of 96 bits, then ciphertext and tag. The place it is stored at is authenticated
with it, so that a value moved to another row or column does not open. One key seals at
most 2**32 values (NIST SP 800-38D, 8.3); these are keys and secrets of accounts, not
traffic.
"""

import hashlib
import hmac

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostiary.clock import Entropy
from ostiary.jose.errors import SealError, WrongKeyEncryptionKey

KEY_OCTETS = 32

_FORMAT = b"\x01"
_ID_OCTETS = 4
_NONCE_OCTETS = 12
_TAG_OCTETS = 16
_NONCE_AT = len(_FORMAT) + _ID_OCTETS
_CIPHERTEXT_AT = _NONCE_AT + _NONCE_OCTETS


class Place(msgspec.Struct, frozen=True):
    """Where a sealed value is stored. Table and column are names without `|`."""

    table: str
    row: str
    column: str

    @property
    def authenticated(self) -> bytes:
        """The additional authenticated data: `table|row|column`."""
        return f"{self.table}|{self.row}|{self.column}".encode()


class KeyEncryptionKeys:
    """The key that seals, and earlier ones that still open what they sealed."""

    __slots__ = ("_ciphers", "_current")

    def __init__(self, current: bytes, *earlier: bytes) -> None:
        """Take keys of 32 octets each.

        Raises:
            ValueError: a key has another length.
        """
        if any(len(key) != KEY_OCTETS for key in (current, *earlier)):
            raise ValueError(f"a key-encryption key has {KEY_OCTETS} octets")
        self._current = _identify(current)
        self._ciphers = {_identify(key): AESGCM(key) for key in (current, *earlier)}

    def seal(self, value: bytes, place: Place, entropy: Entropy) -> bytes:
        """Encrypt a value for one place."""
        nonce = entropy.token_bytes(_NONCE_OCTETS)
        cipher = self._ciphers[self._current]
        return _FORMAT + self._current + nonce + cipher.encrypt(nonce, value, place.authenticated)

    def unseal(self, sealed: bytes, place: Place) -> bytes:
        """Decrypt what was sealed for this place.

        Raises:
            WrongKeyEncryptionKey: none of the keys sealed it.
            SealError: it is damaged, or was sealed for another place.
        """
        if sealed[:1] != _FORMAT or len(sealed) < _CIPHERTEXT_AT + _TAG_OCTETS:
            raise SealError(
                f"{place.table}.{place.column} of {place.row} is not a sealed value",
                rule="seal-format",
            )
        cipher = self._ciphers.get(sealed[len(_FORMAT) : _NONCE_AT])
        if cipher is None:
            raise WrongKeyEncryptionKey(
                f"{place.table}.{place.column} of {place.row} was sealed under another"
                " key_encryption_key than the configured one; restore the key that this"
                " database was set up with",
                rule="seal-key",
            )
        nonce = sealed[_NONCE_AT:_CIPHERTEXT_AT]
        try:
            return cipher.decrypt(nonce, sealed[_CIPHERTEXT_AT:], place.authenticated)
        except InvalidTag as error:
            raise SealError(
                f"{place.table}.{place.column} of {place.row} is damaged, or was moved from"
                " another row",
                rule="seal-damaged",
            ) from error


def _identify(key: bytes) -> bytes:
    """Name a key without telling of it."""
    return hmac.digest(key, b"ostiary key-encryption key", hashlib.sha256)[:_ID_OCTETS]
