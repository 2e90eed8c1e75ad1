"""`ostiary role`: the roles of projects, and who has them."""

from typing import Annotated

import msgspec
import typer

from ostiary.admin import projects, role_assignments, roles
from ostiary.admin.decode import decode
from ostiary.admin.role_assignments import RoleAssignmentFields
from ostiary.admin.roles import RoleFields
from ostiary.cli.answer import Answer, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    ProjectOption,
    Yes,
    choose_project,
    list_answer,
)
from ostiary.cli.views import view_assignment
from ostiary.model.organization import Role

group = typer.Typer(name="role", help="Roles, and who has them.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Its key, which tokens hold.", metavar="KEY")]
User = Annotated[
    str | None, typer.Option("--user", help="User name, e-mail address or id.", metavar="USER")
]
Account = Annotated[
    str | None, typer.Option("--service-account", help="Id of a service account.", metavar="ID")
]
Group = Annotated[
    str | None, typer.Option("--group", help="Key or id of a group.", metavar="GROUP")
]


@command(group, "list")
async def list_roles(instance: Instance, project: ProjectOption = None) -> Answer:
    """List the roles of a project."""
    place = await choose_project(instance, project)
    found = await projects.show(instance.admin, instance.actor, place)
    return Answer(
        data=[_view(role) for role in found.roles],
        text=table(
            ("key", "name"),
            [(role.key, role.name) for role in found.roles],
            f"The project {place} has no roles.",
        ),
    )


@command(group, "create")
async def create_role(
    instance: Instance,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="What people see.")] = "",
    project: ProjectOption = None,
) -> Answer:
    """Add a role to a project."""
    place = await choose_project(instance, project)
    made = await roles.create(instance.admin, instance.actor, place, RoleFields(key=key, name=name))
    return Answer(data=_view(made), text=f"Made {key} in {place}.")


@command(group, "update")
async def update_role(
    instance: Instance,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="What people see.")],
    project: ProjectOption = None,
) -> Answer:
    """Change the name of a role."""
    place = await choose_project(instance, project)
    changed = await roles.update(
        instance.admin, instance.actor, place, RoleFields(key=key, name=name)
    )
    return Answer(data=_view(changed), text=f"Changed {key} in {place}.")


@command(group, "delete")
async def delete_role(
    instance: Instance, key: Key, project: ProjectOption = None, yes: Yes = False
) -> Answer:
    """Take a role from a project.

    Nobody may have it any more.
    """
    place = await choose_project(instance, project)
    confirm(f"Delete {key} of {place}?", yes=yes)
    await roles.delete(instance.admin, instance.actor, place, key)
    return Answer(data={"key": key, "project": place}, text=f"Deleted {key} of {place}.")


@command(group, "assign")
async def assign_roles(
    instance: Instance,
    keys: Annotated[list[str], typer.Argument(help="Keys of roles.", metavar="KEY…")],
    user: User = None,
    service_account: Account = None,
    people: Group = None,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
) -> Answer:
    """Give somebody, or a group, exactly these roles.

    They are given in the name of the project's own organization, unless another one is named that
    the project is granted to.
    """
    place = await choose_project(instance, project)
    given = {"user": user, "service_account": service_account, "group": people}
    request = decode(
        RoleAssignmentFields,
        {"project": place, "roles": keys}
        | {name: value for name, value in given.items() if value is not None},
    )
    assigned = await role_assignments.assign(instance.admin, instance.actor, request, organization)
    return Answer(
        data=view_assignment(assigned),
        text=f"{user or service_account or people} has {', '.join(assigned.roles)} in {place}.",
    )


@command(group, "revoke")
async def revoke_roles(
    instance: Instance,
    user: User = None,
    service_account: Account = None,
    people: Group = None,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
) -> Answer:
    """Take all roles from somebody, or from a group."""
    place = await choose_project(instance, project)
    giver = organization
    if giver is None:
        giver = (await projects.show(instance.admin, instance.actor, place)).organization_id
    request = RoleAssignmentFields(
        project=place,
        user=msgspec.UNSET if user is None else user,
        service_account=msgspec.UNSET if service_account is None else service_account,
        group=msgspec.UNSET if people is None else people,
        roles=(),
    )
    subject = await role_assignments.find_subject(instance.admin, request, giver)
    revoked = await role_assignments.revoke(
        instance.admin, instance.actor, place, subject, organization
    )
    return Answer(
        data=view_assignment(revoked),
        text=f"{user or service_account or people} has no roles in {place}.",
    )


@command(group, "assignments")
async def list_assignments(
    instance: Instance,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List who has which roles; of an organization, those that it gave."""
    place = await choose_project(instance, project)
    found = await role_assignments.list_all(
        instance.admin,
        instance.actor,
        place,
        organization_id=organization,
        after=after,
        limit=limit,
    )
    return list_answer(
        found,
        limit,
        view=view_assignment,
        columns={
            "who": lambda one: f"group {one.user_id}" if one.of_group else one.user_id,
            "roles": lambda one: one.roles,
            "given by": lambda one: one.organization_id,
        },
        key=lambda one: one.id,
        empty=f"Nobody has a role in {place}.",
    )


def _view(role: Role) -> dict[str, str]:
    return {"key": role.key, "name": role.name}
