"""What people sign in with besides a password, as administrators see and change it.

Secrets are never shown, and nothing is set up for somebody else: administrators list what
there is, and take away what was lost.
"""

import msgspec

from ostiary.admin import sessions, users
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.organization import policies_of
from ostiary.admin.store import Admin
from ostiary.identity import factors as identity
from ostiary.identity.endings import end_resting_on
from ostiary.identity.factors import FactorRefused, Factors
from ostiary.model.factor import Factor, FactorKind, RecoveryCodes, TrustedDevice
from ostiary.model.user import User
from ostiary.oauth.effects import Clear, Delete, Effects, Emit, RevokeAccess

WHAT = "factor"
_REASONS = {
    "last_way_in": "is the only way in that this person has: give them a password first",
    "last_second_factor": "is the last second factor, and a policy demands one: remove all instead",
}


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A factor as it is shown: without its secret. `left` counts recovery codes."""

    id: str
    kind: FactorKind
    name: str
    created_at: int
    last_used_at: int | None
    left: int | None = None


async def list_factors(admin: Admin, actor: Actor, user_id: str) -> tuple[Summary, ...]:
    """Return what somebody signs in with besides a password, oldest first.

    Raises:
        NotFound: there is no such user for the actor.
    """
    await users.show(admin, actor, user_id)
    return tuple(map(summarize, await admin.store.factors(user_id)))


async def list_devices(admin: Admin, actor: Actor, user_id: str) -> tuple[TrustedDevice, ...]:
    """Return the devices on which somebody is not asked for a second factor, newest first.

    Raises:
        NotFound: there is no such user for the actor.
    """
    await users.show(admin, actor, user_id)
    now = admin.clock.now()
    found = await admin.store.trusted_devices(user_id)
    return tuple(device for device in found if device.expires_at > now)


def summarize(factor: Factor) -> Summary:
    """Return a factor as it is shown."""
    codes = factor.credential
    return Summary(
        id=factor.id,
        kind=factor.kind,
        name=factor.name,
        created_at=factor.created_at,
        last_used_at=factor.last_used_at,
        left=len(codes.digests) if isinstance(codes, RecoveryCodes) else None,
    )


async def remove(admin: Admin, actor: Actor, user_id: str, factor_id: str) -> None:
    """Take one factor away from somebody.

    Raises:
        NotFound: there is no such user or factor for the actor.
        NotAllowed: the actor may only read.
        Invalid: they could not sign in without it, or a policy demands it.
    """

    async def step() -> tuple[None, Effects]:
        present = await _load(admin, actor, user_id)
        try:
            effects = identity.remove(present, factor_id)
        except FactorRefused as refusal:
            if refusal.reason == "unknown":
                raise NotFound(WHAT, factor_id) from None
            raise Invalid.at("", _REASONS[refusal.reason]) from None
        ended = await _end_sessions(admin, actor, user_id, effects)
        return None, (*effects, *ended, _tell(admin, actor, present.user, "factor.removed"))

    await commit(admin, step)


async def remove_all(
    admin: Admin, actor: Actor, user_id: str, counters: tuple[str, ...] = ()
) -> None:
    """Take every factor but the password away from somebody who lost them; trust no device.

    The failures counted under these keys are forgotten.

    Raises:
        NotFound: there is no such user for the actor.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[None, Effects]:
        present = await _load(admin, actor, user_id)
        told = _tell(admin, actor, present.user, "factors.reset")
        effects = identity.remove_all(present)
        ended = await _end_sessions(admin, actor, user_id, effects)
        return None, (*effects, *ended, *map(Clear, counters), told)

    await commit(admin, step)


async def remove_password(admin: Admin, actor: Actor, user_id: str) -> None:
    """Leave somebody with passkeys alone; sessions that the password opened end.

    Raises:
        NotFound: there is no such user for the actor.
        NotAllowed: the actor may only read.
        Invalid: they have no passkey that they may use.
    """

    async def step() -> tuple[None, Effects]:
        present = await _load(admin, actor, user_id)
        now = admin.clock.now()
        try:
            effects = identity.remove_password(present, now)
        except FactorRefused:
            raise Invalid.at("", "has no passkey to sign in with") from None
        effects += await sessions.end_with_user(admin, user_id, "credentials_changed")
        effects += (RevokeAccess(user_id, None, "credentials_changed", now),)
        return None, (*effects, _tell(admin, actor, present.user, "password.removed"))

    await commit(admin, step)


async def revoke_device(admin: Admin, actor: Actor, user_id: str, device_id: str) -> None:
    """Ask for the second factor on a device again.

    Raises:
        NotFound: there is no such user for the actor, or they do not trust this device.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[None, Effects]:
        user = await users.require(admin, actor, user_id)
        device = await admin.store.trusted_device(device_id)
        if device is None or device.user_id != user.id:
            raise NotFound("trusted device", device_id)
        gone = (Delete(TrustedDevice, device.id),)
        ended = await _end_sessions(admin, actor, user_id, gone)
        return None, (*gone, *ended, _tell(admin, actor, user, "device.revoked"))

    await commit(admin, step)


async def _end_sessions(admin: Admin, actor: Actor, user_id: str, removal: Effects) -> Effects:
    """Return the effects on sessions of what is taken away."""
    found = await sessions.all_of(admin, user_id)
    return end_resting_on(
        removal, found, lambda one: sessions.end(admin, actor, one, "factor_removed")
    )


async def _load(admin: Admin, actor: Actor, user_id: str) -> Factors:
    user = await users.require(admin, actor, user_id)
    return Factors(
        user=user,
        present=await admin.store.factors(user_id),
        policies=await policies_of(admin, user.organization_id),
        trusted=await admin.store.trusted_devices(user_id),
    )


def _tell(admin: Admin, actor: Actor, user: User, event: str) -> Emit:
    return tell(
        event, actor, admin.clock.now(), organization_id=user.organization_id, user_id=user.id
    )
