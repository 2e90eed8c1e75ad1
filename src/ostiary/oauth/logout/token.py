"""Logout tokens (OpenID Connect Back-Channel Logout 1.0, 2.4)."""

from typing import Any

from ostiary.clock import Entropy
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth import handle

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
# Seconds; an application that is told late is told by a new token.
LIFETIME = 120


def make_logout_token(  # noqa: PLR0913 - what the token says
    client: Client, *, issuer: str, sub: str, sid: str, ring: KeyRing, now: int, entropy: Entropy
) -> str:
    """Sign what tells a client that a session is over. It never has a `nonce`.

    Raises:
        NoSigningKey: there is no key for the client's algorithm.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": sub,
        "aud": client.client_id,
        "iat": now - client.clock_skew,
        "exp": now + LIFETIME + client.clock_skew,
        "jti": handle.random_text(entropy)[:22],
        "events": {EVENT: {}},
        "sid": sid,
    }
    return ring.sign(client.id_token_signed_response_alg, claims, TYPE)
