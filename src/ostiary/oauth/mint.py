"""Tokens made from an issuance: access token, ID token, refresh token, and their effects.

Access tokens are opaque (RFC 6750) or JWTs (RFC 9068); ID tokens follow OpenID Connect
Core 2. This is the only place that signs for users and clients.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from ostiary.clock import Entropy
from ostiary.jose import base64url, unsecured
from ostiary.model.client import AccessTokenType
from ostiary.model.event import Event
from ostiary.model.grant import AccessToken, RefreshFamily
from ostiary.oauth import handle, management
from ostiary.oauth.claims import claims_of_scopes, read_claims, requested_claims
from ostiary.oauth.clients.envelope import no_key
from ostiary.oauth.effects import Effect, Effects, Emit, Insert, Update
from ostiary.oauth.errors import UnauthorizedClient
from ostiary.oauth.handle import Kind
from ostiary.oauth.instructions import claims as instruction_claims
from ostiary.oauth.instructions import organization_claims, role_claims
from ostiary.oauth.issuance import Issuance, NewFamily, Repetition, Rotation, TokenRequest
from ostiary.oauth.reader import Standing
from ostiary.oauth.subject import subject_of
from ostiary.oauth.token import refresh

Response = dict[str, Any]
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "DSA": hashlib.sha512}


def half_hash(alg: str, text: str) -> str:
    """Return the left half of a value's hash, for `at_hash` and its like (Core 3.1.3.6).

    The hash is that of the signature algorithm; Ed25519 signs with SHA-512.
    """
    hashed = _HASHES[alg[-3:]](text.encode("ascii")).digest()
    return base64url.encode(hashed[: len(hashed) // 2])


def mint(
    request: TokenRequest, grant_type: str, issuance: Issuance, entropy: Entropy
) -> tuple[Response, Effects]:
    """Make the tokens of an issuance; return the response and the effects that commit it."""
    access_token, jti, lifetime, effects = make_access_token(request, issuance, entropy)
    response: Response = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
    }
    if issuance.issued_token_type is not None:
        response["issued_token_type"] = issuance.issued_token_type
    if issuance.scopes:  # an empty scope is none (RFC 6749, 3.3)
        response["scope"] = " ".join(issuance.scopes)
    if issuance.refresh is not None:
        response["refresh_token"], family = _refresh_token(request, issuance, entropy)
        effects += family
    if issuance.id_token and issuance.standing is not None:
        hashed = {"at_hash": access_token}
        response["id_token"] = make_id_token(request, issuance, issuance.standing, hashed, entropy)
    emit = Emit(tell_issuance(request, grant_type, issuance, jti))
    return response, (*issuance.effects, *effects, emit)


def tell_issuance(
    request: TokenRequest, grant_type: str, issuance: Issuance, jti: str | None
) -> Event:
    """Make the event of an issuance; `jti` is that of its access token, if there is one."""
    client, source = request.client, request.source
    grant = None if issuance.standing is None else issuance.standing.grant
    return Event(
        type="token.issued",
        at=request.now,
        reason=grant_type,
        actor_id=client.client_id,
        client_id=client.client_id,
        organization_id=client.organization_id,
        user_id=None if grant is None else grant.user_id,
        session_id=None if grant is None else grant.session_id,
        grant_id=None if grant is None else grant.id,
        target=jti,
        ip=source.ip,
        user_agent=source.user_agent,
        trace_id=source.trace_id,
        details={} if issuance.act is None else {"act": issuance.act},
    )


def make_access_token(
    request: TokenRequest, issuance: Issuance, entropy: Entropy
) -> tuple[str, str, int, tuple[Effect, ...]]:
    """Make an access token; return it, its jti, its lifetime, and the effects that keep it."""
    client, now, standing = request.client, request.now, issuance.standing
    lifetimes = request.policies.token_lifetimes
    lifetime = client.lifetimes.access_token or (
        lifetimes.access_token_machine if standing is None else lifetimes.access_token
    )
    if management.SCOPE in issuance.scopes:
        lifetime = min(lifetime, management.LIFETIME)
    expires_at = now + lifetime
    if issuance.expires_at is not None and issuance.expires_at < expires_at:
        expires_at = issuance.expires_at
        lifetime = expires_at - now
    if client.access_token_type is AccessTokenType.OPAQUE:
        text = handle.make(Kind.ACCESS_TOKEN, entropy)
        record = AccessToken(
            digest=handle.digest(text),
            jti=handle.random_text(entropy)[:22],
            grant_id=None if standing is None else standing.grant.id,
            client_id=client.client_id,
            subject=_subject(request, issuance),
            scopes=issuance.scopes,
            audience=issuance.audience,
            act=issuance.act,
            issued_at=now,
            expires_at=expires_at,
        )
        return text, record.jti, lifetime, (Insert(record),)
    jti = handle.random_text(entropy)[:22]
    claims = access_claims(request, issuance, expires_at, jti)
    alg = client.access_token_signing_alg or request.configuration.access_token_signing_alg
    return request.ring.sign(alg, claims, "at+jwt"), jti, lifetime, ()


def access_claims(
    request: TokenRequest, issuance: Issuance, expires_at: int, jti: str
) -> dict[str, Any]:
    """Return what an access token tells, as a JWT (RFC 9068, 2.2)."""
    client, now, standing = request.client, request.now, issuance.standing
    audience = issuance.audience
    claims: dict[str, Any] = {
        "iss": request.issuer,
        "sub": _subject(request, issuance),
        "aud": audience[0] if len(audience) == 1 else audience,
        "client_id": client.client_id,
        "iat": now - client.clock_skew,
        "exp": expires_at + client.clock_skew,
        "jti": jti,
    }
    if issuance.scopes:
        claims["scope"] = " ".join(issuance.scopes)
    if client.access_token_role_assertion:
        claims |= role_claims(issuance.scopes, issuance.extras, asserted=True)
    elif issuance.extras.groups is not None:
        claims["groups"] = list(issuance.extras.groups)
    claims |= organization_claims(_granted(issuance), issuance.extras)
    if issuance.act is not None:
        claims["act"] = issuance.act
    if standing is not None:
        grant = standing.grant
        claims["grant_id"] = grant.id
        claims["auth_time"] = grant.auth_time - client.clock_skew
        claims["acr"] = grant.acr
        claims["amr"] = grant.amr
    return claims


def _refresh_token(
    request: TokenRequest, issuance: Issuance, entropy: Entropy
) -> tuple[str, tuple[Effect, ...]]:
    now, client = request.now, request.client
    lifetimes = request.policies.token_lifetimes
    idle = now + (client.lifetimes.refresh_idle or lifetimes.refresh_idle)
    match issuance.refresh:
        case Rotation(family):
            key = request.ring.mac_key("refresh", family.key_version)
            changes = {
                "generation": family.generation + 1,
                "rotated_at": now,
                "idle_expires_at": idle,
            }
            text = refresh.write(key, family.id, family.generation + 1)
            return text, (Update(family, changes),)
        case Repetition(family):
            # Nothing to write: whoever uses the successor first moves the family on.
            key = request.ring.mac_key("refresh", family.key_version)
            return refresh.write(key, family.id, family.generation), ()
        case NewFamily() if issuance.standing is not None:
            key_version, key = request.ring.mac("refresh")
            absolute = client.lifetimes.refresh_absolute or lifetimes.refresh_absolute
            family = RefreshFamily(
                id=entropy.token_bytes(16),
                grant_id=issuance.standing.grant.id,
                client_id=client.client_id,
                key_version=key_version,
                rotated_at=now,
                created_at=now,
                idle_expires_at=idle,
                expires_at=now + absolute,
            )
            return refresh.write(key, family.id, 0), (Insert(family),)
        case step:
            message = f"no refresh token can come of {step!r} here"
            raise ValueError(message)


def make_id_token(  # noqa: PLR0913 - what an ID token rests on
    request: TokenRequest,
    issuance: Issuance,
    standing: Standing,
    hashed: Mapping[str, str],
    entropy: Entropy,
    *,
    with_scopes: bool = False,
) -> str:
    """Make an ID token (OpenID Connect Core 2).

    `hashed` maps `at_hash` and its like to what they vouch for; `with_scopes` adds the
    claims of the scopes, for a client that gets nothing else (Core 5.4). One without a
    signature, for clients that are registered for it, vouches for nothing.
    """
    client = request.client
    alg = client.id_token_signed_response_alg
    vouched = {} if alg == unsecured.ALG else hashed
    hashes = {name: half_hash(alg, text) for name, text in vouched.items()}
    jti = handle.random_text(entropy)[:22]
    claims = id_claims(request, issuance, standing, hashes, jti, with_scopes=with_scopes)
    if alg == unsecured.ALG:
        _require_unsigned(request)
        return unsecured.make(claims, "JWT")
    signed = request.ring.sign(alg, claims, "JWT")
    if client.id_token_encrypted_response_alg is None:
        return signed
    if issuance.envelope is None:  # never as a fallback
        raise no_key(client.id_token_encrypted_response_alg)
    return issuance.envelope.seal(signed.encode("ascii"), cty="JWT")


def id_claims(  # noqa: PLR0913 - what an ID token rests on
    request: TokenRequest,
    issuance: Issuance,
    standing: Standing,
    hashes: Mapping[str, str],
    jti: str,
    *,
    with_scopes: bool = False,
) -> dict[str, Any]:
    """Return what an ID token tells; `hashes` are its claims about what it comes with."""
    client, grant, now = request.client, standing.grant, request.now
    lifetime = client.lifetimes.id_token or request.policies.token_lifetimes.id_token
    names = requested_claims(grant.claims, "id_token")
    everything = with_scopes or client.id_token_userinfo_assertion
    asserted = claims_of_scopes(grant.scopes) if everything else ()
    claims: dict[str, Any] = read_claims(standing.user, (*asserted, *names))
    if everything:
        claims |= instruction_claims(grant.scopes, standing.user, issuance.extras)
    claims |= role_claims(grant.scopes, issuance.extras, asserted=client.id_token_role_assertion)
    claims |= organization_claims(grant.scopes, issuance.extras)
    claims |= {
        "iss": request.issuer,
        "sub": _subject(request, issuance),
        "aud": client.client_id,
        "iat": now - client.clock_skew,
        "exp": now + lifetime + client.clock_skew,
        "auth_time": grant.auth_time - client.clock_skew,
        "acr": grant.acr,
        "amr": grant.amr,
        **hashes,
        "sid": grant.sid,
        "jti": jti,
    }
    if issuance.nonce is not None:
        claims["nonce"] = issuance.nonce
    return claims


def _granted(issuance: Issuance) -> tuple[str, ...]:
    """Return the scopes that were granted, of which a token may have fewer."""
    return () if issuance.standing is None else issuance.standing.grant.scopes


def _require_unsigned(request: TokenRequest) -> None:
    """Refuse to leave out a signature where the instance does not admit that (any more)."""
    if not request.policies.client_registration.allow_unsigned_id_token:
        raise UnauthorizedClient(
            "This client is registered for ID tokens without a signature, which are switched off "
            "here: register another id_token_signed_response_alg.",
            rule="id-token-unsigned",
            section="OpenID Connect Core 2",
            received=unsecured.ALG,
            expected=" ".join(request.ring.algs),
        )


def _subject(request: TokenRequest, issuance: Issuance) -> str:
    if issuance.standing is None:
        return issuance.subject
    return subject_of(request.client, issuance.subject, request.ring)
