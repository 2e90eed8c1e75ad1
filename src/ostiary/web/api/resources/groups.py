"""Groups: people of an organization who are given roles together."""

from ostiary.admin import groups as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.groups import GroupFields
from ostiary.model.membership import Group as GroupRecord
from ostiary.model.user import User
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import Time, View, maybe

# Who is in a group is a list of its own: there may be many.
NewGroup = variant("NewGroup", GroupFields, without=("members",), organization=str)
GroupChanges = variant("GroupChanges", GroupFields, without=("key", "members"))


class NewGroupMember(Request, frozen=True, kw_only=True):
    """Who is to be in a group: an id, a user name or an e-mail address."""

    user: str


class Group(View, frozen=True, kw_only=True):
    """People who are given roles together."""

    id: str
    organization: str
    key: str
    name: str
    created_at: Time | None
    updated_at: Time | None


class GroupMember(View, frozen=True, kw_only=True):
    """Somebody who is in a group."""

    group: str
    user: str
    username: str


def view(record: GroupRecord) -> Group:
    """Show a group."""
    return Group(
        id=record.id,
        organization=record.organization_id,
        key=record.key,
        name=record.name,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


async def list_groups(call: Call) -> Listed:
    """List the groups of an organization."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Make a group."""
    place, request = call.body.organization, narrow(GroupFields, call.body)
    made = await operations.create(call.admin, call.actor, place, request)
    return _show(made, f"/groups/{made.id}")


async def show(call: Call) -> Reply:
    """Return a group."""
    return _show(await operations.show(call.admin, call.actor, call.path["group_id"]))


async def update(call: Call) -> Reply:
    """Change the name of a group."""
    present = await operations.show(call.admin, call.actor, call.path["group_id"])
    request = GroupFields(key=present.key, name=call.body.name)
    return _show(await operations.update(call.admin, call.actor, present.id, request))


async def delete(call: Call) -> Reply:
    """Delete a group."""
    await operations.delete(call.admin, call.actor, call.path["group_id"])
    return Reply()


async def list_members(call: Call) -> Listed:
    """List who is in a group."""
    key = call.path["group_id"]
    found = await operations.list_members(
        call.admin, call.actor, key, after=call.after, limit=call.limit
    )

    def show_member(one: User) -> GroupMember:
        return GroupMember(group=key, user=one.id, username=one.username)

    return Listed(records=found, view=show_member, key=lambda one: one.id)


async def add_member(call: Call) -> Reply:
    """Put somebody into a group."""
    added = await operations.add_member(
        call.admin, call.actor, call.path["group_id"], call.body.user
    )
    return Reply(
        body=GroupMember(
            group=added.member.group_id, user=added.user.id, username=added.user.username
        ),
        location=f"/groups/{added.member.group_id}/members/{added.user.id}",
    )


async def show_member(call: Call) -> Reply:
    """Return that somebody is in a group."""
    found = await operations.show_member(
        call.admin, call.actor, call.path["group_id"], call.path["user_id"]
    )
    return Reply(
        body=GroupMember(
            group=found.member.group_id, user=found.user.id, username=found.user.username
        )
    )


async def remove_member(call: Call) -> Reply:
    """Take somebody out of a group."""
    await operations.remove_member(
        call.admin, call.actor, call.path["group_id"], call.path["user_id"]
    )
    return Reply()


def _show(record: GroupRecord, location: str | None = None) -> Reply:
    return Reply(body=view(record), version=record.version, location=location)


_ONE = "/groups/{group_id}"
_MEMBER = f"{_ONE}/members/{{user_id}}"
ROUTES = (
    Route(
        method="GET",
        path="/groups",
        name="list_groups",
        summary="List groups",
        operation=list_groups,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Group,
        filters=(ORGANIZATION,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/groups",
        name="create_group",
        summary="Make a group",
        description="Its key is what tokens hold, and stays. Nobody is in it yet.",
        operation=create,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewGroup,
        answer=Group,
        status=201,
        example={"organization": "acme", "key": "sales", "name": "Sales"},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_group",
        summary="Show a group",
        operation=show,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Group,
        record=GroupRecord,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_group",
        summary="Change the name of a group",
        operation=update,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=GroupChanges,
        answer=Group,
        record=GroupRecord,
        example={"name": "Sales and service"},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_group",
        summary="Delete a group",
        description="Its members lose the roles that they have by it.",
        operation=delete,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        record=GroupRecord,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/members",
        name="list_group_members",
        summary="List who is in a group",
        operation=list_members,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=GroupMember,
        listing=True,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/members",
        name="add_group_member",
        summary="Put somebody into a group",
        description="They belong to its organization, by home or as a member. No change if they "
        "are in it already.",
        operation=add_member,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewGroupMember,
        answer=GroupMember,
        status=201,
        example={"user": "alice"},
    ),
    Route(
        method="GET",
        path=_MEMBER,
        name="show_group_member",
        summary="Show that somebody is in a group",
        operation=show_member,
        area=Area.ASSIGNMENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=GroupMember,
    ),
    Route(
        method="DELETE",
        path=_MEMBER,
        name="remove_group_member",
        summary="Take somebody out of a group",
        operation=remove_member,
        area=Area.ASSIGNMENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
