"""The refresh token grant (RFC 6749, 6) with rotation (RFC 9700, 4.14.2).

Rule: a family has one current generation. Presenting it moves the family on. Presenting
the one before within the retry window gives the same successor again, as long as that
was not used, because an honest client whose answer was lost can do nothing else.
Anything older is reuse: somebody has a copy, and the grant ends for both.
"""

from ostiary.oauth.effects import Emit, RevokeGrant
from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.grants.authorization_code import live
from ostiary.oauth.grants.narrowing import narrow_audience, narrow_scopes
from ostiary.oauth.instructions import excess
from ostiary.oauth.issuance import (
    Issuance,
    RefreshStep,
    Repetition,
    Rotation,
    TokenRequest,
)
from ostiary.oauth.membership import Footing, read_footing
from ostiary.oauth.reader import FamilyStanding, Reader
from ostiary.oauth.scope import OPENID, known_scopes
from ostiary.oauth.token import refresh
from ostiary.oauth.token.refresh import RefreshToken
from ostiary.oauth.usable import standing_refusal

grant_type = "refresh_token"
Facts = tuple[RefreshToken, FamilyStanding, Footing] | None
_DEAD = (
    "The refresh token is unknown, expired, revoked, or was issued to another client. "
    "Send the person through a new authorization request."
)


async def load(request: TokenRequest, reader: Reader) -> Facts:
    """Read the family with its grant, session and user in one go."""
    token = refresh.read(request.form.require("refresh_token"))
    if token is None:
        return None
    found = await reader.refresh_family(token.family_id)
    if found is None:
        return None
    return token, found, await read_footing(found.standing, reader)


def decide(request: TokenRequest, facts: Facts) -> Issuance:
    """Rotate, repeat, or revoke.

    Raises:
        InvalidGrant: the token is not good (any more), or not for this client.
        InvalidScope: more is asked for than was granted.
        InvalidTarget: a resource was not granted.
    """
    if facts is None:
        raise InvalidGrant(_DEAD, rule="refresh-unknown", section="RFC 6749, 6")
    token, found, footing = facts
    key = request.ring.mac_key("refresh", found.family.key_version)
    if not token.made_with(key):
        raise InvalidGrant(_DEAD, rule="refresh-forged", section="RFC 6749, 6")
    if found.family.client_id != request.client.client_id:
        raise _revoking(request, found, "refresh_client_mismatch", "refresh-client")
    grant = found.standing.grant
    reason = standing_refusal(found.standing, request.client, footing, request.now)
    if reason is None and min(found.family.idle_expires_at, found.family.expires_at) <= request.now:
        reason = "refresh_expired"
    if reason is None and excess(grant.scopes, request.client):
        reason = "scope_withdrawn"
    if reason is not None:
        raise InvalidGrant(_DEAD, rule="grant-dead", section="RFC 6749, 6", detail=reason)
    step = _step(request, token, found)
    # Clients repeat the scope of their authorization request, where unknown ones were ignored.
    known = {*known_scopes(request.apis), *grant.scopes}
    scopes = narrow_scopes(request, grant.scopes, known=known)
    return Issuance(
        subject=grant.user_id,
        scopes=scopes,
        audience=narrow_audience(request, scopes, grant.resources),
        standing=found.standing,
        id_token=OPENID in scopes,
        refresh=step,
        effects=live(grant),
    )


def _step(request: TokenRequest, token: RefreshToken, found: FamilyStanding) -> RefreshStep:
    family = found.family
    if token.generation == family.generation:
        return Rotation(family)
    # A request may have come before the one that overtook it: then its time is the earlier one.
    distance = abs(request.now - family.rotated_at)
    window = request.policies.token_lifetimes.refresh_retry_window
    if token.generation == family.generation - 1 and distance <= window:
        return Repetition(family)
    raise _revoking(request, found, "refresh_reuse", "refresh-reuse")


def _revoking(request: TokenRequest, found: FamilyStanding, reason: str, rule: str) -> InvalidGrant:
    grant = found.standing.grant
    event = request.failure(
        "token.reuse_detected",
        reason,
        user_id=grant.user_id,
        grant_id=grant.id,
        session_id=grant.session_id,
    )
    return InvalidGrant(
        _DEAD,
        rule=rule,
        section="RFC 9700, 4.14.2",
        effects=(RevokeGrant(grant.id, reason, request.now), Emit(event)),
    )
