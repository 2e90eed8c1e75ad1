"""Devices on which a person is not asked for a second factor for a while.

Trust hangs on two cookies of the browser, the person, and their credentials: it is nobody
else's, in no other browser, and ends with a change of the password.
"""

import hashlib

from ostiary.jose import base64url
from ostiary.model.event import Source
from ostiary.model.factor import TrustedDevice
from ostiary.model.user import User

_DAY = 86400


def trusted_device_id(cookie: str, device_id: str, user: User) -> str:
    """Name the trust of one person in one browser: a digest of what only the browser holds.

    The password is part of it: with another one the trust is none.
    """
    parts = (part.encode() for part in (cookie, device_id, user.id, user.password_hash or ""))
    text = b"".join(len(part).to_bytes(4) + part for part in parts)
    return base64url.encode(hashlib.sha256(text).digest())


def make_trusted_device(id_: str, user: User, source: Source, now: int, days: int) -> TrustedDevice:
    """Trust a device for so many days."""
    return TrustedDevice(
        id=id_,
        user_id=user.id,
        created_at=now,
        expires_at=now + days * _DAY,
        ip=source.ip,
        user_agent=source.user_agent,
    )


def is_trusted(device: TrustedDevice, user: User, now: int) -> bool:
    """Tell whether a device counts now."""
    return (
        device.user_id == user.id
        and device.created_at >= user.credentials_changed_at
        and now < device.expires_at
    )
