"""`ostiary webhook`: who is told of events."""

from typing import Annotated, Any

import msgspec
import typer
from msgspec import UNSET

from ostiary.admin import webhooks
from ostiary.admin.webhooks import MadeWebhook, WebhookFields
from ostiary.cli.answer import Answer, facts, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import (
    MAX_POSITION,
    After,
    Limit,
    OrganizationOption,
    Yes,
    list_answer,
)
from ostiary.cli.times import read_past
from ostiary.cli.views import time_of
from ostiary.model.webhook import Webhook, WebhookState
from ostiary.store.reads.webhooks import Cursor, DeliveryState, WebhookDelivery

group = typer.Typer(name="webhook", help="Who is told of events.", no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(help="Its id.", metavar="ID")]
Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        help="Events of this type, as in account.created, or as in auth.*; all but everyday"
        " issuance unless given.",
        metavar="TYPE",
    ),
]
Personal = Annotated[
    bool | None,
    typer.Option(
        "--personal-data/--no-personal-data",
        help="Whether addresses, user agents and names of operators are sent, too.",
    ),
]


@command(group, "create")
async def create_webhook(
    instance: Instance,
    url: Annotated[str, typer.Argument(help="Where events are sent to.", metavar="URL")],
    organization: OrganizationOption = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is for.")] = None,
    event: Events = None,
    personal_data: Personal = None,
    chosen: Annotated[
        str | None, typer.Option("--id", help="Its id; made up unless given.", metavar="ID")
    ] = None,
) -> Answer:
    """Tell an address of events, of one organization or, without one, of all.

    The secret that requests are signed with is shown once.
    """
    request = WebhookFields(
        id=UNSET if chosen is None else chosen,
        url=url,
        name=UNSET if name is None else name,
        events=UNSET if event is None else tuple(event),
        personal_data=UNSET if personal_data is None else personal_data,
    )
    made = await webhooks.create(instance.admin, instance.actor, organization, request)
    return _show_made(made, f"ostiary webhook deliveries {made.webhook.id}")


@command(group, "list")
async def list_webhooks(
    instance: Instance,
    organization: OrganizationOption = None,
    after: After = "",
    limit: Limit = 100,
) -> Answer:
    """List webhooks."""
    found = await webhooks.list_all(
        instance.admin, instance.actor, organization, after=after, limit=limit
    )
    return list_answer(
        found,
        limit,
        view=_view,
        columns={
            "id": lambda one: one.id,
            "organization": lambda one: one.organization_id or "all",
            "url": lambda one: one.url,
            "state": lambda one: one.state,
        },
        key=lambda one: one.id,
        empty="There are no webhooks.",
    )


@command(group, "show")
async def show_webhook(instance: Instance, webhook: WebhookId) -> Answer:
    """Show a webhook, how far it was told, and since when it fails."""
    found = await webhooks.show(instance.admin, instance.actor, webhook)
    cursor = await webhooks.progress(instance.admin, instance.store, instance.actor, webhook)
    shown = _view(found) | _view_cursor(cursor)
    return Answer(data=shown, text=facts(*shown.items()))


@command(group, "update")
async def update_webhook(
    instance: Instance,
    webhook: WebhookId,
    url: Annotated[
        str | None, typer.Option("--url", help="Where events are sent to.", metavar="URL")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is for.")] = None,
    event: Events = None,
    personal_data: Personal = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Whether events are sent."),
    ] = None,
) -> Answer:
    """Change a webhook.

    `--active` also switches one on again that the server switched off: it is told of
    everything since.
    """
    state = WebhookState.ACTIVE if active else WebhookState.INACTIVE
    request = WebhookFields(
        url=UNSET if url is None else url,
        name=UNSET if name is None else name,
        events=UNSET if event is None else tuple(event),
        personal_data=UNSET if personal_data is None else personal_data,
        state=UNSET if active is None else state,
    )
    changed = await webhooks.update(instance.admin, instance.actor, webhook, request)
    if active:
        await webhooks.retry(instance.admin, instance.store, instance.actor, webhook)
    return Answer(data=_view(changed), text=facts(*_view(changed).items()))


@command(group, "rotate-secret")
async def rotate_secret(
    instance: Instance,
    webhook: WebhookId,
    overlap: Annotated[
        int, typer.Option("--overlap", help="Seconds for which the one before is used, too.")
    ] = webhooks.DEFAULT_OVERLAP,
) -> Answer:
    """Make a new secret, which is shown once."""
    made = await webhooks.rotate_secret(instance.admin, instance.actor, webhook, overlap=overlap)
    return _show_made(made)


@command(group, "delete")
async def delete_webhook(instance: Instance, webhook: WebhookId, yes: Yes = False) -> Answer:
    """Delete a webhook."""
    confirm(f"Delete the webhook {webhook}?", yes=yes)
    await webhooks.delete(instance.admin, instance.actor, webhook)
    return Answer(data={"id": webhook}, text=f"Deleted {webhook}.")


@command(group, "deliveries")
async def list_deliveries(
    instance: Instance,
    webhook: WebhookId,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    before: Annotated[
        int | None,
        typer.Option("--before", help="Go on before this position.", metavar="POSITION"),
    ] = None,
    limit: Limit = 100,
) -> Answer:
    """List what was sent in the last month, what is tried still, and what was given up."""
    found = await webhooks.deliveries(
        instance.admin,
        instance.store,
        instance.actor,
        webhook,
        state=state,
        before=before,
        limit=limit,
    )
    rows: list[tuple[object, ...]] = [
        (one.position, one.type, one.state, one.attempts, time_of(one.last_at), one.last_error)
        for one in found
    ]
    warnings: tuple[str, ...] = ()
    if len(found) == limit:
        warnings = (f"There may be more: go on by --before {found[-1].position}",)
    return Answer(
        data=[_view_delivery(one) for one in found],
        text=table(
            ("position", "type", "state", "attempts", "last", "error"), rows, "Nothing was sent."
        ),
        warnings=warnings,
    )


@command(group, "replay")
async def replay(
    instance: Instance,
    webhook: WebhookId,
    since: Annotated[
        str | None,
        typer.Option("--since", help="From about a time on: 12h, 30d, 2027-06-30.", metavar="WHEN"),
    ] = None,
    after: Annotated[
        int | None,
        typer.Option(
            "--after",
            help="From behind this position on.",
            metavar="POSITION",
            min=0,
            max=MAX_POSITION,
        ),
    ] = None,
) -> Answer:
    """Send events once more; they carry the same ids."""
    now = instance.admin.clock.now()
    position = await webhooks.replay(
        instance.admin,
        instance.store,
        instance.actor,
        webhook,
        after=after,
        since=None if since is None else read_past(since, now, "--since"),
    )
    return Answer(
        data={"id": webhook, "position": position},
        text=f"Everything behind position {position} is sent by the server.",
        next_commands=(f"ostiary webhook deliveries {webhook}",),
    )


@command(group, "retry")
async def retry(instance: Instance, webhook: WebhookId) -> Answer:
    """Try at once what waits after a failure."""
    await webhooks.retry(instance.admin, instance.store, instance.actor, webhook)
    return Answer(
        data={"id": webhook},
        text=f"{webhook} is tried within a second, by the server.",
        next_commands=(f"ostiary webhook deliveries {webhook}",),
    )


def _show_made(made: MadeWebhook, *next_commands: str) -> Answer:
    shown = _view(made.webhook) | {"secret": made.secret}
    return Answer(
        data=shown,
        text=f"{facts(*shown.items())}\n\nThe secret is shown only now.",
        next_commands=next_commands,
    )


def _view(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "organization": webhook.organization_id,
        "url": webhook.url,
        "events": webhook.events,
        "personal_data": webhook.personal_data,
        "state": webhook.state,
        "disabled_reason": webhook.disabled_reason,
        "secrets": [
            {"created_at": time_of(one.created_at), "expires_at": time_of(one.expires_at)}
            for one in webhook.secrets
        ],
        "created_at": time_of(webhook.created_at),
        "updated_at": time_of(webhook.updated_at),
    }


def _view_cursor(cursor: Cursor | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    return {
        "position": cursor.position,
        "attempts": cursor.attempts,
        "next_at": time_of(cursor.due_at),
        "failing_since": time_of(cursor.failing_since),
        "last_error": cursor.last_error,
    }


def _view_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(delivery)
    return values | {
        "first_at": time_of(delivery.first_at),
        "last_at": time_of(delivery.last_at),
    }
