"""`ostiary org members` and its like: who belongs to an organization besides its own users."""

from typing import Annotated

import typer

from ostiary.admin import memberships, users
from ostiary.cli.answer import Answer
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.organizations import Key, group
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import view_membership
from ostiary.identity.users import display_name

Who = Annotated[str, typer.Argument(help="User name, e-mail address or id.", metavar="USER")]


@command(group, "members")
async def list_members(
    instance: Instance, organization: Key, after: After = "", limit: Limit = 100
) -> Answer:
    """List members who have their home in another organization."""
    found = await memberships.list_all(
        instance.admin, instance.actor, organization, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=lambda one: view_membership(*one),
        columns={
            "username": lambda one: one[1].username,
            "name": lambda one: display_name(one[1]),
            "home": lambda one: one[1].organization_id,
            "id": lambda one: one[1].id,
        },
        key=lambda one: one[1].id,
        empty=f"{organization} has no members besides its own users.",
    )


@command(group, "add-member")
async def add_member(instance: Instance, organization: Key, user: Who) -> Answer:
    """Make a user of another organization a member of this one."""
    added = await memberships.add(instance.admin, instance.actor, organization, user)
    return Answer(data=view_membership(added), text=f"{user} is a member of {organization}.")


@command(group, "remove-member")
async def remove_member(
    instance: Instance, organization: Key, user: Who, yes: Yes = False
) -> Answer:
    """End a membership.

    The roles and groups that the organization gave are lost.
    """
    found = await users.find(instance.admin, instance.actor, user)
    confirm(f"End the membership of {found.username} in {organization}?", yes=yes)
    removed = await memberships.remove(instance.admin, instance.actor, organization, found.id)
    return Answer(
        data=view_membership(removed), text=f"{user} is no longer a member of {organization}."
    )
