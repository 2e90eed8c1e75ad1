"""`ostiary project grants` and its like: projects shared with other organizations."""

from typing import Annotated

import typer

from ostiary.admin import project_grants
from ostiary.admin.decode import decode
from ostiary.admin.errors import NotFound
from ostiary.admin.project_grants import ProjectGrantFields
from ostiary.cli.answer import Answer
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.projects import Key, group
from ostiary.cli.views import view_project_grant

Other = Annotated[
    str, typer.Argument(help="Id of the organization that it is shared with.", metavar="ORG")
]


@command(group, "grants")
async def list_grants(
    instance: Instance, project: Key, after: After = "", limit: Limit = 100
) -> Answer:
    """List with whom a project is shared."""
    found = await project_grants.list_all(
        instance.admin, instance.actor, project_id=project, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_project_grant,
        columns={
            "organization": lambda one: one.granted_organization_id,
            "roles": lambda one: one.roles,
            "id": lambda one: one.id,
        },
        key=lambda one: one.id,
        empty=f"{project} is not shared.",
    )


@command(group, "grant")
async def grant_project(
    instance: Instance,
    project: Key,
    organization: Other,
    roles: Annotated[list[str], typer.Option("--role", help="A role that it may assign.")],
) -> Answer:
    """Share a project with an organization.

    Its administrators may assign exactly these roles to their own people.
    """
    request = decode(ProjectGrantFields, {"organization": organization, "roles": roles})
    try:
        found = await project_grants.find(instance.admin, project, organization)
    except NotFound:
        granted = await project_grants.create(instance.admin, instance.actor, project, request)
    else:
        granted = await project_grants.update(
            instance.admin, instance.actor, found.id, request.roles
        )
    return Answer(
        data=view_project_grant(granted),
        text=f"{organization} may assign {', '.join(granted.roles)} of {project}.",
    )


@command(group, "revoke-grant")
async def revoke_grant(
    instance: Instance, project: Key, organization: Other, yes: Yes = False
) -> Answer:
    """Take a project back from an organization.

    Whoever it assigned a role to loses it at once.
    """
    found = await project_grants.find(instance.admin, project, organization)
    confirm(f"Take {project} back from {organization}?", yes=yes)
    revoked = await project_grants.delete(instance.admin, instance.actor, found.id)
    return Answer(
        data=view_project_grant(revoked), text=f"{project} is not shared with {organization}."
    )
