"""`ostiary project`: projects."""

from typing import Annotated, Any

import typer

from ostiary.admin import projects
from ostiary.admin.decode import decode
from ostiary.admin.projects import ProjectFields
from ostiary.cli.answer import Answer, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.inputs import read_document
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    After,
    Limit,
    OrganizationOption,
    Yes,
    choose_organization,
    list_answer,
)
from ostiary.cli.views import view_project
from ostiary.model.organization import State

group = typer.Typer(name="project", help="Projects.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
Name = Annotated[str | None, typer.Option("--name", help="What people see.")]
Active = Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it may be used.")]


@command(group, "list")
async def list_projects(
    instance: Instance,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List projects."""
    found = await projects.list_all(
        instance.admin, instance.actor, organization, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_project,
        columns={
            "id": lambda one: one.id,
            "name": lambda one: one.name,
            "roles": lambda one: [role.key for role in one.roles],
            "organization": lambda one: one.organization_id,
            "state": lambda one: one.state,
        },
        key=lambda one: one.id,
        empty="There are no projects.",
    )


@command(group, "show")
async def show_project(instance: Instance, project: Key) -> Answer:
    """Show a project."""
    shown = view_project(await projects.show(instance.admin, instance.actor, project))
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "create")
async def create_project(
    instance: Instance,
    project: Annotated[
        str | None, typer.Option("--id", help="Chosen id; a random one unless given.", metavar="ID")
    ] = None,
    name: Name = None,
    organization: OrganizationOption = None,
) -> Answer:
    """Make a project."""
    place = await choose_organization(instance, organization)
    request = _read(id=project, name=name)
    made = await projects.create(instance.admin, instance.actor, place, request)
    return Answer(data=view_project(made), text=f"Made {made.id}.")


@command(group, "update")
async def update_project(
    instance: Instance,
    project: Key,
    name: Name = None,
    active: Active = None,
    token_exchange: Annotated[
        str | None,
        typer.Option(
            "--token-exchange",
            help="File with all its rules of token exchange, a list; - is standard input.",
            metavar="FILE",
        ),
    ] = None,
) -> Answer:
    """Change a project.

    What is not given stays.
    """
    state = None if active is None else (State.ACTIVE if active else State.INACTIVE)
    rules = None if token_exchange is None else read_document(token_exchange).tree
    request = _read(name=name, state=state, token_exchange=rules)
    changed = await projects.update(instance.admin, instance.actor, project, request)
    return Answer(data=view_project(changed), text=f"Changed {project}.")


@command(group, "delete")
async def delete_project(instance: Instance, project: Key, yes: Yes = False) -> Answer:
    """Delete an empty project."""
    await projects.show(instance.admin, instance.actor, project)
    confirm(f"Delete {project}?", yes=yes)
    deleted = await projects.delete(instance.admin, instance.actor, project)
    return Answer(data={"id": project, "state": deleted.state}, text=f"Deleted {project}.")


def _read(**values: Any) -> ProjectFields:
    return decode(ProjectFields, {key: value for key, value in values.items() if value is not None})
