"""What a person signs in with: adding, naming and removing factors.

Pure: what is there comes in, effects go out. Every change is one of the user's record too,
so that of two changes at once one loses and decides again: nobody removes their last two
factors in the same moment. Who may change anything is asked before
(`oauth.authorization.strength.change_refusal`).
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Protocol

import msgspec

from ostiary.clock import Entropy
from ostiary.identity.passkeys import Registered
from ostiary.identity.recovery_codes import digest_code, make_codes
from ostiary.jose import base64url
from ostiary.jose.envelope import Place
from ostiary.model.factor import (
    PASSKEYS,
    SECOND_FACTORS,
    EmailCode,
    Factor,
    FactorKind,
    Passkey,
    RecoveryCodes,
    Totp,
    TrustedDevice,
)
from ostiary.model.policy import Policies
from ostiary.model.user import User
from ostiary.oauth.authorization.strength import is_mfa_required, second_factors, usable_factors
from ostiary.oauth.effects import Delete, Effects, Insert, Update

MAX_PASSKEYS = 20
_MAX_NAME = 64


class FactorRefused(Exception):
    """A change that is not possible. `reason` is a short name, which texts go by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FactorReader(Protocol):
    """What the factors of people are checked against."""

    async def factor(self, factor_id: str) -> Factor | None:
        """Return a factor."""
        ...

    async def factors(self, user_id: str) -> tuple[Factor, ...]:
        """Return what somebody proves who they are with, oldest first."""
        ...

    async def trusted_device(self, device_id: str) -> TrustedDevice | None:
        """Return a trusted device, expired or not."""
        ...

    async def trusted_devices(self, user_id: str) -> tuple[TrustedDevice, ...]:
        """Return the devices that somebody trusts, expired ones included, newest first."""
        ...


class Factors(msgspec.Struct, frozen=True, kw_only=True):
    """A person and everything they sign in with."""

    user: User
    present: tuple[Factor, ...]
    policies: Policies
    trusted: tuple[TrustedDevice, ...] = ()

    def of(self, *kinds: FactorKind) -> tuple[Factor, ...]:
        """Return the factors of some kinds."""
        return tuple(factor for factor in self.present if factor.kind in kinds)

    def find(self, factor_id: str) -> Factor | None:
        """Return the factor with this id."""
        return next((factor for factor in self.present if factor.id == factor_id), None)


def passkey_id(credential_id: bytes) -> str:
    """Name a passkey's record by its credential id: there is one of each."""
    return base64url.encode(hashlib.sha256(credential_id).digest())


def user_handle(user_id: str) -> bytes:
    """Return how authenticators know a person (WebAuthn 5.4.3): it says nothing about them."""
    return hashlib.sha256(b"passkey user\0" + user_id.encode()).digest()


def totp_place(user_id: str) -> Place:
    """Name the place of a person's TOTP secret, for its envelope."""
    return Place("factors", f"totp:{user_id}", "sealed")


def add_passkey(
    factors: Factors, registered: Registered, name: str, now: int
) -> tuple[Factor, Effects]:
    """Add a passkey.

    Raises:
        FactorRefused: there are too many, or the policy has none.
    """
    if "passkey" not in factors.policies.login.allowed_factors:
        raise FactorRefused("not_allowed")
    if len(factors.of(*PASSKEYS)) >= MAX_PASSKEYS:
        raise FactorRefused("too_many")
    eligible = registered.backup_eligible
    factor = Factor(
        id=passkey_id(registered.credential_id),
        user_id=factors.user.id,
        kind=FactorKind.PASSKEY if eligible else FactorKind.BOUND_PASSKEY,
        name=clean_name(name),
        credential=Passkey(
            credential_id=registered.credential_id,
            public_key=registered.public_key,
            sign_count=registered.sign_count,
            backup_eligible=eligible,
            backed_up=registered.backed_up,
            transports=registered.transports,
            aaguid=registered.aaguid,
        ),
        created_at=now,
        last_used_at=now,
    )
    return factor, _insert(factors, factor)


def add_totp(factors: Factors, sealed: bytes, step: int, now: int) -> tuple[Factor, Effects]:
    """Add an authenticator app, whose code of `step` was typed in.

    `sealed` is its secret for `totp_place`.

    Raises:
        FactorRefused: there is one, or the policy has none.
    """
    user_id = factors.user.id
    factor = Factor(
        id=f"totp:{user_id}",
        user_id=user_id,
        kind=FactorKind.TOTP,
        credential=Totp(sealed=sealed, last_step=step),
        created_at=now,
        last_used_at=now,
    )
    return factor, _insert_only(factors, factor)


def add_email_code(factors: Factors, now: int) -> tuple[Factor, Effects]:
    """Let a person use codes by mail, to their verified address.

    Raises:
        FactorRefused: they do already, have no such address, or the policy has none.
    """
    user = factors.user
    if not (user.email and user.email_verified):
        raise FactorRefused("email_unverified")
    factor = Factor(
        id=f"email_code:{user.id}",
        user_id=user.id,
        kind=FactorKind.EMAIL_CODE,
        credential=EmailCode(),
        created_at=now,
        last_used_at=now,
    )
    return factor, _insert_only(factors, factor)


def replace_recovery_codes(
    factors: Factors, entropy: Entropy, now: int
) -> tuple[tuple[str, ...], Effects]:
    """Make new recovery codes in place of all that were left; they are shown once.

    Raises:
        FactorRefused: the policy has none.
    """
    user = factors.user
    if FactorKind.RECOVERY_CODE not in factors.policies.login.allowed_factors:
        raise FactorRefused("not_allowed")
    codes = make_codes(entropy)
    credential = RecoveryCodes(digests=tuple(filter(None, map(digest_code, codes))))
    for old in factors.of(FactorKind.RECOVERY_CODE):
        changes = {"credential": credential, "created_at": now, "last_used_at": None}
        return codes, (Update(old, changes), _update(user, factors.present))
    factor = Factor(
        id=f"recovery_code:{user.id}",
        user_id=user.id,
        kind=FactorKind.RECOVERY_CODE,
        credential=credential,
        created_at=now,
    )
    return codes, _insert(factors, factor)


def rename(factors: Factors, factor_id: str, name: str) -> Effects:
    """Give a factor another name.

    Raises:
        FactorRefused: the person has no such factor.
    """
    factor = _require(factors, factor_id)
    return (Update(factor, {"name": clean_name(name)}),)


def remove(factors: Factors, factor_id: str) -> Effects:
    """Remove a factor; with the last second factor go recovery codes and trusted devices.

    Raises:
        FactorRefused: the person has no such factor, could not sign in without it, or has to
            keep a second factor.
    """
    factor = _require(factors, factor_id)
    left = tuple(one for one in factors.present if one is not factor)
    user = msgspec.structs.replace(factors.user, factors=kinds_of(left))
    if user.password_hash is None and not set(user.factors).intersection(PASSKEYS):
        raise FactorRefused("last_way_in")
    if factor.kind in SECOND_FACTORS and not second_factors(user, factors.policies):
        if is_mfa_required(factors.policies):
            raise FactorRefused("last_second_factor")
        return remove_all(factors)
    return (_update(factors.user, left), Delete(Factor, factor.id))


def remove_all(factors: Factors) -> Effects:
    """Remove everything but the password, and trust no device any more.

    What an administrator does for somebody who lost it all; passkeys go too.
    """
    return (
        _update(factors.user, ()),
        *(Delete(Factor, factor.id) for factor in factors.present),
        *(Delete(TrustedDevice, device.id) for device in factors.trusted),
    )


def remove_password(factors: Factors, now: int) -> Effects:
    """Leave a person with passkeys alone; what the password opened ends.

    Raises:
        FactorRefused: they have no passkey that they may use.
    """
    if not set(usable_factors(factors.user, factors.policies)).intersection(PASSKEYS):
        raise FactorRefused("last_way_in")
    return (Update(factors.user, {"password_hash": None, "credentials_changed_at": now}),)


def kinds_of(present: Iterable[Factor]) -> tuple[FactorKind, ...]:
    """Return what the user's record says about these factors."""
    kinds = {factor.kind for factor in present}
    return tuple(kind for kind in FactorKind if kind in kinds)


def clean_name(name: str) -> str:
    """Return a name as it is shown: without what nobody sees, and not too long."""
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in name[:1000])
    return " ".join(visible.split())[:_MAX_NAME]


def _insert_only(factors: Factors, factor: Factor) -> Effects:
    if factor.kind not in factors.policies.login.allowed_factors:
        raise FactorRefused("not_allowed")
    if factors.of(factor.kind):
        raise FactorRefused("present_already")
    return _insert(factors, factor)


def _insert(factors: Factors, factor: Factor) -> Effects:
    return (_update(factors.user, (*factors.present, factor)), Insert(factor))


def _update(user: User, present: Iterable[Factor]) -> Update:
    return Update(user, {"factors": kinds_of(present)})


def _require(factors: Factors, factor_id: str) -> Factor:
    factor = factors.find(factor_id)
    if factor is None:
        raise FactorRefused("unknown")
    return factor
