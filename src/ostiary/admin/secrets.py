"""Client secrets: made here, shown once, kept as digests (RFC 6749, 2.3.1).

Two can be good at a time, so that an application can be given its new secret before it
loses the old one.
"""

import hmac

import msgspec

from ostiary.clock import Entropy
from ostiary.model.client import ClientSecret
from ostiary.oauth.handle import Kind, digest, make

DEFAULT_OVERLAP = 86400
MAX_OVERLAP = 30 * 86400


def new_secret(entropy: Entropy) -> str:
    """Make a client secret of 256 random bits."""
    return make(Kind.CLIENT_SECRET, entropy)


def store_secret(secret: str, now: int) -> ClientSecret:
    """Return what is stored of a secret."""
    return ClientSecret(digest=digest(secret), created_at=now)


def is_only(secret: str, stored: tuple[ClientSecret, ...], now: int) -> bool:
    """Tell whether this secret, and no other, is good now."""
    good = [one for one in stored if one.expires_at is None or one.expires_at > now]
    return len(good) == 1 and hmac.compare_digest(good[0].digest, digest(secret))


def rotate(
    stored: tuple[ClientSecret, ...], secret: str, now: int, overlap: int
) -> tuple[ClientSecret, ...]:
    """Add a secret, and let the newest one before it live for `overlap` seconds more."""
    if not stored or overlap == 0:
        return (store_secret(secret, now),)
    newest = max(stored, key=lambda one: one.created_at)
    end = now + overlap
    if newest.expires_at is not None:
        end = min(end, newest.expires_at)
    return (msgspec.structs.replace(newest, expires_at=end), store_secret(secret, now))
