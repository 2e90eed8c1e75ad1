"""A grant and what is issued under it: codes, refresh families, opaque access tokens.

`Grant.revoked_at` is the one truth: every use of a code or token reads its grant.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.record import Record, Versioned


class Grant(Record, frozen=True, kw_only=True):
    """One authorization that a user gave to a client, and the handle for revoking it."""

    id: str
    client_id: str
    user_id: str
    organization_id: str
    # The organization that the user acts for, where they chose one or the request names it.
    acting_organization_id: str | None = None
    session_id: str
    # The `sid` claim that the client sees (OpenID Connect Back-Channel Logout 2.1).
    sid: str
    scopes: tuple[str, ...]
    # RFC 8707 resources of the authorization request; empty where none were named.
    resources: tuple[str, ...] = ()
    # The `claims` request parameter as parsed JSON (OpenID Connect Core 5.5).
    claims: dict[str, Any] | None = None
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    # Outlives its session: the user granted the scope `offline_access`. Other refresh tokens,
    # which the application's setting gives, end with the session.
    offline: bool = False
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    revoked_reason: str | None = None


class AuthorizationCode(Record, frozen=True, kw_only=True):
    """A code at rest: the digest of its value and what it is bound to (RFC 6749, 4.1.2)."""

    digest: bytes
    grant_id: str
    client_id: str
    redirect_uri: str
    # Whether the request named the redirect URI; if so, the token request must too.
    redirect_uri_sent: bool = True
    code_challenge: str | None = None
    nonce: str | None = None
    created_at: int
    expires_at: int
    consumed_at: int | None = None


class RefreshFamily(Versioned, frozen=True, kw_only=True):
    """All refresh tokens of one grant: only the generation counts, values are recomputed."""

    id: bytes
    grant_id: str
    client_id: str
    generation: int = 0
    # Version of the instance key under which the tokens' MAC is made.
    key_version: int
    rotated_at: int
    created_at: int
    idle_expires_at: int
    expires_at: int


class AccessToken(Record, frozen=True, kw_only=True):
    """An opaque access token at rest."""

    digest: bytes
    jti: str
    # None for client_credentials, which no user granted.
    grant_id: str | None = None
    client_id: str
    subject: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    # Who acts for the subject, after a token exchange (RFC 8693, 4.1).
    act: dict[str, Any] | None = None
    issued_at: int
    expires_at: int
    revoked_at: int | None = None


class Consent(Versioned, frozen=True, kw_only=True):
    """What a user allowed a client, remembered for later requests."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    # Names of single claims that were asked for by the `claims` parameter.
    claims: tuple[str, ...] = ()
    granted_at: int
    revoked_at: int | None = None


class SentCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was mailed to somebody, by its ticket: the last one counts, in one flow alone."""

    digest: bytes
    session_id: str
    expires_at: int


class Interaction(Versioned, frozen=True, kw_only=True):
    """An authorization request that waits for a person, bound to one browser.

    `request` is the verified request as `AuthorizationRequest` encodes itself.
    """

    digest: bytes
    # Empty until the first visit where the request came by POST, which reads no cookie.
    browser_id: str
    client_id: str
    request: dict[str, Any]
    # The session that answers: set when somebody signs in or is chosen within this
    # interaction, and before consent is asked.
    session_id: str | None = None
    # The organization that this person chose to act for.
    organization_id: str | None = None
    # Prompts that were satisfied here: "login", "consent", "select_account",
    # "select_organization", "create";
    # "denied" once the person said no, which answers the client with access_denied.
    done: tuple[str, ...] = ()
    # What the person asked for besides, on a page of this interaction: "enrol".
    wanted: tuple[str, ...] = ()
    # The code that waits to be typed in, where one was mailed.
    sent_code: SentCode | None = None
    # What the person said they sign in as, where they are asked for that first.
    login_name: str = ""
    # Address prefix that it is counted under.
    peer: str = ""
    created_at: int
    expires_at: int
    consumed_at: int | None = None


class PushedRequest(Record, frozen=True, kw_only=True):
    """An authorization request that its client sent ahead (RFC 9126)."""

    digest: bytes
    client_id: str
    # The verified request as `AuthorizationRequest` encodes itself.
    request: dict[str, Any]
    created_at: int
    # When a browser must have brought it; `expires_at` is when it must have been answered.
    begin_before: int
    expires_at: int
    consumed_at: int | None = None


class DeviceStatus(StrEnum):
    """What a person has answered a device."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


class DeviceCode(Versioned, frozen=True, kw_only=True):
    """A device that waits for a person to sign in elsewhere (RFC 8628)."""

    digest: bytes
    # What the person types: eight letters, in upper case. It opens a page, and no more.
    user_code: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...] = ()
    # What the device must prove to know when it fetches its tokens (RFC 7636), where it said so.
    code_challenge: str | None = None
    # Only people of this organization may answer.
    organization_id: str | None = None
    status: DeviceStatus = DeviceStatus.PENDING
    # What the device gets, once somebody has agreed.
    grant_id: str | None = None
    # Seconds that the device has to wait between two requests.
    interval: int
    # Where the device is, for the person to compare.
    ip: str = ""
    created_at: int
    expires_at: int
    consumed_at: int | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the throttle counters, as read."""

    key: str
    count: int
    last_at: int
    expires_at: int
