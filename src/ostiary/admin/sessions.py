"""Sessions of users, seen and ended from outside of their browsers.

Each end goes by `RevokeSession`, so that the applications that the session was used with
are told of it.
"""

from functools import partial

from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import NotFound
from ostiary.admin.holdings import authorize_power_over
from ostiary.admin.store import PAGE, Admin
from ostiary.identity.listing import read_all
from ostiary.model.session import Session
from ostiary.oauth.effects import Effects, RevokeSession

WHAT = "session"
REASON = "admin_revoked"


async def list_of(
    admin: Admin, actor: Actor, user_id: str, *, after: str = "", limit: int = PAGE
) -> tuple[Session, ...]:
    """Return the sessions of a user that were not ended, ordered by id, expired ones included.

    Raises:
        NotFound: there is no such user for the actor.
    """
    user = await admin.store.read_user(user_id)
    if user is None:
        raise NotFound("user", user_id)
    authorize_read(actor, user.organization_id, "user", user_id, Area.USER)
    return await admin.store.list_sessions(user_id, after, limit)


async def show(admin: Admin, actor: Actor, session_id: str) -> Session:
    """Return a session, also one that is over.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_session(session_id)
    if found is None:
        raise NotFound(WHAT, session_id)
    authorize_read(actor, found.organization_id, WHAT, session_id, Area.USER)
    return found


async def revoke(admin: Admin, actor: Actor, session_id: str) -> Session:
    """End a session, and its grants that are not offline. One that is over stays so.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or the user administers more than the actor.
    """

    async def step() -> tuple[Session, Effects]:
        present = await admin.store.read_session(session_id)
        if present is None:
            raise NotFound(WHAT, session_id)
        authorize_change(actor, present.organization_id, WHAT, session_id, Area.USER)
        await authorize_power_over(admin, actor, present.user_id, "user")
        return present, () if present.revoked_at is not None else end(admin, actor, present)

    return await commit(admin, step)


async def revoke_all(admin: Admin, actor: Actor, user_id: str) -> tuple[Session, ...]:
    """End all sessions of a user; return those that were not over.

    Raises:
        NotFound: there is no such user for the actor.
        NotAllowed: the actor may only read, or the user administers more than the actor.
    """

    async def step() -> tuple[tuple[Session, ...], Effects]:
        user = await admin.store.read_user(user_id)
        if user is None:
            raise NotFound("user", user_id)
        authorize_change(actor, user.organization_id, "user", user_id, Area.USER)
        await authorize_power_over(admin, actor, user.id, "user")
        found = await all_of(admin, user_id)
        return found, tuple(effect for one in found for effect in end(admin, actor, one))

    return await commit(admin, step)


async def end_with_user(admin: Admin, user_id: str, reason: str) -> Effects:
    """Return the effects that end all sessions of a user along with a change of the user."""
    now = admin.clock.now()
    return tuple(RevokeSession(one.id, reason, now) for one in await all_of(admin, user_id))


async def all_of(admin: Admin, user_id: str) -> tuple[Session, ...]:
    """Return all sessions of a user that were not ended."""
    return tuple(await read_all(partial(admin.store.list_sessions, user_id)))


def end(admin: Admin, actor: Actor, session: Session, reason: str = REASON) -> Effects:
    """Return the effects that end a session."""
    now = admin.clock.now()
    event = tell(
        "session.revoked",
        actor,
        now,
        organization_id=session.organization_id,
        user_id=session.user_id,
        target=session.id,
    )
    return (RevokeSession(session.id, reason, now), event)
