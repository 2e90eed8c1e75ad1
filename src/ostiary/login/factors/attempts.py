"""How often codes may be tried: they have six digits.

Five failures in a quarter of an hour, and a hundred in a week, over everything that takes a
code of a person: any flow, any session, authenticator app, mail and recovery codes alike. A
try is counted before the code is looked at, and forgiven when it was right. On a device on
which the person has proven a second factor before, their own tries are counted apart: whoever
knows the password alone cannot lock the owner out there.
"""

import msgspec

from ostiary.login.device import Device, knows
from ostiary.login.errors import Throttled
from ostiary.login.lockout import failures
from ostiary.login.mac import MacKeys
from ostiary.login.store import LoginStore
from ostiary.model.factor import SECOND_FACTORS, Factor
from ostiary.model.user import User
from ostiary.oauth.effects import Clear, Conflict, Count, Effects

MAX_TRIES = 5
WINDOW = 900
_LONG_WINDOW = 7 * 86400


class Tally(msgspec.Struct, frozen=True):
    """The counters of one person, on one device of theirs or on all others."""

    key: str

    @property
    def keys(self) -> tuple[str, str]:
        """The counter of the last minutes, and that of the last week."""
        return self.key, f"{self.key}:week"

    def forgive(self) -> Effects:
        """Forget the tries: the code was right."""
        return tuple(map(Clear, self.keys))


def counters_of(user_id: str) -> tuple[str, ...]:
    """Return the counters of a person's tries on devices that are not theirs."""
    return Tally(f"factor:{user_id}").keys


def tally_of(
    user: User, present: tuple[Factor, ...], device: Device | None, keys: MacKeys
) -> Tally:
    """Choose the counters for a try of a person."""
    key = f"factor:{user.id}"
    # A device that was known before there was a second factor proves nothing of it.
    since = min((one.created_at for one in present if one.kind in SECOND_FACTORS), default=0)
    since = max(since, user.credentials_changed_at)
    if device is not None and knows(device, keys, user.id, since):
        key += f":{device.id}"
    return Tally(key)


async def begin(store: LoginStore, tally: Tally, ceiling: int, now: int) -> None:
    """Count a try, durably, before the code is looked at. `ceiling`: most failures in a week.

    Raises:
        Throttled: there were too many. `seconds` is None where waiting does not help.
        Unavailable: the store cannot answer now.
    """
    short, long = tally.keys
    usage = await store.usage((short, long))
    if failures(usage.get(long), now) >= ceiling:
        raise Throttled(None)
    used = usage.get(short)
    if used is not None and failures(used, now) >= MAX_TRIES:
        raise Throttled(min(used.expires_at - now, WINDOW))
    counts = (
        Count(short, MAX_TRIES, WINDOW, now),
        Count(long, ceiling, _LONG_WINDOW, now),
    )
    try:
        await store.apply(counts)
    except Conflict:
        raise Throttled(1) from None  # others used up the tries at the same time
