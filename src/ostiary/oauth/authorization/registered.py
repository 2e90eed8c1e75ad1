"""What a client may ask for: its scopes, its response types, and its leave for old ones.

A request is held to it when it is read, and again before it is answered: between the two
somebody signs in, which takes minutes, or a pushed request waits.
"""

from ostiary.model.client import Client
from ostiary.oauth import instructions, legacy
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.errors import InvalidScope, UnauthorizedClient


def require_scopes(client: Client, scopes: tuple[str, ...]) -> None:
    """Hold a client to its scopes (RFC 6749, 3.3).

    Raises:
        InvalidScope: one is not among them.
    """
    excess = instructions.excess(scopes, client)
    if excess:
        raise InvalidScope(
            "This client is not registered for these scopes: " + " ".join(excess),
            rule="scope-registered",
            section="RFC 6749, 3.3",
            received=" ".join(scopes),
            expected=" ".join(client.allowed_scopes),
        )


def require_response_type(client: Client, response_type: str, now: int) -> None:
    """Hold a client to its response types, and to the leave that old ones need.

    Raises:
        UnauthorizedClient: it has not registered it, or may not use it any more.
    """
    if response_type not in client.response_types or not _has_grants(client, response_type):
        raise UnauthorizedClient(
            f"This client is not registered for response_type={response_type} with the grant "
            "types that go with it.",
            rule="response-type-registered",
            section="RFC 6749, 4.1.2.1",
            received=response_type,
            expected=" ".join(client.response_types),
        )
    if response_type != legacy.CODE:
        legacy.require(client, f"response_type={response_type}", "RFC 9700, 2.1.2", now)


def check_again(request: AuthorizationRequest, client: Client, now: int) -> None:
    """Hold a request that was pushed, or waited, to what its client may ask for by now.

    Raises:
        OAuthError: the client lost a scope, the response type, or its leave for it.
    """
    require_scopes(client, request.scopes)
    if request.redirects:
        require_response_type(client, request.response_type, now)


def _has_grants(client: Client, response_type: str) -> bool:
    """Tell whether a client has the grant types that go with it (RFC 7591, 2.1)."""
    words = set(response_type.split())
    wanted = {"authorization_code"} if legacy.CODE in words else set()
    if words - {legacy.CODE}:
        wanted.add(legacy.IMPLICIT)
    return wanted <= set(client.grant_types)
