"""Short authenticated values under an instance key: form tokens, device marks, name tags.

Every use has a label of its own, so that a value made for one is none for another.
"""

import hashlib
import hmac
from typing import Protocol

from ostiary.jose import base64url
from ostiary.jose.errors import NoSigningKey

PURPOSE = "browser"
_BYTES = 16


class MacKeys(Protocol):
    """Symmetric keys of the instance by purpose and version."""

    def mac(self, purpose: str, /) -> tuple[int, bytes]:
        """Return the current key of a purpose, and its version."""
        ...

    def mac_key(self, purpose: str, version: int, /) -> bytes:
        """Return a key of a purpose.

        Raises:
            NoSigningKey: there is none of this version (any more).
        """
        ...


def _tag(key: bytes, label: str, parts: tuple[str, ...]) -> str:
    text = b"".join(
        len(part).to_bytes(4) + part for part in (part.encode() for part in (label, *parts))
    )
    return base64url.encode(hmac.digest(key, text, hashlib.sha256)[:_BYTES])


def make(keys: MacKeys, label: str, *parts: str) -> str:
    """Vouch for parts: the key's version and 128 bits of HMAC-SHA256."""
    version, key = keys.mac(PURPOSE)
    return f"{version}-{_tag(key, label, parts)}"


def verify(keys: MacKeys, value: str, label: str, *parts: str) -> bool:
    """Tell whether `make` vouched for these parts under a key that still counts."""
    version, dash, tag = value.partition("-")
    if not dash or not version.isascii() or not version.isdecimal() or len(version) > _BYTES:
        return False
    try:
        key = keys.mac_key(PURPOSE, int(version))
    except NoSigningKey:
        return False
    return hmac.compare_digest(_tag(key, label, parts).encode(), tag.encode())


def name_tag(keys: MacKeys, name: str) -> str:
    """Stand in for a name that nobody has, in counters and in the audit trail.

    People type passwords into the wrong field: an unknown name is never kept.
    """
    return "unknown-" + make(keys, "login name", name)
