"""Factors: what people sign in with besides a password, and the devices that they trust.

Nothing is set up for somebody else: it is listed, and taken away where it was lost.
"""

from ostiary.admin import factors as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.factors import Summary
from ostiary.login.factors.attempts import counters_of
from ostiary.model.factor import FactorKind
from ostiary.model.factor import TrustedDevice as TrustedDeviceRecord
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of


class Factor(View, frozen=True, kw_only=True):
    """Something that a user signs in with. `codes_left` counts recovery codes."""

    id: str
    kind: FactorKind
    name: str
    codes_left: int | None
    created_at: Time
    last_used_at: Time | None


class TrustedDevice(View, frozen=True, kw_only=True):
    """A browser in which a user is not asked for a second factor."""

    id: str
    ip: str
    user_agent: str
    created_at: Time
    expires_at: Time


def view(one: Summary) -> Factor:
    """Show a factor."""
    return Factor(
        id=one.id,
        kind=one.kind,
        name=one.name,
        codes_left=one.left,
        created_at=time_of(one.created_at),
        last_used_at=maybe(one.last_used_at),
    )


def view_device(record: TrustedDeviceRecord) -> TrustedDevice:
    """Show a trusted device."""
    return TrustedDevice(
        id=record.id,
        ip=record.ip,
        user_agent=record.user_agent,
        created_at=time_of(record.created_at),
        expires_at=time_of(record.expires_at),
    )


async def list_factors(call: Call) -> Listed:
    """List the factors of a user, ordered by id."""
    found = await operations.list_factors(call.admin, call.actor, call.path["user_id"])
    left = sorted((one for one in found if one.id > call.after), key=lambda one: one.id)
    return Listed(records=left[: call.limit], view=view, key=lambda one: one.id)


async def remove(call: Call) -> Reply:
    """Take a factor away."""
    await operations.remove(call.admin, call.actor, call.path["user_id"], call.path["factor_id"])
    return Reply()


async def remove_all(call: Call) -> Reply:
    """Take every factor but the password away."""
    key = call.path["user_id"]
    await operations.remove_all(call.admin, call.actor, key, counters_of(key))
    return Reply()


async def remove_password(call: Call) -> Reply:
    """Leave somebody with passkeys alone."""
    await operations.remove_password(call.admin, call.actor, call.path["user_id"])
    return Reply()


async def list_devices(call: Call) -> Listed:
    """List the devices that a user trusts, ordered by id."""
    found = await operations.list_devices(call.admin, call.actor, call.path["user_id"])
    left = sorted((one for one in found if one.id > call.after), key=lambda one: one.id)
    return Listed(records=left[: call.limit], view=view_device, key=lambda one: one.id)


async def revoke_device(call: Call) -> Reply:
    """Ask for the second factor on a device again."""
    await operations.revoke_device(
        call.admin, call.actor, call.path["user_id"], call.path["device_id"]
    )
    return Reply()


_OF_USER = "/users/{user_id}"
ROUTES = (
    Route(
        method="GET",
        path=f"{_OF_USER}/factors",
        name="list_factors",
        summary="List what a user signs in with",
        description="Besides the password, which is not one of them.",
        operation=list_factors,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Factor,
        listing=True,
    ),
    Route(
        method="DELETE",
        path=f"{_OF_USER}/factors",
        name="remove_all_factors",
        summary="Take all factors away from somebody who lost them",
        description="Recovery codes and trusted devices go as well; the password stays.",
        operation=remove_all,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
    Route(
        method="DELETE",
        path=f"{_OF_USER}/factors/{{factor_id}}",
        name="remove_factor",
        summary="Take a factor away from a user",
        description="Not the only way in that they have, nor the last one that a policy demands.",
        operation=remove,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
    Route(
        method="DELETE",
        path=f"{_OF_USER}/password",
        name="remove_user_password",
        summary="Leave a user with passkeys alone",
        description="Sessions that the password opened end.",
        operation=remove_password,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
    Route(
        method="GET",
        path=f"{_OF_USER}/trusted-devices",
        name="list_trusted_devices",
        summary="List the devices that a user trusts",
        description="On these they are not asked for a second factor for a while.",
        operation=list_devices,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=TrustedDevice,
        listing=True,
    ),
    Route(
        method="DELETE",
        path=f"{_OF_USER}/trusted-devices/{{device_id}}",
        name="revoke_trusted_device",
        summary="Ask for the second factor on a device again",
        operation=revoke_device,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
