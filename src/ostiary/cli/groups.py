"""`ostiary group`: people of an organization who are given roles together."""

from typing import Annotated, Any

import typer

from ostiary.admin import groups
from ostiary.admin.decode import decode
from ostiary.admin.groups import GroupFields
from ostiary.cli.answer import Answer, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    Yes,
    choose_organization,
    list_answer,
)
from ostiary.cli.views import view_group, view_user
from ostiary.identity.users import display_name
from ostiary.model.membership import Group

group = typer.Typer(name="group", help="People who are given roles together.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Its key, which tokens hold, or its id.", metavar="GROUP")]
Who = Annotated[str, typer.Argument(help="User name, e-mail address or id.", metavar="USER")]


@command(group, "list")
async def list_groups(
    instance: Instance,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List groups."""
    found = await groups.list_all(
        instance.admin, instance.actor, organization, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_group,
        columns={
            "key": lambda one: one.key,
            "name": lambda one: one.name,
            "organization": lambda one: one.organization_id,
            "id": lambda one: one.id,
        },
        key=lambda one: one.id,
        empty="There are no groups.",
    )


@command(group, "show")
async def show_group(
    instance: Instance, key: Key, organization: OrganizationOption = None
) -> Answer:
    """Show a group."""
    shown = view_group(await _find(instance, organization, key))
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "create")
async def create_group(
    instance: Instance,
    key: Annotated[str, typer.Argument(help="Its key, which tokens hold.", metavar="KEY")],
    name: Annotated[str, typer.Option("--name", help="What people see.")] = "",
    organization: OrganizationOption = None,
) -> Answer:
    """Make a group."""
    place = await choose_organization(instance, organization)
    request = decode(GroupFields, {"key": key, "name": name})
    made = await groups.create(instance.admin, instance.actor, place, request)
    return Answer(data=view_group(made), text=f"Made {key} in {place}.")


@command(group, "update")
async def update_group(
    instance: Instance,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="What people see.")],
    organization: OrganizationOption = None,
) -> Answer:
    """Change the name of a group."""
    found = await _find(instance, organization, key)
    request = decode(GroupFields, {"key": found.key, "name": name})
    changed = await groups.update(instance.admin, instance.actor, found.id, request)
    return Answer(data=view_group(changed), text=f"Changed {changed.key}.")


@command(group, "delete")
async def delete_group(
    instance: Instance, key: Key, organization: OrganizationOption = None, yes: Yes = False
) -> Answer:
    """Delete a group.

    Its members lose the roles that they have by it.
    """
    found = await _find(instance, organization, key)
    confirm(f"Delete {found.key} of {found.organization_id}?", yes=yes)
    await groups.delete(instance.admin, instance.actor, found.id)
    return Answer(data={"id": found.id, "key": found.key}, text=f"Deleted {found.key}.")


@command(group, "members")
async def list_group_members(
    instance: Instance,
    key: Key,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List who is in a group."""
    found = await _find(instance, organization, key)
    members = await groups.list_members(
        instance.admin, instance.actor, found.id, after=after, limit=limit
    )
    return list_answer(
        members,
        limit,
        view=view_user,
        columns={
            "username": lambda one: one.username,
            "name": display_name,
            "id": lambda one: one.id,
        },
        key=lambda one: one.id,
        empty=f"Nobody is in {found.key}.",
    )


@command(group, "add-member")
async def add_group_member(
    instance: Instance, key: Key, user: Who, organization: OrganizationOption = None
) -> Answer:
    """Put somebody into a group."""
    found = await _find(instance, organization, key)
    added = await groups.add_member(instance.admin, instance.actor, found.id, user)
    return Answer(data=_view(found, added.user.id), text=f"{user} is in {found.key}.")


@command(group, "remove-member")
async def remove_group_member(
    instance: Instance, key: Key, user: Who, organization: OrganizationOption = None
) -> Answer:
    """Take somebody out of a group."""
    found = await _find(instance, organization, key)
    person = await groups.find_person(instance.admin, user, found.organization_id)
    await groups.remove_member(instance.admin, instance.actor, found.id, person.id)
    return Answer(data=_view(found, person.id), text=f"{user} is no longer in {found.key}.")


async def _find(instance: Instance, organization: str | None, key: str) -> Group:
    place = await choose_organization(instance, organization)
    return await groups.find(instance.admin, instance.actor, place, key)


def _view(found: Group, user_id: str) -> dict[str, Any]:
    return {"group": found.key, "organization": found.organization_id, "user": user_id}
