"""Memberships: people who belong to an organization that is not their home."""

from ostiary.admin import memberships as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.model.membership import Membership as MembershipRecord
from ostiary.web.api.filters import required_organization
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe


class NewMembership(Request, frozen=True, kw_only=True):
    """Who is to be a member of which organization: an id, a user name or an e-mail address."""

    organization: str
    user: str


class Membership(View, frozen=True, kw_only=True):
    """That somebody belongs to an organization besides their own."""

    organization: str
    user: str
    created_at: Time | None


def view(record: MembershipRecord) -> Membership:
    """Show a membership."""
    return Membership(
        organization=record.organization_id,
        user=record.user_id,
        created_at=maybe(record.created_at),
    )


async def list_members(call: Call) -> Listed:
    """List the members of an organization."""
    found = await operations.list_all(
        call.admin, call.actor, call.query["organization"], after=call.after, limit=call.limit
    )
    return Listed(records=[one for one, _ in found], view=view, key=lambda one: str(one.user_id))


async def list_of_user(call: Call) -> Listed:
    """List where a user is a member, ordered by organization."""
    found = await operations.list_of_user(call.admin, call.actor, call.path["user_id"])
    left = [one for one in found if one.organization_id > call.after]
    return Listed(records=left[: call.limit], view=view, key=lambda one: str(one.organization_id))


async def add(call: Call) -> Reply:
    """Make somebody a member."""
    made = await operations.add(call.admin, call.actor, call.body.organization, call.body.user)
    return Reply(body=view(made), location=f"/memberships/{made.organization_id}/{made.user_id}")


async def show(call: Call) -> Reply:
    """Return a membership."""
    return Reply(body=view(await operations.show(call.admin, call.actor, *_key(call))))


async def remove(call: Call) -> Reply:
    """End a membership."""
    await operations.remove(call.admin, call.actor, *_key(call))
    return Reply()


def _key(call: Call) -> tuple[str, str]:
    return call.path["organization_id"], call.path["user_id"]


_ONE = "/memberships/{organization_id}/{user_id}"
ROUTES = (
    Route(
        method="GET",
        path="/memberships",
        name="list_memberships",
        summary="List the members of an organization",
        description="Those that have their home in another one, ordered by user.",
        operation=list_members,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Membership,
        filters=(required_organization("whose members are wanted"),),
        listing=True,
    ),
    Route(
        method="GET",
        path="/users/{user_id}/memberships",
        name="list_user_memberships",
        summary="List where a user is a member",
        description="Besides their home, as far as you administer it.",
        operation=list_of_user,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Membership,
        listing=True,
    ),
    Route(
        method="POST",
        path="/memberships",
        name="add_membership",
        summary="Make somebody a member of an organization",
        description="It takes an administrator of that organization who sees the user in their "
        "own. No change if they are a member already.",
        operation=add,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewMembership,
        answer=Membership,
        status=201,
        example={"organization": "acme", "user": "walter"},
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_membership",
        summary="Show a membership",
        operation=show,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Membership,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="remove_membership",
        summary="End a membership",
        description="The roles and groups that the organization gave are lost.",
        operation=remove,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
