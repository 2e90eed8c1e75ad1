"""What a token request that was answered shows of its client."""

from ostiary.model.sighting import ELSEWHERE, PAUSES, Seen, Trait
from ostiary.oauth.issuance import Issuance, Repetition, Rotation, TokenRequest


def see(
    request: TokenRequest, grant_type: str, issuance: Issuance, *, reads_keys: bool = False
) -> tuple[Seen, ...]:
    """Return what a request shows of its client: nothing but what is registered.

    `reads_keys` tells that the address it comes from has read the keys before.
    """
    seen = [
        (Trait.GRANT_TYPE, grant_type),
        *((Trait.SCOPE, one) for one in issuance.scopes if one in request.client.allowed_scopes),
        *((Trait.AUDIENCE, one) for one in _audiences(request, issuance)),
    ]
    if isinstance(issuance.refresh, Rotation | Repetition):
        pause = request.now - issuance.refresh.family.rotated_at
        bound = next((one for one in PAUSES if pause <= one), PAUSES[-1])
        seen.append((Trait.REFRESH_PAUSE, str(bound)))
    if reads_keys:
        seen.append((Trait.ENDPOINT, "keys"))
    return tuple(seen)


def _audiences(request: TokenRequest, issuance: Issuance) -> set[str]:
    """Return who the access token is for."""
    return {one if _is_registered(one, request) else ELSEWHERE for one in issuance.audience}


def _is_registered(audience: str, request: TokenRequest) -> bool:
    return audience == request.issuer or any(api.audience == audience for api in request.apis)
