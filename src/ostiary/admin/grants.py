"""Grants: what people let applications do, seen and ended by others.

They belong to the organization of the person.
"""

from ostiary.admin import users
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import NotFound
from ostiary.admin.holdings import authorize_power_over
from ostiary.admin.store import PAGE, Admin, Grants
from ostiary.model.grant import Grant
from ostiary.oauth.effects import Effects, RevokeGrant

WHAT = "grant"
REASON = "admin_revoked"


async def list_of(  # noqa: PLR0913 - whose, and which page
    admin: Admin,
    reads: Grants,
    actor: Actor,
    user_id: str,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Grant, ...]:
    """Return what a user lets applications do now, ordered by id.

    Raises:
        NotFound: there is no such user for the actor.
    """
    user = await users.find(admin, actor, user_id)
    return await reads.list_grants(user.id, admin.clock.now(), after, limit)


async def show(reads: Grants, actor: Actor, grant_id: str) -> Grant:
    """Return a grant, also one that is over.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await _read(reads, grant_id)
    authorize_read(actor, found.organization_id, WHAT, grant_id, Area.USER)
    return found


async def revoke(admin: Admin, reads: Grants, actor: Actor, grant_id: str) -> Grant:
    """End a grant, and with it every code and token of it; the person's other ones go on.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or the person administers more than the actor.
    """

    async def step() -> tuple[Grant, Effects]:
        now = admin.clock.now()
        present = await _read(reads, grant_id)
        authorize_change(actor, present.organization_id, WHAT, grant_id, Area.USER)
        await authorize_power_over(admin, actor, present.user_id, users.WHAT)
        if present.revoked_at is not None:
            return present, ()
        event = tell(
            "grant.revoked",
            actor,
            now,
            organization_id=present.organization_id,
            client_id=present.client_id,
            user_id=present.user_id,
            target=present.id,
        )
        return present, (RevokeGrant(present.id, REASON, now), event)

    return await commit(admin, step)


async def _read(reads: Grants, grant_id: str) -> Grant:
    found = await reads.read_grant(grant_id)
    if found is None:
        raise NotFound(WHAT, grant_id)
    return found
