"""Refresh tokens: a family id, a generation and a MAC over both.

Nothing of a token is stored but its family's generation, so that the same successor can
be given again to a client whose first answer was lost (see `grants.refresh_token`).
"""

import hmac

import msgspec

from ostiary.oauth import handle
from ostiary.oauth.handle import Kind

_FAMILY, _GENERATION, _MAC = 16, 4, 16
_SIZE = _FAMILY + _GENERATION + _MAC
_LENGTH = 49  # 62**49 > 2**(8 * 36)


class RefreshToken(msgspec.Struct, frozen=True):
    """The parts of a refresh token."""

    family_id: bytes
    generation: int
    mac: bytes

    def made_with(self, key: bytes) -> bool:
        """Tell whether this server made the token, under this key."""
        return hmac.compare_digest(self.mac, _mac(key, self.family_id, self.generation))


def _mac(key: bytes, family_id: bytes, generation: int) -> bytes:
    message = b"refresh" + family_id + generation.to_bytes(_GENERATION)
    return hmac.digest(key, message, "sha256")[:_MAC]


def write(key: bytes, family_id: bytes, generation: int) -> str:
    """Compute the token of a generation."""
    mac = _mac(key, family_id, generation)
    body = family_id + generation.to_bytes(_GENERATION) + mac
    return handle.seal(Kind.REFRESH_TOKEN, handle.encode62(body, _LENGTH))


def read(text: str) -> RefreshToken | None:
    """Take a token apart, or return None where the text is no refresh token."""
    body = handle.unseal(Kind.REFRESH_TOKEN, text, _LENGTH)
    parts = None if body is None else handle.decode62(body, _SIZE)
    if parts is None:
        return None
    return RefreshToken(
        parts[:_FAMILY],
        int.from_bytes(parts[_FAMILY : _FAMILY + _GENERATION]),
        parts[_FAMILY + _GENERATION :],
    )
