"""Clients that registered themselves and were never used: they leave without a trace.

A note beside such a client says so until its first token. Nothing rests on the client yet,
so it is deleted for good, where others only lose their good standing; its id is random and
does not come again.
"""

from ostiary.admin import logos, policies
from ostiary.admin.actor import Actor, system
from ostiary.admin.change import tell
from ostiary.admin.store import Registrations
from ostiary.clock import Clock
from ostiary.model.client import Client, ClientState
from ostiary.model.image import APPLICATION
from ostiary.model.registration import UnusedClient
from ostiary.oauth.effects import Conflict, Delete, Effects, Update

_DAY = 86400
_BATCH = 100


def erase(client: Client, unused: UnusedClient, actor: Actor, now: int, verb: str) -> Effects:
    """Return what removes a client that was never used; it loses where it is used meanwhile.

    `verb` is what its event says.
    """
    event = tell(
        f"client.{verb}",
        actor,
        now,
        organization_id=client.organization_id,
        client_id=client.client_id,
        target=client.project_id,
    )
    return (
        Update(unused, {}),
        Delete(Client, client.client_id),
        Delete(UnusedClient, client.client_id),
        *logos.follow(APPLICATION + client.client_id, client.logo_uri, None, now),
        event,
    )


async def expire_unused(store: Registrations, clock: Clock) -> int:
    """Delete the clients that registered themselves long ago and were never used.

    Returns how many there were. Clients that were used meanwhile are left alone.
    """
    now = clock.now()
    policy = policies.in_force(await store.read_configuration()).client_registration
    until = now - policy.unused_days * _DAY
    actor = system("jobs")
    after = (0, "")
    expired = 0
    while page := await store.list_unused_clients(until, after, _BATCH):
        for unused in page:
            expired += await _expire(store, unused, actor, now)
        after = (page[-1].created_at, page[-1].client_id)
    return expired


async def _expire(store: Registrations, unused: UnusedClient, actor: Actor, now: int) -> bool:
    client = await store.read_client(unused.client_id)
    if client is None or client.state is ClientState.DELETED:
        await store.apply((Delete(UnusedClient, unused.client_id),))
        return False
    try:
        await store.apply(erase(client, unused, actor, now, "expired"))
    except Conflict:
        return False
    return True
