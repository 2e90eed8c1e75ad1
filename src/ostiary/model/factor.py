"""What a person proves who they are with, besides a password, and devices they trust."""

from enum import StrEnum

import msgspec

from ostiary.model.record import Record, Versioned


class FactorKind(StrEnum):
    """Kinds of factors, as users list them.

    `BOUND_PASSKEY` is a passkey that says of itself that it cannot leave its device.
    """

    PASSKEY = "passkey"
    BOUND_PASSKEY = "bound_passkey"
    TOTP = "totp"
    EMAIL_CODE = "email_code"
    RECOVERY_CODE = "recovery_code"


PASSKEYS = (FactorKind.PASSKEY, FactorKind.BOUND_PASSKEY)
SECOND_FACTORS = (*PASSKEYS, FactorKind.TOTP, FactorKind.EMAIL_CODE)
"""Whoever has one of these is asked for it after a password. A recovery code stands in."""


class Passkey(msgspec.Struct, frozen=True, kw_only=True, tag="passkey"):
    """A WebAuthn credential: its id, its public key (COSE), and how often it was used."""

    credential_id: bytes
    public_key: bytes
    sign_count: int = 0
    backup_eligible: bool = False
    backed_up: bool = False
    transports: tuple[str, ...] = ()
    aaguid: bytes = b""


class Totp(msgspec.Struct, frozen=True, kw_only=True, tag="totp"):
    """The secret that an authenticator app shares (RFC 6238), sealed, and the last step used."""

    sealed: bytes
    last_step: int = 0


class EmailCode(msgspec.Struct, frozen=True, kw_only=True, tag="email_code"):
    """Codes by mail, to the verified address that the person has at the time."""


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True, tag="recovery_code"):
    """Digests of the codes that were not used yet."""

    digests: tuple[bytes, ...]


Credential = Passkey | Totp | EmailCode | RecoveryCodes


class Factor(Versioned, frozen=True, kw_only=True):
    """One factor of a person.

    A passkey's id is made of its credential id, so that nobody registers one twice; of every
    other kind a person has at most one.
    """

    id: str
    user_id: str
    kind: FactorKind
    name: str = ""
    credential: Credential
    created_at: int
    last_used_at: int | None = None


class TrustedDevice(Record, frozen=True, kw_only=True):
    """A browser in which one person is not asked for a second factor for a while.

    `id` is a digest of what the browser and the device cookie hold.
    """

    id: str
    user_id: str
    created_at: int
    expires_at: int
    ip: str = ""
    user_agent: str = ""
