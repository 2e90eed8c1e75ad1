"""`ostiary api`: resource servers."""

from typing import Annotated, Any

import typer

from ostiary.admin import apis
from ostiary.admin.apis import ApiFields
from ostiary.admin.decode import decode
from ostiary.cli.answer import Answer, facts
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
from ostiary.cli.views import view_api

group = typer.Typer(
    name="api", help="APIs, with an audience and scopes of their own.", no_args_is_help=True
)

Key = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="A scope that it has.", metavar="SCOPE")
]


@command(group, "list")
async def list_apis(
    instance: Instance,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List APIs."""
    found = await apis.list_all(
        instance.admin, instance.actor, organization, project, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=view_api,
        columns={
            "id": lambda one: one.id,
            "audience": lambda one: one.audience,
            "scopes": lambda one: one.scopes,
            "project": lambda one: one.project_id,
            "state": lambda one: one.state,
        },
        key=lambda one: one.id,
        empty="There are no APIs.",
    )


@command(group, "show")
async def show_api(instance: Instance, api: Key) -> Answer:
    """Show an API."""
    shown = view_api(await apis.show(instance.admin, instance.actor, api))
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "create")
async def create_api(
    instance: Instance,
    audience: Annotated[str, typer.Argument(help="The URI by which tokens name it.")],
    api: Annotated[
        str | None, typer.Option("--id", help="Chosen id; a random one unless given.", metavar="ID")
    ] = None,
    scopes: Scopes = None,
    project: ProjectOption = None,
) -> Answer:
    """Make an API."""
    place = await choose_project(instance, project)
    request = _read(id=api, audience=audience, scopes=scopes)
    made = await apis.create(instance.admin, instance.actor, place, request)
    return Answer(data=view_api(made), text=f"Made {made.id}.")


@command(group, "update")
async def update_api(
    instance: Instance,
    api: Key,
    audience: Annotated[
        str | None, typer.Option("--audience", help="Another URI.", metavar="URI")
    ] = None,
    scopes: Scopes = None,
) -> Answer:
    """Change an API.

    What is not given stays; given scopes take the place of all others.
    """
    request = _read(audience=audience, scopes=scopes)
    changed = await apis.update(instance.admin, instance.actor, api, request)
    return Answer(data=view_api(changed), text=f"Changed {api}.")


@command(group, "delete")
async def delete_api(instance: Instance, api: Key, yes: Yes = False) -> Answer:
    """Delete an API.

    No new tokens are issued for it.
    """
    await apis.show(instance.admin, instance.actor, api)
    confirm(f"Delete {api}?", yes=yes)
    deleted = await apis.delete(instance.admin, instance.actor, api)
    return Answer(data={"id": api, "state": deleted.state}, text=f"Deleted {api}.")


def _read(**values: Any) -> ApiFields:
    return decode(ApiFields, {key: value for key, value in values.items() if value is not None})
