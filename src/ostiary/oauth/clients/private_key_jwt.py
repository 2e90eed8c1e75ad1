"""Signed JWTs by which clients prove themselves (RFC 7523): to authenticate, or as a grant.

The keys are the client's registered ones, inline or behind its `jwks_uri`; what a token's
header says about keys counts for nothing but `kid`.
"""

import hashlib

import msgspec

from ostiary.jose import jws, jwt
from ostiary.jose.errors import JoseError
from ostiary.model.client import Client
from ostiary.oauth.clients.keys import ALGS, RemoteKeys, registered_keys
from ostiary.oauth.effects import Effects, Remember
from ostiary.oauth.errors import InvalidClient, InvalidGrant

MAX_LIFETIME = 3600
_MAX_JTI = 256
_SECTION = "RFC 7523, 3"
_UNPROVEN = (
    "no client is registered for this use under the issuer of the assertion, or none of its "
    "registered keys and algorithms verifies the signature"
)


class Purpose(msgspec.Struct, frozen=True):
    """What an assertion is for: the parameter that it comes in, and how it is refused.

    A token that was made for another purpose names it in `typ` (RFC 8725, 3.11).
    """

    parameter: str
    types: tuple[str | None, ...]
    refusal: type[InvalidClient | InvalidGrant]


AUTHENTICATION = Purpose(
    "client_assertion", (None, "jwt", "client-authentication+jwt"), InvalidClient
)
"""Client authentication, `private_key_jwt` (RFC 7523, 2.2)."""
GRANT = Purpose("assertion", (None, "jwt", "authorization-grant+jwt"), InvalidGrant)
"""The JWT bearer grant (RFC 7523, 2.1)."""


def issuer_of(assertion: str) -> str | None:
    """Read who an assertion claims to be from, before anything about it is verified."""
    try:
        return jwt.parse_claims(jws.parse(assertion).unverified_payload).iss
    except JoseError:
        return None


async def verify(  # noqa: PLR0913 - what a proof can depend on
    client: Client | None,
    assertion: str,
    *,
    audiences: tuple[str, ...],
    remote_keys: RemoteKeys,
    now: int,
    purpose: Purpose = AUTHENTICATION,
) -> Effects:
    """Verify an assertion; return the effects that burn its `jti`.

    A client that is unknown or registered for another method gets the same refusal as a
    wrong signature, without any key of it being fetched.

    Raises:
        InvalidClient: the assertion is not good, for client authentication.
        InvalidGrant: it is not good as a grant.
    """
    types = purpose.types
    try:
        parsed = jws.parse(assertion)
        jwt.require_type(parsed.header, types)
    except JoseError as error:
        raise _refusal(purpose, error.message, error.rule) from None
    if client is None or not _registered(client, purpose):
        raise _refusal(purpose, _UNPROVEN, "assertion-client")
    registered = client.token_endpoint_auth_signing_alg
    try:
        keys = await registered_keys(client, parsed.header.kid, remote_keys, now)
        token = jwt.verify(parsed, keys, algs=(registered,) if registered else ALGS, types=types)
    except JoseError as error:
        # Which of these it was would tell a stranger what is registered.
        raise _refusal(purpose, _UNPROVEN, error.rule) from None
    try:
        jwt.require_current(token.claims, now)
    except JoseError as error:
        told, expected = _times(token.claims), f"now {now}"
        raise _refusal(
            purpose, error.message, error.rule, received=told, expected=expected
        ) from None
    _check(client, token.claims, audiences, now, purpose)
    return _burn(client, token.claims)


def _times(claims: jwt.Claims) -> str:
    """Return when an assertion says that it is good, for whoever looks for a wrong clock."""
    given = (("iat", claims.iat), ("nbf", claims.nbf), ("exp", claims.exp))
    return ", ".join(f"{name} {value}" for name, value in given if value is not None)


def _registered(client: Client, purpose: Purpose) -> bool:
    if purpose is AUTHENTICATION:
        return client.token_endpoint_auth_method == "private_key_jwt"
    return not client.public


def _check(
    client: Client, claims: jwt.Claims, audiences: tuple[str, ...], now: int, purpose: Purpose
) -> None:
    if claims.iss != client.client_id or claims.sub != client.client_id:
        raise _refusal(purpose, "iss and sub must both be the client_id", "assertion-subject")
    if len(claims.aud) != 1 or claims.aud[0] not in audiences:
        raise _refusal(
            purpose,
            "aud must be the issuer or the token endpoint, and nothing else",
            "assertion-audience",
            received=" ".join(claims.aud),
            expected=" or ".join(audiences),
        )
    if claims.exp is None or claims.exp > now + MAX_LIFETIME + jwt.SKEW:
        raise _refusal(purpose, "exp must be at most an hour ahead", "assertion-lifetime")
    if claims.jti is not None and len(claims.jti) > _MAX_JTI:
        raise _refusal(purpose, f"jti must have at most {_MAX_JTI} characters", "assertion-jti")


def _burn(client: Client, claims: jwt.Claims) -> Effects:
    if claims.jti is None or claims.exp is None:
        return ()
    marked = hashlib.sha256(claims.jti.encode("utf-8", "surrogatepass")).digest()
    return (Remember(f"client_assertion:{client.client_id}", marked, claims.exp + jwt.SKEW),)


def _refusal(
    purpose: Purpose,
    message: str,
    rule: str,
    *,
    received: str | None = None,
    expected: str | None = None,
) -> InvalidClient | InvalidGrant:
    return purpose.refusal(
        f"The {purpose.parameter} is refused: {message}.",
        rule=rule,
        section=_SECTION,
        received=received,
        expected=expected,
        detail=rule,
    )
