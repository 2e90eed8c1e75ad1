"""Capabilities that a rule may need, and whether this server has them.

Nothing is promised here: each is found in what the server works with, so that a rule begins
to hold when its capability arrives.
"""

from collections.abc import Callable, Mapping

from ostiary.model.client import Client
from ostiary.oauth import registry

_CIBA = "urn:openid:params:grant-type:ciba"


def _metadata(name: str) -> Callable[[], bool]:
    return lambda: name in Client.__struct_fields__


def _never() -> bool:
    return False


CAPABILITIES: Mapping[str, Callable[[], bool]] = {
    # Proof of possession (RFC 9449), which binds tokens to a key of the client.
    "dpop": _metadata("dpop_bound_access_tokens"),
    # Client certificates (RFC 8705), for authentication and for binding.
    "mtls": lambda: "tls_client_auth" in registry.AUTH_METHODS,
    "ciba": lambda: _CIBA in registry.GRANT_TYPES,
    # The profile of FAPI 2.0, as one setting.
    "fapi": _metadata("profile"),
    # ID tokens with a MAC under the client secret.
    "hs256": lambda: "HS256" in registry.TOKEN_SIGNING_ALGS,
    # Trust in the tokens of a platform, such as those of a cluster or a build service.
    "federation": _never,
    # Identity chaining between the authorization servers of two domains.
    "chaining": _never,
    "saml": _never,
}

BINDINGS = ("dpop", "mtls")
"""Ways to bind tokens to a key of the client. One is enough."""


def missing(needs: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the needs that this server does not have."""
    return tuple(need for need in needs if not CAPABILITIES[need]())
