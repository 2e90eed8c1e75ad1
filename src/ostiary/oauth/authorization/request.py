"""Authorization requests, before and after their sender is proven.

Two types, not a flag: what goes wrong with an `UnverifiedRequest` is shown on a page of
this server and never redirected. An `AuthorizationRequest` only exists for a client that
exists and a redirect URI that is registered for it, so its errors go to `reply_to`.
"""

from typing import Any

import msgspec

from ostiary.oauth.claims import SCOPE_CLAIMS, USER_CLAIMS
from ostiary.oauth.message import Form
from ostiary.oauth.scope import OPENID


class ReplyTo(msgspec.Struct, frozen=True):
    """Whom to answer, where, how, and under which `state`."""

    client_id: str
    redirect_uri: str
    response_mode: str
    state: str | None = None


class Mark(msgspec.Struct, frozen=True):
    """What is remembered of a request object, so that it is answered once.

    `jti` is its SHA-256 digest in hexadecimal digits, `until` when it can be forgotten.
    """

    jti: str
    until: int


class UnverifiedRequest(msgspec.Struct, frozen=True):
    """The parameters as they came in: nothing is proven, nobody may be redirected."""

    form: Form


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request of a registered client, for one of its redirect URIs.

    It encodes itself as JSON for `Interaction.request`; `restore` reads it back.
    """

    client_id: str
    redirect_uri: str
    # Whether the request named the redirect URI; if so, the token request must too.
    redirect_uri_sent: bool = True
    response_mode: str
    response_type: str = ""
    state: str | None = None
    nonce: str | None = None
    # Granted as they stand: unknown scopes are gone, all others are allowed to the client.
    scopes: tuple[str, ...] = ()
    # RFC 8707; empty where none were named.
    resources: tuple[str, ...] = ()
    code_challenge: str | None = None
    # Values of `prompt`: none, login, consent, select_account, enrol.
    prompts: tuple[str, ...] = ()
    # Seconds; the client's default where the request has none.
    max_age: int | None = None
    # A user name or e-mail address to sign in with, from the client; never trusted.
    login_hint: str | None = None
    # Only these users may be answered for: the subject of `id_token_hint`, the `sub` that
    # the `claims` parameter names. None: anybody.
    subjects: tuple[str, ...] | None = None
    # Voluntary wishes, in order of preference.
    acr_values: tuple[str, ...] = ()
    # Only people of this organization may be answered for.
    organization: str | None = None
    # The `claims` parameter, reduced to what is defined (OpenID Connect Core 5.5).
    claims: dict[str, Any] | None = None
    ui_locales: tuple[str, ...] = ()
    # The digest of the pushed request that this is, in hexadecimal digits.
    pushed: str | None = None
    # Of the request object that this came in.
    mark: Mark | None = None
    # The digest of the device code that waits for the answer, in hexadecimal digits; such a
    # request has no redirect URI.
    device: str | None = None
    # The path of one of our own pages that is opened with the answer; a request of a client
    # that is part of the program, which has no redirect URI either.
    entry: str | None = None
    # What was typed on that page, which is filled in again once the person has signed in.
    draft: dict[str, str] | None = None

    @property
    def redirects(self) -> bool:
        """Whether the answer goes to a redirect URI of the client."""
        return self.device is None and self.entry is None

    @property
    def reply_to(self) -> ReplyTo:
        """Where errors and the answer go."""
        return ReplyTo(self.client_id, self.redirect_uri, self.response_mode, self.state)

    def has(self, word: str) -> bool:
        """Tell whether the answer holds a `code`, an `id_token` or a `token`."""
        return word in self.response_type.split()

    @property
    def openid(self) -> bool:
        """Whether this is an authentication request (OpenID Connect Core 3.1.2.1)."""
        return OPENID in self.scopes

    @property
    def single_claims(self) -> tuple[str, ...]:
        """Names of the claims about the user that no requested scope covers, sorted.

        A person who is asked for consent sees these besides the scopes.
        """
        if self.claims is None:
            return ()
        covered = {name for scope in self.scopes for name in SCOPE_CLAIMS.get(scope, ())}
        asked = {name for place in self.claims.values() for name in place}
        return tuple(sorted((asked & USER_CLAIMS.keys()) - covered))

    def store(self) -> dict[str, Any]:
        """Encode for `Interaction.request`."""
        encoded: dict[str, Any] = msgspec.to_builtins(self)
        return encoded


def restore(stored: dict[str, Any]) -> AuthorizationRequest:
    """Read back what `AuthorizationRequest.store` wrote.

    Raises:
        msgspec.ValidationError: another version of the server wrote it.
    """
    return msgspec.convert(stored, AuthorizationRequest)
