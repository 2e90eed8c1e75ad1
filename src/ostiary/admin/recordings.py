"""Recording of an application: for a while all that it does at the protocol endpoints is traced.

Otherwise only failures are, and of what succeeds the first of each hour. A recording ends by
itself. Which there are is part of the configuration, so that each process knows it.
"""

from enum import StrEnum

import msgspec

from ostiary.admin import clients
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import Overtaken
from ostiary.admin.store import Admin
from ostiary.model.client import ClientKind
from ostiary.oauth.effects import Effects

LASTS = 15 * 60
"""For how many seconds an application is recorded."""

MOST = 20
"""How many applications of an instance are recorded at the same time."""


class State(StrEnum):
    """Whether an application is recorded."""

    ON = "on"
    OFF = "off"


class RecordingFields(Request, frozen=True, kw_only=True):
    """Whether an application is to be recorded from now on."""

    state: State


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Until when an application is recorded, in seconds since the epoch; None: it is not."""

    client_id: str
    until: int | None


async def record(admin: Admin, actor: Actor, client_id: str, state: State) -> Recording:
    """Record an application from now on, or no longer; once more begins the time anew.

    Raises:
        NotFound: there is no such application for the actor.
        NotAllowed: the actor may only read.
        Overtaken: too many applications are recorded.
    """

    async def step() -> tuple[Recording, Effects]:
        now = admin.clock.now()
        client = await clients.require(admin, actor, ClientKind.APPLICATION, client_id)
        present = await admin.store.read_configuration()
        others = {
            name: until
            for name, until in present.recordings.items()
            if until > now and name != client_id
        }
        if state is State.OFF:
            outcome, wanted = Recording(client_id=client_id, until=None), others
        elif len(others) < MOST:
            outcome = Recording(client_id=client_id, until=now + LASTS)
            wanted = {**others, client_id: now + LASTS}
        else:
            raise Overtaken(
                f"{MOST} applications are recorded already.",
                hint="Each recording ends after a quarter of an hour; stop one, or wait.",
            )
        _, effects = revise(present, differences(present, {"recordings": wanted}), now)
        if not effects or (state is State.OFF and client_id not in present.recordings):
            return outcome, ()
        event = tell(
            "client.recorded" if state is State.ON else "client.unrecorded",
            actor,
            now,
            organization_id=client.organization_id,
            client_id=client_id,
        )
        return outcome, (*effects, event)

    return await commit(admin, step)
