"""Groups: people of an organization who are given roles together.

Whoever changes who is in a group changes who has its roles: it needs the same right.
"""

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import organizations, subjects, texts
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, Invalid, NotFound, Problem
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.listing import read_all, read_pages
from ostiary.model.membership import Group, GroupMember
from ostiary.model.organization import RoleAssignment
from ostiary.model.user import User
from ostiary.oauth.effects import Delete, Effects, Emit, Insert

WHAT = "group"
MEMBER = "member of the group"
# Tokens may hold the keys of all of them.
MAX_GROUPS_OF_USER = 200
MAX_DECLARED_MEMBERS = 1000


class GroupFields(Request, frozen=True, kw_only=True):
    """What a group is made with, or what is to change about it.

    `members`, where given, are all who are to be in it: user names, e-mail addresses or ids.
    """

    key: str
    name: str | UnsetType | None = UNSET
    members: tuple[str, ...] | UnsetType | None = UNSET


class Belonging(msgspec.Struct, frozen=True):
    """That somebody is in a group, and who it is."""

    member: GroupMember
    user: User


async def create(
    admin: Admin,
    actor: Actor,
    organization_id: str,
    request: GroupFields,
    *,
    declared: bool = False,
) -> Group:
    """Make a group.

    Raises:
        NotFound: there is no such organization, or member to be, for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
        AlreadyExists: the organization has a group with this key.
    """
    _check(request)

    async def step() -> tuple[Group, Effects]:
        now = admin.clock.now()
        organization = await organizations.require(admin, actor, organization_id, Area.ASSIGNMENT)
        if await admin.store.read_group_by_key(organization.id, request.key) is not None:
            raise AlreadyExists("group key", request.key, path="key")
        made = Group(
            id=new_id(now, admin.entropy),
            organization_id=organization.id,
            key=request.key,
            name=request.name or "",
            declared=declared,
            created_at=now,
            updated_at=now,
        )
        return made, (Insert(made), _tell(admin, actor, made, "group.created"))

    made = await commit(admin, step)
    await _set_members(admin, actor, made, request)
    return made


async def update(admin: Admin, actor: Actor, group_id: str, request: GroupFields) -> Group:
    """Change the name of a group, or who is in it; its key is what tokens hold, and stays.

    Raises:
        NotFound: there is no such group, or member to be, for the actor.
        NotAllowed: the actor may only read.
        Invalid: a value breaks a rule.
    """
    _check(request)

    async def step() -> tuple[Group, Effects]:
        present = await require(admin, actor, group_id)
        values = {} if request.name is UNSET else {"name": request.name or ""}
        changes = differences(present, values)
        changed, effects = revise(present, changes, admin.clock.now())
        if not effects:
            return present, ()
        event = _tell(admin, actor, present, "group.updated", changed=tuple(changes))
        return changed, (*effects, event)

    changed = await commit(admin, step)
    members = await _set_members(admin, actor, changed, request)
    # A change of members alone is a change as well, to whoever compares before and after.
    return msgspec.structs.replace(changed, updated_at=admin.clock.now()) if members else changed


async def delete(admin: Admin, actor: Actor, group_id: str) -> Group:
    """Delete a group: its members lose what they were by it.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """
    group = await require(admin, actor, group_id)
    # In steps, so that no transaction is long; what is left of a group that somebody
    # stopped deleting can be deleted again.
    async for page in read_pages(partial(admin.store.list_role_assignments, None, group.id)):
        await admin.store.apply(tuple(Delete(RoleAssignment, assignment.id) for assignment in page))
    async for members in read_pages(partial(admin.store.list_group_members, group.id), "user_id"):
        await admin.store.apply(
            tuple(Delete(GroupMember, (one.group_id, one.user_id)) for one in members)
        )

    async def step() -> tuple[Group, Effects]:
        present = await require(admin, actor, group_id)
        event = _tell(admin, actor, present, "group.deleted")
        rest = await admin.store.list_group_members(present.id, "", PAGE)
        left = (Delete(GroupMember, (one.group_id, one.user_id)) for one in rest)
        return present, (*left, Delete(Group, present.id), event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, group_id: str) -> Group:
    """Return a group by its id.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_group(group_id)
    if found is None:
        raise NotFound(WHAT, group_id)
    authorize_read(actor, found.organization_id, WHAT, group_id, Area.ASSIGNMENT)
    return found


async def find(admin: Admin, actor: Actor, organization_id: str, key: str) -> Group:
    """Return a group of an organization by its key, or else by its id.

    Raises:
        NotFound: there is none for the actor.
    """
    found = await admin.store.read_group_by_key(organization_id, key)
    if found is None:
        found = await admin.store.read_group(key)
    if found is None or found.organization_id != organization_id:
        raise NotFound(WHAT, key)
    authorize_read(actor, found.organization_id, WHAT, key, Area.ASSIGNMENT)
    return found


async def list_all(
    admin: Admin, actor: Actor, organization_id: str | None, *, after: str = "", limit: int = PAGE
) -> tuple[Group, ...]:
    """Return the groups of an organization, or of all, ordered by id.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    await organizations.authorize_list(admin, actor, organization_id, Area.ASSIGNMENT)
    return await admin.store.list_groups(organization_id, after, limit)


async def add_member(admin: Admin, actor: Actor, group_id: str, user: str) -> Belonging:
    """Put somebody into a group; no change if they are in it.

    Raises:
        NotFound: there is no such group for the actor, or nobody of that name in its
            organization.
        NotAllowed: the actor may only read.
        Invalid: they are in 200 groups already.
    """

    async def step() -> tuple[Belonging, Effects]:
        group = await require(admin, actor, group_id)
        found = await find_person(admin, user, group.organization_id)
        present = await admin.store.read_group_member(group.id, found.id)
        if present is not None:
            return Belonging(present, found), ()
        others = await admin.store.list_groups_of_user(found.id, "", MAX_GROUPS_OF_USER)
        if len(others) == MAX_GROUPS_OF_USER:
            raise Invalid.at("user", f"is in {MAX_GROUPS_OF_USER} groups already")
        made = GroupMember(group_id=group.id, user_id=found.id, created_at=admin.clock.now())
        event = _tell(admin, actor, group, "group.member_added", user_id=found.id)
        return Belonging(made, found), (Insert(made), event)

    return await commit(admin, step)


async def show_member(admin: Admin, actor: Actor, group_id: str, user_id: str) -> Belonging:
    """Return that somebody is in a group.

    Raises:
        NotFound: there is no such group for the actor, or they are not in it.
    """
    group = await show(admin, actor, group_id)
    member = await admin.store.read_group_member(group.id, user_id)
    user = await admin.store.read_user(user_id)
    if member is None or user is None:
        raise NotFound(MEMBER, user_id)
    return Belonging(member, user)


async def remove_member(admin: Admin, actor: Actor, group_id: str, user_id: str) -> GroupMember:
    """Take somebody out of a group.

    Raises:
        NotFound: there is no such group for the actor, or they are not in it.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[GroupMember, Effects]:
        group = await require(admin, actor, group_id)
        present = await admin.store.read_group_member(group.id, user_id)
        if present is None:
            raise NotFound(MEMBER, user_id)
        event = _tell(admin, actor, group, "group.member_removed", user_id=user_id)
        return present, (Delete(GroupMember, (group.id, user_id)), event)

    return await commit(admin, step)


async def list_members(
    admin: Admin, actor: Actor, group_id: str, *, after: str = "", limit: int = PAGE
) -> tuple[User, ...]:
    """Return who is in a group, ordered by id.

    Raises:
        NotFound: there is no such group for the actor.
    """
    group = await show(admin, actor, group_id)
    members = await admin.store.list_group_members(group.id, after, limit)
    found = [await admin.store.read_user(one.user_id) for one in members]
    return tuple(user for user in found if user is not None)


async def require(admin: Admin, actor: Actor, group_id: str) -> Group:
    """Return a group that is to be changed.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read.
    """
    found = await admin.store.read_group(group_id)
    if found is None:
        raise NotFound(WHAT, group_id)
    authorize_change(actor, found.organization_id, WHAT, group_id, Area.ASSIGNMENT)
    return found


async def find_person(admin: Admin, name: str, organization_id: str) -> User:
    """Return the user of this name or id who belongs to an organization.

    Raises:
        NotFound: there is nobody of that name in it.
    """
    user = await subjects.find_user(admin, name)
    if user is None:
        raise NotFound("user", name)
    if user.organization_id == organization_id:
        return user
    if await admin.store.read_membership(organization_id, user.id) is None:
        raise NotFound("user", name)
    return user


async def leave_all(
    admin: Admin, user_id: str, organization_id: str | None = None
) -> tuple[Delete, ...]:
    """Return the effects that take somebody out of the groups of an organization, or of all."""
    groups = await read_all(partial(admin.store.list_groups_of_user, user_id))
    return tuple(
        Delete(GroupMember, (group.id, user_id))
        for group in groups
        if organization_id in {None, group.organization_id}
    )


async def member_ids(admin: Admin, group_id: str) -> set[str]:
    """Return who is in a group."""
    members = await read_all(partial(admin.store.list_group_members, group_id), "user_id")
    return {one.user_id for one in members}


async def _set_members(admin: Admin, actor: Actor, group: Group, request: GroupFields) -> int:
    """Bring about who is in a group where the request says; return how many came and went."""
    if request.members is UNSET:
        return 0
    wanted = {
        (await find_person(admin, name, group.organization_id)).id for name in request.members or ()
    }
    present = await member_ids(admin, group.id)
    for user_id in sorted(wanted - present):
        await add_member(admin, actor, group.id, user_id)
    for user_id in sorted(present - wanted):
        await remove_member(admin, actor, group.id, user_id)
    return len(wanted ^ present)


def _check(request: GroupFields) -> None:
    problems = []
    if wrong := texts.check_role_key(request.key):
        problems.append(Problem("key", wrong))
    if request.name and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    if len(request.members or ()) > MAX_DECLARED_MEMBERS:
        problems.append(
            Problem("members", f"may name at most {MAX_DECLARED_MEMBERS}: add others one by one")
        )
    if problems:
        raise Invalid(problems)


def _tell(  # noqa: PLR0913 - who did what, to which group, about whom
    admin: Admin,
    actor: Actor,
    group: Group,
    event: str,
    *,
    user_id: str | None = None,
    changed: tuple[str, ...] = (),
) -> Emit:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=group.organization_id,
        user_id=user_id,
        target=group.id,
        changed=changed,
    )
