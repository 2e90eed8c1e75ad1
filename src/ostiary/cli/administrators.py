"""`ostiary administrator`: who manages what."""

from typing import Annotated

import typer

from ostiary.admin import administrators
from ostiary.admin.administrators import AdministratorFields
from ostiary.admin.decode import decode
from ostiary.cli.answer import Answer
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    ProjectOption,
    Yes,
    list_answer,
)
from ostiary.cli.views import view_administrator
from ostiary.model.administrator import AdministratorRole

group = typer.Typer(name="administrator", help="Who manages what.", no_args_is_help=True)

Role = Annotated[AdministratorRole, typer.Argument(help="What they are to be.", metavar="ROLE")]
User = Annotated[
    str | None, typer.Option("--user", help="User name, e-mail address or id.", metavar="USER")
]
Account = Annotated[
    str | None, typer.Option("--service-account", help="Id of a service account.", metavar="ID")
]


@command(group, "list")
async def list_administrators(
    instance: Instance,
    organization: OrganizationOption = None,
    project: ProjectOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List administrators."""
    found = await administrators.list_all(
        instance.admin, instance.actor, organization, project, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_administrator,
        columns={
            "id": lambda one: one.id,
            "user": lambda one: one.user_id,
            "role": lambda one: one.role,
            "organization": lambda one: one.organization_id or "",
            "project": lambda one: one.project_id or "",
        },
        key=lambda one: one.id,
        empty="There are no administrators.",
    )


@command(group, "grant")
async def grant_role(
    instance: Instance,
    role: Role,
    user: User = None,
    service_account: Account = None,
    organization: OrganizationOption = None,
    project: ProjectOption = None,
) -> Answer:
    """Make somebody an administrator.

    The roles org_… are held in an organization, project_owner in a project; the others in the
    whole instance.
    """
    given = {
        "user": user,
        "service_account": service_account,
        "organization": organization,
        "project": project,
    }
    request = decode(
        AdministratorFields,
        {"role": role.value, **{name: value for name, value in given.items() if value is not None}},
    )
    made = await administrators.grant(instance.admin, instance.actor, request)
    place = made.project_id or made.organization_id or "the instance"
    return Answer(
        data=view_administrator(made),
        text=f"{user or service_account} is {made.role} of {place}.",
    )


@command(group, "revoke")
async def revoke_role(
    instance: Instance,
    administrator: Annotated[
        str, typer.Argument(help="Its id, as the list shows it.", metavar="ID")
    ],
    yes: Yes = False,
) -> Answer:
    """Take a role away from an administrator."""
    confirm(f"Revoke {administrator}?", yes=yes)
    revoked = await administrators.revoke(instance.admin, instance.actor, administrator)
    return Answer(
        data=view_administrator(revoked), text=f"{revoked.user_id} is not {revoked.role} any more."
    )
