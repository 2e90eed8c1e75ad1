"""Refusals as JSON (RFC 6749, 5.2) and as challenges (RFC 6750, 3)."""

import msgspec
from falcon.asgi import Response

from ostiary.oauth.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidToken,
    OAuthError,
    TemporarilyUnavailable,
)

_RETRY_AFTER = "5"


def encode_error(error: OAuthError, uri: str | None = None) -> bytes:
    """Write the JSON object that tells an error; `uri` is where it is explained (RFC 6749, 5.2)."""
    told = {"error": error.error, "error_description": error.description}
    if uri is not None:
        told["error_uri"] = uri
    return msgspec.json.encode(told)


def error_headers(error: OAuthError) -> dict[str, str]:
    """Return the headers that go with an error."""
    if isinstance(error, InvalidClient):
        # A 401 has a challenge (RFC 9110, 11.6.1), and some clients show nothing else of it.
        told = f'error="{error.error}", error_description="{error.description}"'
        return {"WWW-Authenticate": f'Basic realm="ostiary", charset="UTF-8", {told}'}
    if isinstance(error, TemporarilyUnavailable):
        return {"Retry-After": _RETRY_AFTER}
    return {}


def render_error(response: Response, error: OAuthError, uri: str | None = None) -> None:
    """Answer with a JSON error object; `uri` is where the error is explained."""
    response.status = error.status
    response.data = encode_error(error, uri)
    response.set_headers(error_headers(error))


def render_challenge(response: Response, error: OAuthError | None, uri: str | None = None) -> None:
    """Answer a request for a protected resource: what is wrong with its access token.

    `uri` is where the error is explained.

    Without any token the challenge names no error (RFC 6750, 3.1).
    """
    challenge = 'Bearer realm="ostiary"'
    if error is None:
        response.status = 401
        response.set_header("WWW-Authenticate", challenge)
        return
    render_error(response, error, uri)
    challenge += f', error="{error.error}", error_description="{error.description}"'
    if isinstance(error, InsufficientScope) and error.expected:
        challenge += f', scope="{error.expected}"'
    if isinstance(error, InvalidToken | InsufficientScope) or error.status == 400:  # noqa: PLR2004
        response.set_header("WWW-Authenticate", challenge)
