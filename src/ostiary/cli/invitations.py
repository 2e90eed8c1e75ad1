"""`ostiary user invite` and other commands about users that mail them a link."""

from typing import Annotated, Any

import typer

from ostiary.admin import invitations, recovery, users
from ostiary.admin.decode import decode
from ostiary.admin.invitations import InvitationFields, Invited
from ostiary.cli.answer import Answer, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, OrganizationOption, Yes, choose_organization
from ostiary.cli.users import FamilyName, GivenName, Locale, Who, group
from ostiary.cli.views import time_of

__all__ = ["group"]

_NO_SERVER = (
    "No mail server is configured (smtp.host): the mail waits. Use --print-link to hand the "
    "link over yourself."
)
PrintLink = Annotated[
    bool,
    typer.Option(
        "--print-link", help="Show the link as well, to hand it over in another way than by mail."
    ),
]


@command(group, "invite")
async def invite_user(
    instance: Instance,
    email: Annotated[str, typer.Argument(help="Where the invitation goes.", metavar="ADDRESS")],
    username: Annotated[
        str | None,
        typer.Option("--username", help="The name to sign in with; the address unless given."),
    ] = None,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    locale: Locale = None,
    client: Annotated[
        str | None,
        typer.Option("--app", help="client_id of the application to go on to.", metavar="ID"),
    ] = None,
    organization: OrganizationOption = None,
    print_link: PrintLink = False,
) -> Answer:
    """Prepare an account, and mail an invitation.

    They choose their password behind the link in the mail; until then nobody can sign in.
    """
    names = {"given_name": given_name, "family_name": family_name, "locale": locale}
    values: dict[str, Any] = {"email": email}
    profile = {name: value for name, value in names.items() if value is not None}
    if profile:
        values["profile"] = profile
    if username is not None:
        values["username"] = username
    if client is not None:
        values["client_id"] = client
    place = await choose_organization(instance, organization)
    invited = await invitations.invite(
        instance.admin, instance.actor, place, decode(InvitationFields, values)
    )
    return await _answer(instance, invited, f"Invited {email}.", print_link=print_link)


@command(group, "invitations")
async def list_invitations(
    instance: Instance,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List invitations that are not accepted yet."""
    found = await invitations.list_all(
        instance.admin, instance.actor, organization, after=after, limit=limit
    )
    views = [_view(one) for one in found]
    names = ("email", "username", "state", "invited_at", "expires_at", "organization", "user")
    rows: list[tuple[object, ...]] = [tuple(view[name] for name in names) for view in views]
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --after {found[-1].ticket.id}",)
    empty = "Nobody is invited: `ostiary user invite ADDRESS` does it."
    return Answer(data=views, text=table(names, rows, empty), warnings=warnings)


@command(group, "resend-invitation")
async def resend_invitation(instance: Instance, user: Who, print_link: PrintLink = False) -> Answer:
    """Mail a new invitation.

    The link of the one before is good no more.
    """
    found = await users.find(instance.admin, instance.actor, user)
    invited = await invitations.resend(instance.admin, instance.actor, found.id)
    return await _answer(instance, invited, f"Invited {found.email} again.", print_link=print_link)


@command(group, "revoke-invitation")
async def revoke_invitation(instance: Instance, user: Who, yes: Yes = False) -> Answer:
    """Withdraw an invitation.

    The account that was prepared is deleted.
    """
    found = await users.find(instance.admin, instance.actor, user)
    confirm(f"Withdraw the invitation of {found.username}?", yes=yes)
    deleted = await invitations.revoke(instance.admin, instance.actor, found.id)
    return Answer(
        data={"id": deleted.id, "state": deleted.state},
        text=f"{found.username} is not invited any more.",
    )


@command(group, "send-reset-link")
async def send_reset_link(instance: Instance, user: Who) -> Answer:
    """Mail a user a link for a new password.

    Until they use it, nothing changes for them.
    """
    found = await users.find(instance.admin, instance.actor, user)
    await recovery.send_reset_link(instance.admin, instance.actor, found.id)
    return Answer(
        data={"id": found.id, "email": found.email}, text=f"A link goes to {found.email}."
    )


@command(group, "send-verification-link")
async def send_verification_link(instance: Instance, user: Who) -> Answer:
    """Mail a user a link that proves their address.

    The one before is good no more.
    """
    found = await users.find(instance.admin, instance.actor, user)
    await recovery.send_verification_link(instance.admin, instance.actor, found.id)
    return Answer(
        data={"id": found.id, "email": found.email}, text=f"A link goes to {found.email}."
    )


async def _answer(instance: Instance, invited: Invited, text: str, *, print_link: bool) -> Answer:
    shown = _view(invited)
    warnings: tuple[str, ...] = ()
    if print_link:
        shown["link"] = await invitations.link_of(instance.admin, invited)
        text += f"\nlink  {shown['link']}"
    elif not instance.settings.smtp.host and not instance.settings.dev:
        warnings = (_NO_SERVER,)
    return Answer(
        data=shown, text=text, warnings=warnings, next_commands=("ostiary user invitations",)
    )


def _view(invited: Invited) -> dict[str, Any]:
    user, ticket = invited.user, invited.ticket
    return {
        "user": user.id,
        "username": user.username,
        "email": user.email,
        "organization": user.organization_id,
        "state": invited.standing,
        "invited_at": time_of(ticket.created_at),
        "expires_at": time_of(ticket.expires_at),
    }
