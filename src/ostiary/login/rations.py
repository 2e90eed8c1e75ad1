"""How often strangers can have mail sent: by account, by network address, and in all.

Who asks too often is answered like everybody else; only no mail goes out. On a device that
somebody has signed in on before, their own requests are counted apart, so that no stranger
can use them up.
"""

import msgspec

from ostiary.login.device import Device, knows
from ostiary.login.mac import MacKeys
from ostiary.model.event import Event, Source
from ostiary.model.user import User
from ostiary.oauth.effects import Count
from ostiary.oauth.peer import peer_of

PER_ACCOUNT = 3
PER_ADDRESS = 10
# Of all instances' strangers together: what a mail server takes without complaint.
IN_ALL = 5000
_HOUR = 3600


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a mail, and in which flow.

    `organization_id` and `client_id` are those of the application they came from.
    """

    source: Source
    organization_id: str
    client_id: str | None
    # Digest of the flow.
    flow: bytes | None
    # What the device cookie says: on a device of theirs, people are counted apart.
    device: Device | None = None
    exempt: bool = False

    def event(
        self,
        kind: str,
        user: User | None,
        organization_id: str,
        now: int,
        *,
        target: str | None = None,
    ) -> Event:
        """Make an event about what was asked; `target` stands for a name nobody has."""
        return Event(
            type=kind,
            at=now,
            actor_type="browser",
            user_id=None if user is None else user.id,
            client_id=self.client_id,
            organization_id=organization_id,
            target=target if user is None else None,
            ip=self.source.ip,
            user_agent=self.source.user_agent,
            trace_id=self.source.trace_id,
        )


def count_apart(subject: str, asker: Asker, keys: MacKeys, since: int) -> str:
    """Name whom a request counts for: a person on all devices, or on one of their own.

    `since` is when their credentials changed last: what the device knew before is over.
    """
    device = asker.device
    if device is None or not knows(device, keys, subject, since):
        return subject
    return f"{subject}:{device.id}"


def ration(what: str, subject: str, asker: Asker, now: int) -> tuple[Count, ...]:
    """Count a mail that is asked for. The step that it belongs to loses beyond the limits."""
    counted = [
        Count(f"mail-{what}:{subject}", limit=PER_ACCOUNT, window=_HOUR, at=now),
        Count("mail-in-all", limit=IN_ALL, window=_HOUR, at=now),
    ]
    if not asker.exempt:
        key = f"mail-address:{peer_of(asker.source.ip)}"
        counted.append(Count(key, limit=PER_ADDRESS, window=_HOUR, at=now))
    return tuple(counted)
