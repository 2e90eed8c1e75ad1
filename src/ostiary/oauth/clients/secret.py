"""Client secrets, by header or body (RFC 6749, 2.3.1)."""

import hmac

from ostiary.model.client import Client, ClientSecret
from ostiary.oauth import handle

_NO_SECRET: tuple[bytes, ...] = (b"\0" * 32,)


def secret_matches(client: Client | None, candidates: tuple[str, ...], now: int) -> bool:
    """Compare presented secrets with the stored digests, in constant time.

    A client that does not exist, or has no secret, costs the same comparison.
    """
    stored = _NO_SECRET
    if client is not None:
        stored = (
            tuple(
                secret.digest
                for secret in client.secrets
                if secret.expires_at is None or secret.expires_at > now
            )
            or _NO_SECRET
        )
    digests = [handle.digest(candidate) for candidate in candidates]
    matches = [hmac.compare_digest(known, given) for known in stored for given in digests]
    return any(matches)


def find_secret(client: Client, candidates: tuple[str, ...]) -> ClientSecret | None:
    """Return the secret of a client that was presented, once it is known to match."""
    digests = [handle.digest(candidate) for candidate in candidates]
    return next(
        (
            secret
            for secret in client.secrets
            if any(hmac.compare_digest(secret.digest, given) for given in digests)
        ),
        None,
    )
