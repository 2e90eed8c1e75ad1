"""The authorization code grant at the token endpoint (RFC 6749, 4.1.3; OpenID Connect Core 3.1.3).

Rule: only a request that would have succeeded uses up the code, or, when the code was
used before, revokes what it gave (OAuth 2.1, 7.5.2). So a stranger who holds a code but
neither the client's credentials nor the verifier can do no harm with it.
"""

from ostiary.model.client import Client
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.session import Session
from ostiary.oauth import handle
from ostiary.oauth.effects import Consume, Effect, Emit, Require, RevokeGrant
from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.grants.narrowing import narrow_audience
from ostiary.oauth.issuance import Issuance, NewFamily, TokenRequest
from ostiary.oauth.membership import Footing, read_footing
from ostiary.oauth.reader import CodeStanding, Reader
from ostiary.oauth.scope import OFFLINE_ACCESS, OPENID
from ostiary.oauth.token import pkce
from ostiary.oauth.usable import standing_refusal

grant_type = "authorization_code"
Facts = tuple[CodeStanding, Footing] | None
_DEAD = "The code is unknown, expired, already used, or was issued to another client."


async def load(request: TokenRequest, reader: Reader) -> Facts:
    """Read the code with its grant, session and user in one go."""
    found = await reader.code(handle.digest(request.form.require("code")))
    if found is None:
        return None
    return found, await read_footing(found.standing, reader)


def decide(request: TokenRequest, facts: Facts) -> Issuance:
    """Redeem the code.

    Raises:
        InvalidGrant: the code is not good, or not for this client, redirect URI or verifier.
    """
    if facts is None:
        raise InvalidGrant(_DEAD, rule="code-unknown", section="RFC 6749, 4.1.3")
    found, footing = facts
    code, standing = found.code, found.standing
    grant = standing.grant
    parts = {"user_id": grant.user_id, "grant_id": grant.id, "session_id": grant.session_id}
    if code.client_id != request.client.client_id:
        raise InvalidGrant(
            _DEAD,
            rule="code-client",
            section="RFC 6749, 4.1.3",
            effects=(Emit(request.failure("code.client_mismatch", "client_mismatch", **parts)),),
        )
    _check_redirect_uri(code, request.form.get("redirect_uri"))
    pkce.verify(code.code_challenge, request.form.get("code_verifier"))
    if code.consumed_at is not None:
        raise InvalidGrant(
            "The code was used before. What it gave has been revoked; start again with an "
            "authorization request.",
            rule="code-replayed",
            section="RFC 6749, 4.1.2",
            effects=(
                RevokeGrant(grant.id, "code_replayed", request.now),
                Emit(request.failure("code.replayed", "code_replayed", **parts)),
            ),
        )
    if code.expires_at <= request.now:
        raise InvalidGrant(_DEAD, rule="code-expired", section="RFC 6749, 4.1.2")
    reason = standing_refusal(standing, request.client, footing, request.now)
    if reason is not None:
        raise InvalidGrant(_DEAD, rule="grant-dead", detail=reason)
    audience = narrow_audience(request, grant.scopes, grant.resources)
    return Issuance(
        subject=grant.user_id,
        scopes=grant.scopes,
        audience=audience,
        standing=standing,
        id_token=OPENID in grant.scopes,
        nonce=code.nonce,
        refresh=NewFamily() if gives_refresh_token(request.client, grant.scopes) else None,
        effects=(Consume(AuthorizationCode, code.digest, request.now), *live(grant)),
    )


def live(grant: Grant) -> tuple[Effect, ...]:
    """Return the preconditions that every issuance under a grant carries."""
    if grant.offline:
        return (Require(Grant, grant.id),)
    return (Require(Grant, grant.id), Require(Session, grant.session_id))


def gives_refresh_token(client: Client, scopes: tuple[str, ...]) -> bool:
    """Tell whether a grant of these scopes comes with a refresh token for this client."""
    return "refresh_token" in client.grant_types and (
        OFFLINE_ACCESS in scopes or client.refresh_token_always
    )


def _check_redirect_uri(code: AuthorizationCode, given: str | None) -> None:
    if given is None and not code.redirect_uri_sent:
        return
    if given != code.redirect_uri:
        raise InvalidGrant(
            "The redirect_uri must be the same, character by character, as in the "
            "authorization request.",
            rule="code-redirect-uri",
            section="RFC 6749, 4.1.3",
            received=given or "none",
            expected=code.redirect_uri,
        )
