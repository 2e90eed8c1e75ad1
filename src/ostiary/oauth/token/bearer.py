"""Access tokens as they are shown to a protected endpoint (RFC 6750; RFC 9068, 4)."""

from typing import Any

import msgspec

from ostiary.jose.errors import JoseError
from ostiary.jose.jwt import Claims
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth import handle
from ostiary.oauth.errors import InvalidRequest, InvalidToken
from ostiary.oauth.handle import Kind
from ostiary.oauth.membership import read_footing
from ostiary.oauth.message import Form
from ostiary.oauth.reader import PersonalStanding, Reader, Standing
from ostiary.oauth.token import personal
from ostiary.oauth.usable import client_refusal, read_owners, standing_refusal

_PREFIX = "ost_"
_PERSONAL_PREFIX = f"ost_{Kind.PERSONAL_TOKEN}_"
# The scope under which the `jti` of a revoked JWT is remembered until it expires.
REVOKED = "revoked_access_token"
_DEAD = "The access token is malformed, expired, revoked, or was issued by someone else."


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A good access token and what it rests on. `standing` is None for client_credentials.

    `digest` names the record of an opaque token; a JWT has none. Times are as the token
    tells them.
    """

    client: Client
    subject: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    jti: str
    issued_at: int
    expires_at: int
    digest: bytes | None
    standing: Standing | None
    # Who acts for the subject, after a token exchange (RFC 8693, 4.1).
    act: dict[str, Any] | None = None
    # The record of a personal access token, which no client asked for.
    personal: PersonalStanding | None = None


def read_bearer(authorization: str | None, form: Form | None) -> str | None:
    """Find the access token of a request, or None where there is none (RFC 6750, 2).

    Other schemes than Bearer are as good as no header (RFC 6750, 3.1).

    Raises:
        InvalidRequest: the token stands in two places, or a Bearer header has none.
    """
    in_body = None if form is None else form.get("access_token")
    if authorization is None:
        return in_body
    scheme, _, token = authorization.partition(" ")
    if scheme.strip().lower() != "bearer":
        return in_body
    if not token.strip():
        raise InvalidRequest(
            "Send the access token as: Authorization: Bearer, a space, and the token.",
            rule="bearer-syntax",
            section="RFC 6750, 2.1",
        )
    if in_body is not None:
        raise InvalidRequest(
            "Send the access token in one place only, the header or the body.",
            rule="bearer-twice",
            section="RFC 6750, 2",
        )
    return token.strip()


async def examine(token: str, reader: Reader, ring: KeyRing, issuer: str, now: int) -> Presented:
    """Check an access token against its grant, session, user and client as of now.

    Raises:
        InvalidToken: it is not good, or no access token at all.
    """
    presented, issued_at = await _read(token, reader, ring, issuer, now)
    client = presented.client
    reason = client_refusal(client, await read_owners(client, reader))
    if reason is None and issued_at < client.tokens_not_before:
        reason = "tokens_not_before"
    standing = presented.standing
    if reason is None and standing is not None:
        granted_to = client
        if standing.grant.client_id != client.client_id:
            # By token exchange: the client that it was granted to must be in order, too.
            origin = await reader.client(standing.grant.client_id)
            reason = client_refusal(origin, await read_owners(origin, reader))
            granted_to = origin or client
        footing = await read_footing(standing, reader)
        reason = reason or standing_refusal(standing, granted_to, footing, now)
    if reason is not None:
        raise _dead(reason)
    return presented


async def recognize(token: str, reader: Reader, ring: KeyRing, issuer: str, now: int) -> Presented:
    """Read an access token that has neither expired nor been revoked: no proof of anything.

    Whether it may be used is not asked (see `examine`): a person may be locked today and
    not tomorrow.

    Raises:
        InvalidToken: it is no access token, or will never be good again.
    """
    presented, _ = await _read(token, reader, ring, issuer, now)
    return presented


async def _read(
    token: str, reader: Reader, ring: KeyRing, issuer: str, now: int
) -> tuple[Presented, int]:
    """Return what a token says, and when it was issued by this server's clock."""
    if token.startswith(_PERSONAL_PREFIX):
        return await _personal(token, reader, now)
    if token.startswith(_PREFIX):
        return await _opaque(token, reader, now)
    return await _jwt(token, reader, ring, issuer, now)


def _dead(reason: str) -> InvalidToken:
    return InvalidToken(_DEAD, rule="token-dead", section="RFC 6750, 3.1", detail=reason)


async def _opaque(token: str, reader: Reader, now: int) -> tuple[Presented, int]:
    if handle.unseal(Kind.ACCESS_TOKEN, token) is None:
        raise _dead("token_syntax")
    found = await reader.access_token(handle.digest(token))
    if found is None:
        raise _dead("token_unknown")
    record = found.token
    if record.expires_at <= now:
        raise _dead("token_expired")
    if record.revoked_at is not None:
        raise _dead("token_revoked")
    if record.grant_id is not None and found.standing is None:
        raise _dead("grant_unknown")
    client = await reader.client(record.client_id)
    if client is None:
        raise _dead("client_unknown")
    presented = Presented(
        client=client,
        subject=record.subject,
        scopes=record.scopes,
        audience=record.audience,
        jti=record.jti,
        issued_at=record.issued_at,
        expires_at=record.expires_at,
        digest=record.digest,
        act=record.act,
        standing=found.standing,
    )
    return presented, record.issued_at


async def _personal(token: str, reader: Reader, now: int) -> tuple[Presented, int]:
    if handle.unseal(Kind.PERSONAL_TOKEN, token) is None:
        raise _dead("token_syntax")
    found = await reader.personal_token(handle.digest(token))
    if found is None:
        raise _dead("token_unknown")
    record = found.token
    if record.expires_at <= now:
        raise _dead("token_expired")
    owner = await _owner(found, reader)
    presented = Presented(
        client=owner.client,
        subject=owner.subject,
        scopes=owner.scopes,
        audience=record.audience,
        jti=record.id,
        issued_at=record.created_at,
        expires_at=record.expires_at,
        digest=record.digest,
        standing=owner.standing,
        personal=found,
    )
    return presented, record.created_at


async def _owner(found: PersonalStanding, reader: Reader) -> personal.Owner:
    user = found.user
    if user is not None:
        policies = await reader.policies(user.organization_id)
        if not policies.personal_tokens.users:
            raise _dead("personal_tokens_off")
        apis = await reader.apis(user.organization_id)
        return personal.of_person(found, user, apis)
    account = await reader.client(found.token.user_id)
    owner = None if account is None else personal.of_account(found, account)
    if owner is None:
        raise _dead("client_unknown")
    return owner


async def _jwt(
    token: str, reader: Reader, ring: KeyRing, issuer: str, now: int
) -> tuple[Presented, int]:
    try:
        claims = ring.verify(token, typ="at+jwt", now=now)
        client_id = _text(claims, "client_id")
        if claims.iss != issuer or claims.sub is None or claims.exp is None or claims.iat is None:
            raise _dead("token_claims")
    except JoseError as error:
        raise _dead(str(error)) from None
    client = await reader.client(client_id)
    if client is None:
        raise _dead("client_unknown")
    if claims.exp <= now:
        raise _dead("token_expired")
    jti = _text(claims, "jti")
    grant_id = _text(claims, "grant_id") if "grant_id" in claims.members else None
    found = await reader.jwt(grant_id, REVOKED, jti.encode())
    if found.burnt:
        raise _dead("token_revoked")
    if grant_id is not None and found.standing is None:
        raise _dead("grant_unknown")
    presented = Presented(
        client=client,
        subject=claims.sub,
        scopes=tuple(_text(claims, "scope").split()) if "scope" in claims.members else (),
        audience=claims.aud,
        jti=jti,
        issued_at=int(claims.iat),
        expires_at=int(claims.exp),
        digest=None,
        act=claims.members.get("act"),
        standing=found.standing,
    )
    return presented, int(claims.iat) + client.clock_skew


def _text(claims: Claims, name: str) -> str:
    value: Any = claims.members.get(name)
    if not isinstance(value, str):
        raise _dead("token_claims")
    return value
