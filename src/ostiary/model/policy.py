"""Policies: what an instance, or an organization within its bounds, decides.

Durations are seconds unless the name gives another unit. Bounds are in `BOUNDS` and
are checked where a policy is written, never where it is read.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.client import Legacy
from ostiary.model.record import Versioned

_DAY = 86400

FACTORS = ("password", "passkey", "totp", "email_code", "recovery_code")
"""What people can prove who they are with, as policies name it."""


class TokenLifetimes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long codes, tokens and sessions live."""

    code: int = 60
    access_token: int = 300
    access_token_machine: int = 600
    id_token: int = 300
    refresh_idle: int = 14 * _DAY
    refresh_absolute: int = 30 * _DAY
    refresh_retry_window: int = 10
    session_idle: int = 7200
    session_absolute: int = 43200
    remembered_idle: int = 14 * _DAY
    remembered_absolute: int = 30 * _DAY
    par: int = 60
    device_code: int = 600
    device_interval: int = 5
    reset_link: int = 900
    email_code: int = 600
    invitation: int = 3 * _DAY


class LoginPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people sign in."""

    # Ask for the name first, and for the password on a page of its own.
    identifier_first: bool = False
    remember_me: bool = True
    # Whether the session counts in frames of other sites too, for silent renewal there.
    cross_site_sessions: bool = False
    allowed_factors: tuple[str, ...] = FACTORS
    # Offer to set up a passkey on the sign-in page, where the device can hold one.
    passkey_offer: bool = True


class MfaRequired(StrEnum):
    """Who has to have a second factor."""

    NEVER = "never"
    # Whoever administers something: the instance, an organization, a project.
    ADMINISTRATORS = "administrators"
    ALWAYS = "always"


class MfaPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who needs a second factor. Whoever has one is asked for it in any case."""

    required: MfaRequired = MfaRequired.NEVER
    # For so long a device can be remembered on which it is not asked for; 0: never.
    trusted_device_days: int = 30
    # So often somebody who needs one may sign in without having set it up.
    grace_logins: int = 0


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a password must be (NIST SP 800-63B)."""

    min_length: int = 15
    max_length: int = 256
    blocklist: bool = True


class LockoutPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What failed sign-ins cost. Known devices and their owner are never locked out."""

    free_attempts: int = 5
    soft_lock_after: int = 10
    soft_lock_seconds: int = 900
    hard_ceiling: int = 100
    failures_per_address_per_minute: int = 30


class JoiningMode(StrEnum):
    """Who may make an account of their own."""

    OFF = "off"
    INVITATION = "invitation"
    OPEN = "open"


class UserRegistration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people join. Administrators can invite them in every mode.

    `verify_email` lets nobody in before they proved their address. Where `allowed_domains`
    are named, only addresses in one of them can register.
    """

    mode: JoiningMode = JoiningMode.OFF
    verify_email: bool = True
    allowed_domains: tuple[str, ...] = ()
    terms_uri: str = ""


class KeysPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When signing keys change."""

    rotate_every: int = 90 * _DAY
    publish_before: int = _DAY


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long events and traces are kept."""

    issuance_events: int = 30 * _DAY
    events: int = 400 * _DAY
    traces: int = 7 * _DAY


class PersonalTokensPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Personal access tokens: whether people may have them, and for how long any may live."""

    users: bool = False
    max_lifetime: int = 365 * _DAY


class RegistrationMode(StrEnum):
    """Who may register clients at the registration endpoint."""

    OFF = "off"
    TOKEN = "token"
    OPEN = "open"


class ClientRegistration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may register applications by themselves (RFC 7591), and as what."""

    mode: RegistrationMode = RegistrationMode.OFF
    require_pkce: bool = False
    allowed_grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    allowed_response_types: tuple[str, ...] = ("code",)
    # Needed before implicit may be among them; clients that use it get it as their own.
    legacy: Legacy | None = None
    allow_public: bool = True
    # Whether clients may ask for ID tokens that nobody signed; it holds at every door.
    allow_unsigned_id_token: bool = False
    default_scopes: tuple[str, ...] = (
        *("openid", "profile", "email", "phone", "address"),
        "offline_access",
    )
    unused_days: int = 30


class AccountPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people may do about their own account."""

    self_deletion: bool = True


class Policies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All policies in force for one organization."""

    token_lifetimes: TokenLifetimes = TokenLifetimes()
    login: LoginPolicy = LoginPolicy()
    mfa: MfaPolicy = MfaPolicy()
    password: PasswordPolicy = PasswordPolicy()
    lockout: LockoutPolicy = LockoutPolicy()
    user_registration: UserRegistration = UserRegistration()
    keys: KeysPolicy = KeysPolicy()
    retention: Retention = Retention()
    personal_tokens: PersonalTokensPolicy = PersonalTokensPolicy()
    client_registration: ClientRegistration = ClientRegistration()
    account: AccountPolicy = AccountPolicy()
    require_pushed_authorization_requests: bool = False
    fetch_request_uris: bool = False


# (smallest, largest) allowed value by policy and key.
BOUNDS: dict[tuple[str, str], tuple[int, int]] = {
    ("token_lifetimes", "code"): (10, 600),
    ("token_lifetimes", "access_token"): (30, 3600),
    ("token_lifetimes", "access_token_machine"): (30, 3600),
    ("token_lifetimes", "id_token"): (30, 3600),
    ("token_lifetimes", "refresh_idle"): (60, 365 * _DAY),
    ("token_lifetimes", "refresh_absolute"): (60, 365 * _DAY),
    ("token_lifetimes", "refresh_retry_window"): (0, 60),
    ("token_lifetimes", "session_idle"): (60, 30 * _DAY),
    ("token_lifetimes", "session_absolute"): (60, 365 * _DAY),
    ("token_lifetimes", "remembered_idle"): (60, 365 * _DAY),
    ("token_lifetimes", "remembered_absolute"): (60, 365 * _DAY),
    ("token_lifetimes", "par"): (5, 599),
    ("token_lifetimes", "device_code"): (60, 1800),
    ("token_lifetimes", "device_interval"): (1, 60),
    ("token_lifetimes", "reset_link"): (60, 3600),
    ("token_lifetimes", "email_code"): (60, 600),
    ("token_lifetimes", "invitation"): (3600, 14 * _DAY),
    ("mfa", "trusted_device_days"): (0, 365),
    ("mfa", "grace_logins"): (0, 100),
    ("password", "min_length"): (8, 64),
    ("password", "max_length"): (64, 256),
    ("lockout", "free_attempts"): (1, 20),
    ("lockout", "soft_lock_after"): (5, 100),
    ("lockout", "soft_lock_seconds"): (60, _DAY),
    ("lockout", "hard_ceiling"): (10, 100),
    ("lockout", "failures_per_address_per_minute"): (0, 100_000),
    ("keys", "rotate_every"): (3600, 365 * _DAY),
    ("keys", "publish_before"): (0, 30 * _DAY),
    ("personal_tokens", "max_lifetime"): (3600, 3650 * _DAY),
    ("retention", "issuance_events"): (_DAY, 3650 * _DAY),
    ("retention", "events"): (_DAY, 3650 * _DAY),
    ("retention", "traces"): (3600, 90 * _DAY),
    ("client_registration", "unused_days"): (1, 3650),
}


class Configuration(Versioned, frozen=True, kw_only=True):
    """What the instance itself decides; one row, with id `instance`.

    `policies` holds only what differs from the defaults, as `Policies` encodes itself.
    """

    id: str = "instance"
    access_token_signing_alg: str = "ES256"
    enabled_algs: tuple[str, ...] = ("RS256", "ES256")
    rsa_bits: int = 2048
    policies: dict[str, Any] = {}
    # The applications whose exchanges are all traced, each with the time of its end.
    recordings: dict[str, int] = {}
    updated_at: int = 0
