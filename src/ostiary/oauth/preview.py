"""What an application would be told about a person, without anybody signing in.

The claims are made by the functions that tokens are made by, so that a preview cannot say
anything else than they do. With each goes what put it there: a scope, or a setting of the
application. What has no value before there is a token (ids, hashes) is left out.
"""

from typing import Any

import msgspec

from ostiary.model.client import Client
from ostiary.model.grant import Grant
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.oauth.authorization.authentication import ACR_1FA
from ostiary.oauth.claims import SCOPE_CLAIMS, USER_CLAIMS
from ostiary.oauth.instructions import Extras, Kind, parse
from ostiary.oauth.issuance import Issuance, TokenRequest
from ostiary.oauth.mint import access_claims, id_claims
from ostiary.oauth.reader import Standing
from ostiary.oauth.scope import OPENID, audience
from ostiary.oauth.subject import subject_of
from ostiary.oauth.token import userinfo
from ostiary.oauth.token.bearer import Presented

_NOBODY = ""
# Known only once there is a token.
_LATER = frozenset({"jti", "sid", "grant_id"})
_ROLES, _METADATA, _OWNER = "org:project:roles", "user:metadata", "user:resourceowner:"
_KINDS = {
    _ROLES: (Kind.ROLES,),
    _METADATA: (Kind.METADATA,),
    _OWNER: (Kind.RESOURCE_OWNER,),
    "org:": (Kind.ORGANIZATION, Kind.DOMAIN),
}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim, its value, and what put it there: nothing, where the standard alone does.

    `because` names settings and scopes, as in `setting id_token_role_assertion`.
    """

    name: str
    value: Any
    because: tuple[str, ...] = ()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an ID token, an access token and userinfo would tell.

    Without the scope `openid` there is neither ID token nor userinfo.
    """

    id_token_claims: tuple[Claim, ...]
    access_token_claims: tuple[Claim, ...]
    userinfo_claims: tuple[Claim, ...]


def imagine(request: TokenRequest, user: User, scopes: tuple[str, ...]) -> Standing:
    """Return a sign-in that would grant these scopes: now, by a password."""
    now, client = request.now, request.client
    session = Session(
        id=_NOBODY,
        browser_id=_NOBODY,
        user_id=user.id,
        organization_id=user.organization_id,
        proofs=(),
        created_at=now,
        last_seen_at=now,
        idle_expires_at=now,
        expires_at=now,
    )
    grant = Grant(
        id=_NOBODY,
        client_id=client.client_id,
        user_id=user.id,
        organization_id=user.organization_id,
        session_id=_NOBODY,
        sid=_NOBODY,
        scopes=scopes,
        auth_time=now,
        acr=ACR_1FA,
        amr=("pwd",),
        created_at=now,
        expires_at=now,
    )
    return Standing(grant=grant, session=session, user=user)


def preview(request: TokenRequest, standing: Standing, extras: Extras) -> Preview:
    """Return what would be told of a person who grants these scopes.

    Raises:
        NoSigningKey: the instance has no key for the subjects of the application.
    """
    client, scopes = request.client, standing.grant.scopes
    meant = audience(request.issuer, scopes, (), request.apis)
    issuance = Issuance(
        subject=standing.user.id, scopes=scopes, audience=meant, standing=standing, extras=extras
    )
    lifetime = client.lifetimes.access_token or request.policies.token_lifetimes.access_token
    accessed = access_claims(request, issuance, request.now + lifetime, _NOBODY)
    told: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    if OPENID in scopes:
        told = id_claims(request, issuance, standing, {}, _NOBODY)
        presented = Presented(
            client=client,
            scopes=scopes,
            audience=(request.issuer,),
            standing=standing,
            subject=subject_of(client, standing.user.id, request.ring),
            jti=_NOBODY,
            issued_at=request.now,
            expires_at=request.now + lifetime,
            digest=None,
        )
        asked = userinfo.decide(presented, request.issuer, extras)
    return Preview(
        id_token_claims=_explain(told, client, scopes, "id_token"),
        access_token_claims=_explain(accessed, client, scopes, "access_token"),
        userinfo_claims=_explain(asked, client, scopes, "userinfo"),
    )


def _explain(
    claims: dict[str, Any], client: Client, scopes: tuple[str, ...], place: str
) -> tuple[Claim, ...]:
    return tuple(
        Claim(name=name, value=value, because=_because(name, client, scopes, place))
        for name, value in sorted(claims.items())
        if name not in _LATER
    )


def _because(name: str, client: Client, scopes: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return what put a claim there."""
    if name in USER_CLAIMS:
        asserted = ("setting id_token_userinfo_assertion",) if place == "id_token" else ()
        found = tuple(f"scope {one}" for one in scopes if name in SCOPE_CLAIMS.get(one, ()))
        return asserted + found
    settings = {
        "roles": f"{'access' if place == 'access_token' else 'id'}_token_role_assertion",
        "groups": "groups_assertion",
    }
    if client.clock_skew:
        settings |= dict.fromkeys(("iat", "exp", "auth_time"), "clock_skew")
    if name in settings:
        return (f"setting {settings[name]}",)
    if name == "scope":
        return tuple(f"scope {one}" for one in scopes)
    kinds = next((kinds for mark, kinds in _KINDS.items() if mark in name), ())
    parsed = ((one, parse(one)) for one in scopes)
    return tuple(f"scope {one}" for one, read in parsed if read is not None and read.kind in kinds)
