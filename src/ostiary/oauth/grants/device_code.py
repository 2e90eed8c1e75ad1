"""The device code grant (RFC 8628, 3.4 and 3.5): a device asks whether somebody has answered."""

import msgspec

from ostiary.model.grant import DeviceCode, DeviceStatus
from ostiary.oauth import handle
from ostiary.oauth.effects import Consume, Effects, Update
from ostiary.oauth.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidGrant,
    SlowDown,
)
from ostiary.oauth.grants.authorization_code import gives_refresh_token, live
from ostiary.oauth.grants.narrowing import narrow_audience
from ostiary.oauth.issuance import Issuance, NewFamily, TokenRequest
from ostiary.oauth.membership import Footing, read_footing
from ostiary.oauth.reader import Reader, Standing
from ostiary.oauth.scope import OPENID
from ostiary.oauth.token import pkce
from ostiary.oauth.usable import standing_refusal

__all__ = ["decide", "grant_type", "load"]

grant_type = "urn:ietf:params:oauth:grant-type:device_code"
SECTION = "RFC 8628, 3.5"
SLOWER = 5
# Times are whole seconds: what looks like four of them may be nearly five.
_ROUNDING = 1
_DEAD = "The device_code is unknown, was used already, or was issued to another client."


class Facts(msgspec.Struct, frozen=True):
    """A device code, what was granted to it, and when it was asked about before."""

    record: DeviceCode
    polled_at: int | None
    standing: Standing | None = None
    footing: Footing = Footing()


async def load(request: TokenRequest, reader: Reader) -> Facts | None:
    """Read the code; what was granted only where somebody has answered."""
    digest = handle.digest(request.form.require("device_code"))
    record = await reader.device_code(digest)
    if record is None:
        return None
    polled_at = request.polls(digest, request.now)
    if record.grant_id is None:
        return Facts(record, polled_at)
    standing = await reader.standing(record.grant_id)
    if standing is None:
        return Facts(record, polled_at)
    return Facts(record, polled_at, standing, await read_footing(standing, reader))


def decide(request: TokenRequest, facts: Facts | None) -> Issuance:
    """Give the tokens, or say what to do.

    Raises:
        InvalidGrant: the code is not good, not for this client, or its challenge is not met.
        AuthorizationPending, SlowDown: nobody has answered yet.
        AccessDenied: the answer was no.
        ExpiredToken: nobody answered in time.
    """
    if facts is None or facts.record.client_id != request.client.client_id:
        raise InvalidGrant(_DEAD, rule="device-code-unknown", section=SECTION)
    record, standing = facts.record, facts.standing
    pkce.verify(record.code_challenge, request.form.get("code_verifier"))
    if record.consumed_at is not None:
        raise InvalidGrant(_DEAD, rule="device-code-used", section=SECTION)
    if record.expires_at <= request.now:
        raise ExpiredToken(
            "Nobody answered in time. Ask for new codes.", rule="device-code-expired"
        )
    if record.status is DeviceStatus.DENIED:
        raise AccessDenied("The request was refused.", rule="device-denied", section=SECTION)
    if record.status is DeviceStatus.PENDING:
        raise _not_yet(request, facts)
    reason = "grant_unknown"
    if standing is not None:
        reason = standing_refusal(standing, request.client, facts.footing, request.now) or ""
    if standing is not None and not reason:
        reason = _withdrawn(standing, request.client.allowed_scopes)
    if standing is None or reason:
        raise InvalidGrant(_DEAD, rule="grant-dead", section=SECTION, detail=reason)
    grant = standing.grant
    return Issuance(
        subject=grant.user_id,
        scopes=grant.scopes,
        audience=narrow_audience(request, grant.scopes, grant.resources),
        standing=standing,
        id_token=OPENID in grant.scopes,
        refresh=NewFamily() if gives_refresh_token(request.client, grant.scopes) else None,
        effects=(Consume(DeviceCode, record.digest, request.now), *live(grant)),
    )


def _withdrawn(standing: Standing, allowed: tuple[str, ...]) -> str:
    return "" if set(standing.grant.scopes) <= set(allowed) else "scope_withdrawn"


def _not_yet(request: TokenRequest, facts: Facts) -> AuthorizationPending | SlowDown:
    record, before = facts.record, facts.polled_at
    if before is None or request.now - before >= max(record.interval - _ROUNDING, 1):
        return AuthorizationPending(
            f"Nobody has answered yet. Ask again in {record.interval} seconds.",
            rule="device-pending",
            section=SECTION,
        )
    interval, lifetime = record.interval + SLOWER, record.expires_at - record.created_at
    effects: Effects = (Update(record, {"interval": interval}),)
    if record.interval >= lifetime:
        # Whoever does not listen at all costs no more writes.
        interval, effects = record.interval, ()
    return SlowDown(
        f"The device asks too often. From now on, wait {interval} seconds before each request.",
        rule="device-slow-down",
        section=SECTION,
        received=f"{request.now - before} seconds",
        expected=f"{record.interval} seconds",
        effects=effects,
    )
