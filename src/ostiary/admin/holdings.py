"""What an account holds as an administrator, and what follows from it for other operations."""

from functools import partial

from ostiary.admin.actor import Actor, Holding
from ostiary.admin.errors import NotAllowed
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_all
from ostiary.model.administrator import Administrator
from ostiary.oauth.effects import Delete


def holding_of(administrator: Administrator) -> Holding:
    """Return the role and the place of an administrator."""
    return Holding(
        role=administrator.role,
        organization_id=administrator.organization_id,
        project_id=administrator.project_id,
    )


async def holdings_of(admin: Admin, user_id: str) -> tuple[Holding, ...]:
    """Return everything that a user or service account holds now."""
    return tuple(map(holding_of, await admin.store.administrators_of(user_id)))


async def authorize_power_over(admin: Admin, actor: Actor, user_id: str, what: str) -> None:
    """Hold a change of an account to actors that may do at least as much as it may.

    Whoever looks after their own account wins nothing by it.

    Raises:
        NotAllowed: the account administers something that the actor does not.
    """
    if actor.id == user_id:
        return
    for held in await holdings_of(admin, user_id):
        if not actor.outranks(held):
            raise NotAllowed(f"This {what} administers more than you do: {held.role}.")


async def take_all(admin: Admin, user_id: str) -> tuple[Delete, ...]:
    """Return the effects that take every role from an account that is deleted."""
    found = await admin.store.administrators_of(user_id)
    return tuple(Delete(Administrator, one.id) for one in found)


async def take_all_in(
    admin: Admin, organization_id: str, project_id: str | None = None
) -> tuple[Delete, ...]:
    """Return the effects that take every role in an organization or project that is deleted."""
    fetch = partial(admin.store.list_administrators, organization_id, project_id)
    return tuple(Delete(Administrator, one.id) for one in await read_all(fetch))
