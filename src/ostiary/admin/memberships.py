"""Memberships: people who belong to an organization that is not their home."""

from functools import partial

from ostiary.admin import groups, organization, organizations, users
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.store import PAGE, Admin
from ostiary.identity.listing import read_all
from ostiary.model.membership import Membership
from ostiary.model.organization import RoleAssignment
from ostiary.model.user import User
from ostiary.oauth.effects import Delete, Effects, Insert, RevokeGrant
from ostiary.oauth.membership import MAX_MEMBERSHIPS

WHAT = "member"


async def add(
    admin: Admin, actor: Actor, organization_id: str, user: str, *, declared: bool = False
) -> Membership:
    """Make a user a member of another organization than their own; no change if they are.

    Whoever does so administers both: nobody finds out who has an account elsewhere, and
    nobody is put where they did not ask to be by strangers.

    Raises:
        NotFound: there is no such organization or user for the actor.
        NotAllowed: the actor may only read.
        Invalid: it is the home of the user, or they are a member of a hundred already.
    """

    async def step() -> tuple[Membership, Effects]:
        now = admin.clock.now()
        organization = await organizations.require(admin, actor, organization_id, Area.USER)
        found = await users.find(admin, actor, user)
        authorize_change(actor, found.organization_id, users.WHAT, user, Area.USER)
        if found.organization_id == organization.id:
            raise Invalid.at("user", "has their home in this organization: they belong to it")
        present = await admin.store.read_membership(organization.id, found.id)
        if present is not None:
            return present, ()
        others = await admin.store.list_memberships(found.id, "", MAX_MEMBERSHIPS)
        if len(others) == MAX_MEMBERSHIPS:
            raise Invalid.at("user", f"is a member of {MAX_MEMBERSHIPS} organizations already")
        made = Membership(
            organization_id=organization.id, user_id=found.id, declared=declared, created_at=now
        )
        event = tell(
            "membership.added", actor, now, organization_id=organization.id, user_id=found.id
        )
        return made, (Insert(made), event)

    return await commit(admin, step)


async def remove(admin: Admin, actor: Actor, organization_id: str, user_id: str) -> Membership:
    """End a membership, and with it what the organization gave: groups and roles.

    What the member granted to applications while acting for the organization ends as well.

    Raises:
        NotFound: there is no such organization for the actor, or no such member.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[Membership, Effects]:
        now = admin.clock.now()
        organization = await organizations.require(admin, actor, organization_id, Area.USER)
        present = await admin.store.read_membership(organization.id, user_id)
        if present is None:
            raise NotFound(WHAT, user_id)
        event = tell(
            "membership.removed", actor, now, organization_id=organization.id, user_id=user_id
        )
        end = Delete(Membership, (organization.id, user_id))
        ended = await _acting_grants(admin, organization.id, user_id, now)
        given = await _belongings(admin, organization.id, user_id)
        return present, (end, *ended, *given, event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, organization_id: str, user_id: str) -> Membership:
    """Return that somebody is a member of an organization.

    Raises:
        NotFound: there is no such organization for the actor, or no such member.
    """
    await organizations.show(admin, actor, organization_id)
    authorize_read(actor, organization_id, organization.WHAT, organization_id, Area.USER)
    found = await admin.store.read_membership(organization_id, user_id)
    if found is None:
        raise NotFound(WHAT, user_id)
    return found


async def list_all(
    admin: Admin, actor: Actor, organization_id: str, *, after: str = "", limit: int = PAGE
) -> tuple[tuple[Membership, User], ...]:
    """Return the members of an organization that have their home elsewhere, by user id.

    Raises:
        NotFound: there is no such organization for the actor.
    """
    await organizations.show(admin, actor, organization_id)
    found = []
    for membership in await admin.store.list_members(organization_id, after, limit):
        user = await admin.store.read_user(membership.user_id)
        if user is not None:
            found.append((membership, user))
    return tuple(found)


async def list_of_user(admin: Admin, actor: Actor, user_id: str) -> tuple[Membership, ...]:
    """Return where a user is a member besides their home, ordered by organization.

    Raises:
        NotFound: there is no such user for the actor.
    """
    user = await users.find(admin, actor, user_id)
    authorize_read(actor, user.organization_id, users.WHAT, user_id, Area.USER)
    found = await admin.store.list_memberships(user.id, "", MAX_MEMBERSHIPS)
    return tuple(one for one in found if actor.reaches(one.organization_id))


async def belongs(admin: Admin, user: User, organization_id: str) -> bool:
    """Tell whether an organization is the home of a user, or they are a member of it."""
    if user.organization_id == organization_id:
        return True
    return await admin.store.read_membership(organization_id, user.id) is not None


async def _acting_grants(admin: Admin, organization_id: str, user_id: str, now: int) -> Effects:
    """Return the effects that end what somebody granted while acting for an organization."""
    grants = await read_all(partial(admin.store.list_grants_of_user, user_id))
    return tuple(
        RevokeGrant(one.id, "membership_ended", now)
        for one in grants
        if one.acting_organization_id == organization_id and one.revoked_at is None
    )


async def _belongings(admin: Admin, organization_id: str, user_id: str) -> Effects:
    assignments = await read_all(
        lambda after, limit: admin.store.list_role_assignments(
            None, user_id, after, limit, organization_id
        )
    )
    return (
        *(Delete(RoleAssignment, one.id) for one in assignments),
        *await groups.leave_all(admin, user_id, organization_id),
    )
