"""The userinfo endpoint (OpenID Connect Core 5.3)."""

from typing import Any

from ostiary.jose.keyring import KeyRing
from ostiary.oauth.claims import claims_of_scopes, read_claims, requested_claims
from ostiary.oauth.errors import InsufficientScope, InvalidToken
from ostiary.oauth.reader import Reader
from ostiary.oauth.scope import OPENID
from ostiary.oauth.token.bearer import Presented, examine


async def userinfo(
    token: str, reader: Reader, ring: KeyRing, issuer: str, now: int
) -> dict[str, Any]:
    """Return the claims that an access token gives about its user.

    Raises:
        InvalidToken: the token is not good, or not meant for this endpoint.
        InsufficientScope: the token was not issued for `openid`, or for no user at all.
    """
    presented = await examine(token, reader, ring, issuer, now)
    return decide(presented, issuer)


def decide(presented: Presented, issuer: str) -> dict[str, Any]:
    """Choose the claims: those of the token's scopes, and those asked for one by one.

    Raises:
        InvalidToken: another audience.
        InsufficientScope: no `openid`, or no user.
    """
    if OPENID not in presented.scopes or presented.standing is None:
        raise InsufficientScope(
            "Userinfo needs an access token that a user granted with the scope openid.",
            rule="userinfo-openid",
            section="OpenID Connect Core 5.3.1",
            received=" ".join(presented.scopes),
            expected=OPENID,
        )
    if issuer not in presented.audience:
        raise InvalidToken(
            "The access token is meant for another audience.",
            rule="token-audience",
            section="RFC 9068, 4",
            received=" ".join(presented.audience),
            expected=issuer,
        )
    standing = presented.standing
    names = (
        *claims_of_scopes(presented.scopes),
        *requested_claims(standing.grant.claims, "userinfo"),
    )
    return {**read_claims(standing.user, names), "sub": presented.subject}
