"""`ostiary delivery`: messages to applications that a session is over."""

from typing import Annotated, Any

import typer

from ostiary.admin import deliveries
from ostiary.admin.deliveries import Delivery
from ostiary.cli.answer import Answer, table
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import Limit
from ostiary.cli.views import time_of

group = typer.Typer(
    name="delivery", help="Back-channel logout that is on its way.", no_args_is_help=True
)


@command(group, "list")
async def list_deliveries(
    instance: Instance,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was tried in vain so far.")
    ] = False,
    after: Annotated[int, typer.Option("--after", help="Go on after this id.", metavar="ID")] = 0,
    limit: Limit = 100,
) -> Answer:
    """List what applications are still to be told.

    What was delivered is in the audit trail.
    """
    found = await deliveries.list_all(
        instance.store, instance.actor, failed=failed, after=after, limit=limit
    )
    rows: list[tuple[object, ...]] = [
        (
            one.id,
            one.client_id,
            one.attempts,
            time_of(one.next_at) or "given up",
            one.last_error or "",
        )
        for one in found
    ]
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --after {found[-1].id}",)
    return Answer(
        data=[_view(one) for one in found],
        text=table(
            ("id", "application", "attempts", "next", "last error"), rows, "Nothing is on its way."
        ),
        warnings=warnings,
    )


@command(group, "retry")
async def retry_delivery(
    instance: Instance,
    delivery: Annotated[int, typer.Argument(help="Its id.", metavar="NUMBER")],
) -> Answer:
    """Tell an application now, also where it was given up."""
    await deliveries.retry(instance.store, instance.actor, instance.admin.clock, delivery)
    return Answer(
        data={"id": delivery},
        text=f"{delivery} is sent within a second, by the server.",
        next_commands=("ostiary delivery list",),
    )


def _view(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "client_id": one.client_id,
        "user": one.user_id,
        "session": one.session_id,
        "attempts": one.attempts,
        "created_at": time_of(one.created_at),
        "next_at": time_of(one.next_at),
        "given_up": one.next_at is None,
        "last_error": one.last_error,
    }
