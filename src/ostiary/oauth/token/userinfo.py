"""The userinfo endpoint (OpenID Connect Core 5.3)."""

from typing import Any

from ostiary.oauth.claims import claims_of_scopes, read_claims, requested_claims
from ostiary.oauth.errors import InsufficientScope, InvalidToken
from ostiary.oauth.instructions import Extras, role_claims
from ostiary.oauth.instructions import claims as instruction_claims
from ostiary.oauth.scope import OPENID
from ostiary.oauth.token.bearer import Presented


def decide(presented: Presented, issuer: str, extras: Extras) -> dict[str, Any]:
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
    return {
        **read_claims(standing.user, names),
        **instruction_claims(presented.scopes, standing.user, extras),
        **role_claims(presented.scopes, extras, asserted=presented.client.id_token_role_assertion),
        "sub": presented.subject,
    }
