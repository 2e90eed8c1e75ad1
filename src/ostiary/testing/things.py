"""What a test is given: people, applications, tokens, mails, logout notices."""

import base64
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from ostiary.testing.browser import trusted

_LINK = re.compile(r"https?://\S+")


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can sign in. `id` is the `sub` that applications see by default."""

    id: str
    username: str
    password: str
    email: str | None
    organization: str

    def __repr__(self) -> str:
        """Leave the password out of what a failing test prints."""
        return f"Person({self.username!r})"


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """A registered application. `metadata` is how it was registered."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_uris: tuple[str, ...]
    metadata: dict[str, Any]

    @property
    def discovery_url(self) -> str:
        """Where the server describes itself (OpenID Connect Discovery 1.0, 4)."""
        return f"{self.issuer}/.well-known/openid-configuration"

    def __repr__(self) -> str:
        """Leave the secret out of what a failing test prints."""
        return f"Application({self.client_id!r})"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the token endpoint (RFC 6749, 5.1). `expires_in` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str = ""
    id_token: str | None = None
    refresh_token: str | None = None

    @property
    def claims(self) -> dict[str, Any]:
        """What the ID token says; nothing where there is none. Its signature is not checked."""
        return {} if self.id_token is None else read_claims(self.id_token)

    @property
    def headers(self) -> dict[str, str]:
        """Return the header for a request to an API (RFC 6750, 2.1)."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def __repr__(self) -> str:
        """Leave the tokens out of what a failing test prints."""
        return f"Tokens(scope={self.scope!r}, expires_in={self.expires_in})"


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that was caught in place of being sent."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses in the text, in their order."""
        return tuple(_LINK.findall(self.text))


class LogoutNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What the server would tell an application (OpenID Connect Back-Channel Logout 1.0, 2.5).

    A test posts it to the application in its own way: `path` with `form`, or by `send`.
    """

    url: str
    logout_token: str

    @property
    def path(self) -> str:
        """The path of the address."""
        return urlsplit(self.url).path

    @property
    def form(self) -> dict[str, str]:
        """The fields of the request."""
        return {"logout_token": self.logout_token}

    @property
    def claims(self) -> dict[str, Any]:
        """What the logout token says. Its signature is not checked."""
        return read_claims(self.logout_token)

    def __repr__(self) -> str:
        """Leave the token out of what a failing test prints."""
        return f"LogoutNotice({self.url!r})"

    def send(self) -> httpx.Response:
        """Post it to an application that listens at its address."""
        return httpx.post(self.url, data=self.form, verify=trusted())


def read_claims(token: str) -> dict[str, Any]:
    """Read the claims of a signed token, unverified.

    Raises:
        ValueError: the token is none, or is encrypted.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature (RFC 7515, 7.1)
        raise ValueError("this is no signed token: its claims cannot be read")
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=dict[str, Any])
