"""`ostiary grant`: what people let applications do, and the end of it."""

from typing import Annotated, Any

import typer

from ostiary.admin import grants
from ostiary.cli.answer import Answer, facts
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import After, Limit, Yes, list_answer
from ostiary.cli.views import time_of
from ostiary.model.grant import Grant

group = typer.Typer(name="grant", help="What people let applications do.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]


@command(group, "list")
async def list_grants(
    instance: Instance,
    user: Annotated[str, typer.Argument(help="Id, user name or e-mail address.", metavar="USER")],
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List what a user lets applications do now.

    Once for each time that an application was connected.
    """
    found = await grants.list_of(
        instance.admin, instance.store, instance.actor, user, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=_view,
        columns={
            "application": lambda one: one.client_id,
            "scopes": lambda one: one.scopes,
            "since": lambda one: time_of(one.created_at),
            "until": lambda one: time_of(one.expires_at),
            "id": lambda one: one.id,
        },
        key=lambda one: one.id,
        empty=f"{user} lets no application do anything.",
    )


@command(group, "show")
async def show_grant(instance: Instance, grant: Key) -> Answer:
    """Show a grant, also one that is over."""
    shown = _view(await grants.show(instance.store, instance.actor, grant))
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "revoke")
async def revoke_grant(instance: Instance, grant: Key, yes: Yes = False) -> Answer:
    """Disconnect an application.

    Every code and token of the grant ends; the user's other grants go on.
    """
    found = await grants.show(instance.store, instance.actor, grant)
    confirm(f"End what {found.user_id} lets {found.client_id} do?", yes=yes)
    await grants.revoke(instance.admin, instance.store, instance.actor, grant)
    return Answer(data={"id": grant}, text=f"Ended {grant}.")


def _view(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "client_id": grant.client_id,
        "user": grant.user_id,
        "organization": grant.organization_id,
        "session": grant.session_id,
        "scopes": grant.scopes,
        "offline": grant.offline,
        "created_at": time_of(grant.created_at),
        "expires_at": time_of(grant.expires_at),
        "revoked_at": time_of(grant.revoked_at),
        "revoked_reason": grant.revoked_reason,
    }
