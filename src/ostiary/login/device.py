"""Known devices: a cookie that says who has signed in here before.

A stranger's failures cannot keep out a person who comes back on a device of their own.
The cookie holds an id and, for each of up to eight people, when they last signed in and a
MAC over id, person and time. It names nobody, and it ends with a change of the person's
credentials.
"""

import msgspec

from ostiary.clock import Entropy
from ostiary.login import mac
from ostiary.login.mac import MacKeys
from ostiary.oauth.handle import random_text

_LABEL = "known device"
_MAX_PEOPLE = 8
_MAX_LENGTH = 1024


class Visit(msgspec.Struct, frozen=True):
    """That somebody signed in at a time; who is only in the MAC."""

    at: int
    mark: str


class Device(msgspec.Struct, frozen=True):
    """What a device cookie says; nothing of it is proven until `knows` has checked it."""

    id: str
    visits: tuple[Visit, ...] = ()

    def cookie(self) -> str:
        """Write the cookie's value."""
        return ".".join((self.id, *(f"{visit.at}~{visit.mark}" for visit in self.visits)))


def read_device(cookie: str | None) -> Device | None:
    """Read a cookie's value; None where it is none of ours."""
    if cookie is None or len(cookie) > _MAX_LENGTH or not cookie.isascii():
        return None
    id_, *rest = cookie.split(".")
    if not id_.isalnum() or len(rest) > _MAX_PEOPLE:
        return None
    visits = []
    for text in rest:
        at, tilde, mark = text.partition("~")
        if not tilde or not at.isdecimal():
            return None
        visits.append(Visit(int(at), mark))
    return Device(id_, tuple(visits))


def knows(device: Device | None, keys: MacKeys, subject: str, since: int) -> bool:
    """Tell whether this person signed in on the device, not before `since`."""
    if device is None:
        return False
    # No early end: the work does not tell who is known.
    return any([_vouched(device, visit, keys, subject, since) for visit in device.visits])  # noqa: C419


def _vouched(device: Device, visit: Visit, keys: MacKeys, subject: str, since: int) -> bool:
    valid = mac.verify(keys, visit.mark, _LABEL, device.id, subject, str(visit.at))
    return valid and visit.at >= since


def remember_visit(
    device: Device | None, keys: MacKeys, user_id: str, now: int, entropy: Entropy
) -> Device:
    """Add a sign-in to a device, or begin a new one; the oldest of more than eight goes."""
    id_ = random_text(entropy) if device is None else device.id
    others = () if device is None else device.visits
    kept = [visit for visit in others if not _vouched(Device(id_), visit, keys, user_id, 0)]
    mark = mac.make(keys, _LABEL, id_, user_id, str(now))
    return Device(id_, (*kept, Visit(now, mark))[-_MAX_PEOPLE:])
