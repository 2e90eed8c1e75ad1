"""What failed sign-ins cost: first nothing, then seconds, then a quarter of an hour.

Failures are counted by person, in two classes: on each device that the person has signed
in on before, and on all other devices together. Only the latter are locked, so that no
stranger can lock the owner out. A name that nobody has is counted like one that somebody
has. A use is counted before the password is looked at, and forgiven when it was right.

Besides, an address (IPv6: its /64) may fail so many times a minute, whoever it tries to be.
"""

import ipaddress

import msgspec

from ostiary.login.errors import Throttled
from ostiary.model.grant import Usage
from ostiary.model.policy import LockoutPolicy
from ostiary.oauth.effects import Count
from ostiary.oauth.peer import peer_of

# How long failures are remembered that no success has cleared.
WINDOW = 7 * 86400
_ADDRESS_WINDOW = 60
_LONGEST_DELAY = 60
# Failures of an address are counted after the fact; nothing is refused by the count itself.
_NO_LIMIT = 1_000_000_000


class Door(msgspec.Struct, frozen=True):
    """The counter that a sign-in goes by. `known`: on a device that the person has used."""

    key: str
    known: bool


def account_key(subject: str, device_id: str | None = None) -> str:
    """Name the counter of a person: on one device of their own, or on all others."""
    return f"login:{subject}" if device_id is None else f"login:{subject}:{device_id}"


def address_key(ip: str) -> str:
    """Name the counter of a network address."""
    return f"login-address:{peer_of(ip)}"


def is_loopback(ip: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def failures(usage: Usage | None, now: int) -> int:
    """Return what a counter says now."""
    return 0 if usage is None or usage.expires_at <= now else usage.count


def choose_door(
    subject: str, device_id: str | None, usage: dict[str, Usage], policy: LockoutPolicy, now: int
) -> Door:
    """Choose the counter. `device_id` is given where the device is known for this person.

    A device of one's own that failed a hundred times is no better than any other.
    """
    if device_id is not None:
        key = account_key(subject, device_id)
        if failures(usage.get(key), now) < policy.hard_ceiling:
            return Door(key, known=True)
    return Door(account_key(subject), known=False)


def admit(door: Door, usage: dict[str, Usage], policy: LockoutPolicy, now: int) -> Count:
    """Let a sign-in try, and count it; of several at once beyond the free ones, only one.

    Raises:
        Throttled: it must wait.
    """
    used = usage.get(door.key)
    count = failures(used, now)
    free = policy.free_attempts if door.known else _free_on_unknown(policy)
    if used is None or count < free:
        return Count(door.key, limit=free, window=WINDOW, at=now)
    if not door.known and count >= policy.hard_ceiling:
        raise Throttled(None)
    delay = min(_LONGEST_DELAY, 2 ** min(count - free, 6))
    if not door.known and count >= policy.soft_lock_after:
        delay = policy.soft_lock_seconds
    # A clock that was set back does not make the wait longer.
    wait = min(used.last_at + delay - now, delay)
    if wait > 0:
        raise Throttled(wait)
    return Count(door.key, limit=count + 1, window=WINDOW, at=now)


def _free_on_unknown(policy: LockoutPolicy) -> int:
    return min(policy.free_attempts, policy.soft_lock_after, policy.hard_ceiling)


def locks(door: Door, usage: dict[str, Usage], policy: LockoutPolicy, now: int) -> bool:
    """Tell whether one more failure closes the door for a while."""
    return not door.known and failures(usage.get(door.key), now) + 1 == policy.soft_lock_after


def admit_address(
    key: str | None, usage: dict[str, Usage], policy: LockoutPolicy, now: int
) -> None:
    """Let an address try.

    Raises:
        Throttled: it failed too often this minute.
    """
    limit = policy.failures_per_address_per_minute
    used = None if key is None else usage.get(key)
    if used is not None and 0 < limit <= failures(used, now):
        raise Throttled(min(used.expires_at - now, _ADDRESS_WINDOW), address=True)


def count_address(key: str, now: int) -> Count:
    """Count a failure of an address."""
    return Count(key, limit=_NO_LIMIT, window=_ADDRESS_WINDOW, at=now)
