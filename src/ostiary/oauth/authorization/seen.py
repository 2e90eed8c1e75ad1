"""What an authorization request that was answered shows of its client."""

from ostiary.model.client import Client
from ostiary.model.sighting import Seen, Trait
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.redirect import find_registered


def see(request: AuthorizationRequest, client: Client) -> tuple[Seen, ...]:
    """Return what a request shows of its client: nothing but what is registered."""
    seen = [
        (Trait.RESPONSE_TYPE, request.response_type),
        (Trait.RESPONSE_MODE, request.response_mode),
        (Trait.PUSHED, "no" if request.pushed is None else "yes"),
        *((Trait.SCOPE, one) for one in request.scopes if one in client.allowed_scopes),
    ]
    redirect_uri = find_registered(request.redirect_uri, client)
    if redirect_uri is not None:
        seen.append((Trait.REDIRECT_URI, redirect_uri))
    if request.has("code"):
        challenge = "none" if request.code_challenge is None else "S256"
        seen.append((Trait.CODE_CHALLENGE, challenge))
    if request.openid:
        seen.append((Trait.NONCE, "absent" if request.nonce is None else "sent"))
    return tuple(seen)
