"""Webhooks: who is told of events."""

from msgspec import UNSET, UnsetType

from ostiary.admin import webhooks as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.webhooks import DEFAULT_OVERLAP, WebhookFields
from ostiary.model.webhook import Webhook as WebhookRecord
from ostiary.model.webhook import WebhookState
from ostiary.store.reads.webhooks import DeliveryState, WebhookDelivery
from ostiary.web.api.filters import ORGANIZATION
from ostiary.web.api.problems import Refused
from ostiary.web.api.route import Call, Filter, Listed, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import Time, View, maybe, time_of

_MAX_POSITION = 18


class WebhookSecret(View, frozen=True, kw_only=True):
    """A secret of a webhook, without its value."""

    created_at: Time
    expires_at: Time | None


class Webhook(View, frozen=True, kw_only=True):
    """An address that is told of events. `secret` is there only when it was made."""

    id: str
    organization: str | None
    name: str
    url: str
    events: tuple[str, ...]
    personal_data: bool
    state: WebhookState
    disabled_reason: str | None
    secrets: tuple[WebhookSecret, ...]
    secret: str | UnsetType = UNSET
    created_at: Time | None
    updated_at: Time | None


class Delivery(View, frozen=True, kw_only=True):
    """An event on its way to a webhook."""

    position: int
    type: str
    state: DeliveryState
    attempts: int
    first_at: Time
    last_at: Time
    last_error: str | None


class Replayed(View, frozen=True, kw_only=True):
    """From behind which position on events are sent once more."""

    position: int


class SecretRotation(Request, frozen=True, kw_only=True):
    """How a secret is changed."""

    overlap: int | UnsetType = UNSET


class Replay(Request, frozen=True, kw_only=True):
    """What is to be sent once more: what is behind a position, or since a time."""

    after: int | UnsetType = UNSET
    since: int | UnsetType = UNSET


NewWebhook = variant(
    "NewWebhook", WebhookFields, without=("state",), organization=str | UnsetType | None
)
WebhookChanges = variant("WebhookChanges", WebhookFields, without=("id",))


def view(record: WebhookRecord, secret: str | None = None) -> Webhook:
    """Show a webhook."""
    return Webhook(
        id=record.id,
        organization=record.organization_id,
        name=record.name,
        url=record.url,
        events=record.events,
        personal_data=record.personal_data,
        state=record.state,
        disabled_reason=record.disabled_reason,
        secrets=tuple(
            WebhookSecret(created_at=time_of(one.created_at), expires_at=maybe(one.expires_at))
            for one in record.secrets
        ),
        secret=UNSET if secret is None else secret,
        created_at=maybe(record.created_at),
        updated_at=maybe(record.updated_at),
    )


def view_delivery(record: WebhookDelivery) -> Delivery:
    """Show a delivery."""
    return Delivery(
        position=record.position,
        type=record.type,
        state=record.state,
        attempts=record.attempts,
        first_at=time_of(record.first_at),
        last_at=time_of(record.last_at),
        last_error=record.last_error,
    )


async def list_webhooks(call: Call) -> Listed:
    """List webhooks."""
    found = await operations.list_all(
        call.admin, call.actor, call.organization, after=call.after, limit=call.limit
    )
    return Listed(records=found, view=view, key=lambda one: one.id)


async def create(call: Call) -> Reply:
    """Make a webhook."""
    place, request = call.body.organization, narrow(WebhookFields, call.body)
    organization = None if place is UNSET else place
    made = await operations.create(call.admin, call.actor, organization, request)
    body = view(made.webhook, made.secret)
    location = f"/webhooks/{made.webhook.id}"
    return Reply(body=body, version=made.webhook.version, location=location)


async def show(call: Call) -> Reply:
    """Return a webhook."""
    return _show(await operations.show(call.admin, call.actor, call.path["webhook_id"]))


async def update(call: Call) -> Reply:
    """Change a webhook."""
    key, request = call.path["webhook_id"], narrow(WebhookFields, call.body)
    return _show(await operations.update(call.admin, call.actor, key, request))


async def rotate(call: Call) -> Reply:
    """Make a new secret."""
    overlap = DEFAULT_OVERLAP if call.body.overlap is UNSET else call.body.overlap
    key = call.path["webhook_id"]
    made = await operations.rotate_secret(call.admin, call.actor, key, overlap=overlap)
    return Reply(body=view(made.webhook, made.secret), version=made.webhook.version)


async def replay(call: Call) -> Reply:
    """Send events once more."""
    after = None if call.body.after is UNSET else call.body.after
    since = None if call.body.since is UNSET else call.body.since
    position = await operations.replay(
        call.admin,
        call.idp.store,
        call.actor,
        call.path["webhook_id"],
        after=after,
        since=since,
    )
    return Reply(body=Replayed(position=position))


async def retry(call: Call) -> Reply:
    """Try at once what waits after a failure."""
    await operations.retry(call.admin, call.idp.store, call.actor, call.path["webhook_id"])
    return Reply()


async def list_deliveries(call: Call) -> Listed:
    """List what was sent to a webhook."""
    if call.after and not (
        call.after.isascii() and call.after.isdigit() and len(call.after) <= _MAX_POSITION
    ):
        raise Refused.parameter("cursor", "is none of this list: pass next_cursor on unchanged")
    state = call.query.get("state")
    found = await operations.deliveries(
        call.admin,
        call.idp.store,
        call.actor,
        call.path["webhook_id"],
        state=None if state is None else DeliveryState(state),
        before=int(call.after) if call.after else None,
        limit=call.limit,
    )
    return Listed(records=found, view=view_delivery, key=lambda one: str(one.position))


async def delete(call: Call) -> Reply:
    """Delete a webhook."""
    await operations.delete(call.admin, call.actor, call.path["webhook_id"])
    return Reply()


def _show(record: WebhookRecord) -> Reply:
    return Reply(body=view(record), version=record.version)


_ONE = "/webhooks/{webhook_id}"
ROUTES = (
    Route(
        method="GET",
        path="/webhooks",
        name="list_webhooks",
        summary="List webhooks",
        operation=list_webhooks,
        area=Area.EVENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Webhook,
        filters=(ORGANIZATION,),
        listing=True,
    ),
    Route(
        method="POST",
        path="/webhooks",
        name="create_webhook",
        summary="Make a webhook",
        description="Without an organization it is told of all events of the instance. The secret "
        "that requests are signed with is in this answer alone.",
        operation=create,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewWebhook,
        answer=Webhook,
        status=201,
        repeatable=False,
        example={
            "organization": "acme",
            "url": "https://siem.example.com/events",
            "events": ["auth.*"],
        },
    ),
    Route(
        method="GET",
        path=_ONE,
        name="show_webhook",
        summary="Show a webhook",
        operation=show,
        area=Area.EVENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Webhook,
        record=WebhookRecord,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        name="update_webhook",
        summary="Change a webhook",
        description="Only what is given changes. `active` also switches on what failed for days.",
        operation=update,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=WebhookChanges,
        answer=Webhook,
        record=WebhookRecord,
        example={"state": "inactive"},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/secrets",
        name="rotate_webhook_secret",
        summary="Make a new secret",
        description="The secret before is used, too, for a day unless `overlap` says otherwise.",
        operation=rotate,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=SecretRotation,
        answer=Webhook,
        repeatable=False,
        record=WebhookRecord,
        example={"overlap": 3600},
    ),
    Route(
        method="GET",
        path=f"{_ONE}/deliveries",
        name="list_webhook_deliveries",
        summary="List deliveries",
        description="What was sent in the last month, what is tried, what was given up.",
        operation=list_deliveries,
        area=Area.EVENT,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Delivery,
        filters=(
            Filter(
                name="state",
                description="Only deliveries in this state.",
                choices=tuple(one.value for one in DeliveryState),
            ),
        ),
        listing=True,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/replay",
        name="replay_webhook",
        summary="Send events once more",
        description="Those behind the position `after`, or since about the second `since` of the "
        "Unix epoch. They have the same ids as before.",
        operation=replay,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=Replay,
        answer=Replayed,
        repeatable=False,
        example={"after": 48150},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/retry",
        name="retry_webhook",
        summary="Try at once what waits after a failure",
        operation=retry,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        repeatable=False,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="delete_webhook",
        summary="Delete a webhook",
        operation=delete,
        area=Area.EVENT,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
        record=WebhookRecord,
    ),
)
