"""Invitations: people who are mailed a link that makes their account ready."""

from ostiary.admin import invitations as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.invitations import InvitationFields, Invited, Standing
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.route import Call, Listed, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import Time, View, time_of

NewInvitation = variant("NewInvitation", InvitationFields, organization=str)


class Invitation(View, frozen=True, kw_only=True):
    """Somebody who is invited, and whose account is not ready yet."""

    user: str
    organization: str
    username: str
    email: str
    standing: Standing
    created_at: Time
    expires_at: Time


def view(invited: Invited) -> Invitation:
    """Show an invitation, without its link."""
    user, ticket = invited.user, invited.ticket
    return Invitation(
        user=user.id,
        organization=user.organization_id,
        username=user.username,
        email=ticket.email,
        standing=invited.standing,
        created_at=time_of(ticket.created_at),
        expires_at=time_of(ticket.expires_at),
    )


async def list_invitations(call: Call) -> Listed:
    """List the invitations that were not accepted yet."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: str(one.ticket.id))


async def invite(call: Call) -> Reply:
    """Invite somebody."""
    place, request = call.body.organization, narrow(InvitationFields, call.body)
    made = await operations.invite(call.admin, call.actor, place, request)
    return Reply(body=view(made), location=f"/users/{made.user.id}")


async def resend(call: Call) -> Reply:
    """Mail a new link."""
    return Reply(body=view(await operations.resend(call.admin, call.actor, call.path["user_id"])))


async def revoke(call: Call) -> Reply:
    """Withdraw an invitation."""
    await operations.revoke(call.admin, call.actor, call.path["user_id"])
    return Reply()


_ONE = "/invitations/{user_id}"
ROUTES = (
    Route(
        method="GET",
        path="/invitations",
        name="list_invitations",
        summary="List invitations",
        description="Those that were not accepted yet.",
        operation=list_invitations,
        area=Area.USER,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Invitation,
        filters=(ORGANIZATION,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/invitations",
        name="invite_user",
        summary="Invite somebody",
        description="An account is made, and a link is mailed that makes it ready. The user name "
        "is the address unless given.",
        operation=invite,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewInvitation,
        answer=Invitation,
        status=201,
        example={
            "organization": "acme",
            "email": "carol@acme.example",
            "profile": {"given_name": "Carol"},
        },
    ),
    Route(
        method="POST",
        path=f"{_ONE}/resend",
        name="resend_invitation",
        summary="Mail a new link to somebody who is invited",
        description="The one before is good no more.",
        operation=resend,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        answer=Invitation,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="revoke_invitation",
        summary="Withdraw an invitation",
        description="Its link is good no more, and the account is deleted.",
        operation=revoke,
        area=Area.USER,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
