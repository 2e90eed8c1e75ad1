"""The registered error codes, one class each (RFC 6749, 4.1.2.1 and 5.2, and successors).

An error says what to change (`description`, public), may say more for the log
(`detail`, private), and carries the effects that a refusal must still commit.
"""

from typing import ClassVar

from ostiary.model.client import Client
from ostiary.oauth.effects import Effects

_UNSAFE = {ord('"'): "'", ord("\\"): "/"}


def printable(text: str, limit: int = 200) -> str:
    """Reduce foreign text to what `error_description` may hold (RFC 6749, 5.2).

    Keeps %x20-21 / %x23-5B / %x5D-7E, shows anything else as `?`, and cuts at `limit`
    characters.
    """
    shown = text[:limit].translate(_UNSAFE)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(c if " " <= c <= "~" else "?" for c in shown)


class OAuthError(Exception):
    """A refusal in the words of the standards.

    `rule` is a short stable name of the rule that broke, `section` where it is written,
    `received` and `expected` the two values that differ, safe to show to a developer.
    """

    error: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400

    def __init__(  # noqa: PLR0913 - the parts of an explained error
        self,
        description: str,
        *,
        rule: str = "",
        section: str = "",
        received: str | None = None,
        expected: str | None = None,
        detail: str | None = None,
        effects: Effects = (),
    ) -> None:
        """Make a refusal; everything but `detail` may leave the server."""
        super().__init__(description)
        self.description = printable(description, limit=600)
        self.rule = rule
        self.section = section
        self.received = None if received is None else printable(received)
        self.expected = None if expected is None else printable(expected)
        self.detail = detail
        self.effects = effects


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated or malformed."""

    error = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed.

    `client` is the one that was named, where it exists: for the audit trail alone.
    """

    error = "invalid_client"
    status = 401
    client: Client | None = None

    def __init__(self, description: str, *, basic: bool = False, **parts: object) -> None:
        """`basic`: the client tried HTTP Basic, so the answer names that scheme."""
        super().__init__(description, **parts)  # type: ignore[arg-type]
        self.basic = basic


class InvalidGrant(OAuthError):
    """The code, refresh token or assertion is not good (any more), or not for this client.

    `client` is the one that an assertion names, where it exists: for the audit trail alone.
    """

    error = "invalid_grant"
    client: Client | None = None


class UnauthorizedClient(OAuthError):
    """The client may not use this grant or response type."""

    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """No such grant type."""

    error = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """No such response type."""

    error = "unsupported_response_type"


class InvalidScope(OAuthError):
    """A scope is malformed, or wider than allowed."""

    error = "invalid_scope"


class InvalidTarget(OAuthError):
    """The resource is unknown, malformed or not for this client (RFC 8707, 2)."""

    error = "invalid_target"


class AccessDenied(OAuthError):
    """The person, or a policy, said no."""

    error = "access_denied"


class AuthorizationPending(OAuthError):
    """Nobody has answered the device yet (RFC 8628, 3.5)."""

    error = "authorization_pending"


class SlowDown(OAuthError):
    """Nobody has answered the device yet, and it asks too often (RFC 8628, 3.5)."""

    error = "slow_down"


class ExpiredToken(OAuthError):
    """Nobody answered the device in time (RFC 8628, 3.5)."""

    error = "expired_token"


class LoginRequired(OAuthError):
    """`prompt=none`, and nobody is signed in (OpenID Connect Core 3.1.2.6)."""

    error = "login_required"


class ConsentRequired(OAuthError):
    """`prompt=none`, and the person has not agreed yet (OpenID Connect Core 3.1.2.6)."""

    error = "consent_required"


class InteractionRequired(OAuthError):
    """`prompt=none`, and something else is needed (OpenID Connect Core 3.1.2.6)."""

    error = "interaction_required"


class AccountSelectionRequired(OAuthError):
    """`prompt=none`, and several accounts could be meant (OpenID Connect Core 3.1.2.6)."""

    error = "account_selection_required"


class UnmetAuthenticationRequirements(OAuthError):
    """An essential `acr` cannot be reached (OpenID Connect Unmet Authentication Requirements)."""

    error = "unmet_authentication_requirements"


class InvalidRequestObject(OAuthError):
    """The request object is not good (RFC 9101, 6 and 7)."""

    error = "invalid_request_object"


class InvalidRequestUri(OAuthError):
    """There is no request object at the `request_uri`, or it is not registered (RFC 9101, 7)."""

    error = "invalid_request_uri"


class RequestUriNotSupported(OAuthError):
    """The `request_uri` parameter is not supported (OpenID Connect Core 3.1.2.6)."""

    error = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """The `registration` parameter is not supported (OpenID Connect Core 3.1.2.6)."""

    error = "registration_not_supported"


class InvalidRedirectUri(OAuthError):
    """A redirect URI that a client wants to register breaks a rule (RFC 7591, 3.2.2)."""

    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """Metadata that a client wants to register break a rule (RFC 7591, 3.2.2)."""

    error = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """A software statement is no signed JWT (RFC 7591, 3.2.2)."""

    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """A software statement is from somebody who is not trusted here (RFC 7591, 3.2.2)."""

    error = "unapproved_software_statement"


class InvalidToken(OAuthError):
    """The access token is malformed, expired, revoked or meant for others (RFC 6750, 3.1)."""

    error = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    """The access token does not reach this far (RFC 6750, 3.1)."""

    error = "insufficient_scope"
    status = 403


class InsufficientUserAuthentication(OAuthError):
    """The person has to sign in more strongly before they may do this (RFC 9470, 3)."""

    error = "insufficient_user_authentication"
    status = 401


class TemporarilyUnavailable(OAuthError):
    """The server cannot answer now; the same request may be sent again."""

    error = "temporarily_unavailable"
    status = 503
