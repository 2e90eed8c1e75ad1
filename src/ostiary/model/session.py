"""Browsers, the sessions in them, and the typed proofs that a session rests on."""

from enum import StrEnum

import msgspec

from ostiary.model.record import Versioned


class ProofKind(StrEnum):
    """How a person proved who they are."""

    PASSWORD = "password"
    PASSKEY = "passkey"
    TOTP = "totp"
    EMAIL_CODE = "email_code"
    RECOVERY_CODE = "recovery_code"
    # A one-time link that the server printed where it was started, in development mode.
    CONSOLE_LINK = "console_link"
    # A second factor was proven in this browser before, and is not asked for. It makes no
    # session stronger.
    TRUSTED_DEVICE = "trusted_device"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One successful check of one credential. There is no other way to be signed in."""

    kind: ProofKind
    at: int
    # Which credential, where a person can have several of the kind.
    credential_id: str | None = None
    # Of a passkey: that it cannot leave its device, by what it says of itself.
    bound: bool = False


class Browser(Versioned, frozen=True, kw_only=True):
    """A user agent, known by the SHA-256 digest of its cookie.

    The cookie, and so the digest, changes at each sign-in; the id stays.
    """

    id: str
    digest: bytes
    created_at: int
    expires_at: int


class Session(Versioned, frozen=True, kw_only=True):
    """One user signed in within one browser.

    `acr`, `amr` and `auth_time` are computed from `proofs`, never stored as flags.
    """

    id: str
    browser_id: str
    user_id: str
    organization_id: str
    proofs: tuple[Proof, ...]
    remembered: bool = False
    # The person needs a second factor, and was let in without one this once.
    grace: bool = False
    created_at: int
    last_seen_at: int
    # Idle and absolute end; the earlier one counts.
    idle_expires_at: int
    expires_at: int
    ip: str = ""
    user_agent: str = ""
    revoked_at: int | None = None
    revoked_reason: str | None = None
