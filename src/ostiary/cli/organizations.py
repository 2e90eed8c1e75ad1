"""`ostiary org`: organizations."""

from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import logos, organizations
from ostiary.admin.decode import decode
from ostiary.admin.organizations import OrganizationFields
from ostiary.cli import domains
from ostiary.cli.answer import Answer, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.inputs import read_content, read_pairs
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import view_organization
from ostiary.egress.image_decoder import MAX_INPUT
from ostiary.model.organization import State

group = typer.Typer(name="org", help="Organizations.", no_args_is_help=True)
group.add_typer(domains.group)

Key = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
Name = Annotated[str | None, typer.Option("--name", help="What people see.")]
Domains = Annotated[
    list[str] | None, typer.Option("--domain", help="A domain of its own.", metavar="DOMAIN")
]
Active = Annotated[
    bool | None,
    typer.Option("--active/--inactive", help="Whether its users and applications may be used."),
]


@command(group, "list")
async def list_organizations(instance: Instance, after: After = "", limit: Limit = 100) -> Answer:
    """List organizations."""
    found = await organizations.list_all(instance.admin, instance.actor, after=after, limit=limit)
    return list_answer(
        found,
        limit,
        view=view_organization,
        columns={
            "id": lambda one: one.id,
            "name": lambda one: one.name,
            "domains": lambda one: one.domains,
            "state": lambda one: one.state,
        },
        key=lambda one: one.id,
        empty="There are no organizations.",
    )


@command(group, "show")
async def show_organization(instance: Instance, organization: Key) -> Answer:
    """Show an organization."""
    found = await organizations.show(instance.admin, instance.actor, organization)
    shown = view_organization(found)
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "create")
async def create_organization(
    instance: Instance,
    organization: Annotated[
        str | None, typer.Option("--id", help="Chosen id; a random one unless given.", metavar="ID")
    ] = None,
    name: Name = None,
    domains: Domains = None,
) -> Answer:
    """Make an organization."""
    request = _read(id=organization, name=name, domains=domains)
    made = await organizations.create(instance.admin, instance.actor, request)
    return Answer(data=view_organization(made), text=f"Made {made.id}.")


@command(group, "update")
async def update_organization(
    instance: Instance,
    organization: Key,
    name: Name = None,
    domains: Domains = None,
    active: Active = None,
) -> Answer:
    """Change an organization.

    What is not given stays.
    """
    state = None if active is None else (State.ACTIVE if active else State.INACTIVE)
    request = _read(name=name, domains=domains, state=state)
    changed = await organizations.update(instance.admin, instance.actor, organization, request)
    return Answer(data=view_organization(changed), text=f"Changed {organization}.")


@command(group, "brand")
async def brand_organization(
    instance: Instance,
    organization: Key,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="What its pages look like, as in accent='#2a57c7'; null puts it back.",
            metavar="KEY=VALUE",
        ),
    ],
) -> Answer:
    """Change how the pages of an organization look.

    The keys are those of `branding` in declarative configuration.
    """
    request = decode(OrganizationFields, {"branding": read_pairs(changes)})
    changed = await organizations.update(instance.admin, instance.actor, organization, request)
    shown = msgspec.to_builtins(changed.branding)
    return Answer(data=shown, text=facts(*shown.items()) or "It has no branding of its own.")


@command(group, "set-logo")
async def set_logo(
    instance: Instance,
    organization: Key,
    file: Annotated[
        str, typer.Argument(help="PNG, JPEG, WebP or GIF; - is standard input.", metavar="FILE")
    ],
) -> Answer:
    """Make a picture the logo of an organization.

    It is encoded anew and made smaller where it is larger than a page has room for.
    """
    content = read_content(file, MAX_INPUT + 1)
    changed = await logos.upload(instance.admin, instance.actor, organization, content)
    return Answer(data={"logo": changed.branding.logo}, text=f"Set the logo of {organization}.")


@command(group, "delete")
async def delete_organization(instance: Instance, organization: Key, yes: Yes = False) -> Answer:
    """Delete an empty organization."""
    await organizations.show(instance.admin, instance.actor, organization)
    confirm(f"Delete {organization}?", yes=yes)
    deleted = await organizations.delete(instance.admin, instance.actor, organization)
    return Answer(
        data={"id": organization, "state": deleted.state}, text=f"Deleted {organization}."
    )


def _read(**values: Any) -> OrganizationFields:
    given = {key: value for key, value in values.items() if value is not None}
    return decode(OrganizationFields, given)
