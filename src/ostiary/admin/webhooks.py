"""Webhooks: addresses that are told of events, of one organization or of the whole instance.

The secret that requests are signed with is made here and shown once. Two are good at a
time after a rotation, so that a receiver can be given the new one first.
"""

from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import organization, organizations, texts
from ostiary.admin.actor import (
    Actor,
    Area,
    Level,
    authorize_creation,
    authorize_instance,
)
from ostiary.admin.change import commit, differences, revise, tell
from ostiary.admin.decode import Request
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed, NotFound, Problem
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity import webhook_secrets
from ostiary.model.event_types import UnknownType, expand
from ostiary.model.webhook import Webhook, WebhookSecret, WebhookState
from ostiary.oauth.effects import Effects, Insert
from ostiary.store.reads.webhooks import Cursor, DeliveryState, WebhookDelivery

WHAT = "webhook"
DEFAULT_OVERLAP = 86400
MAX_OVERLAP = 30 * 86400
MAX_PATTERNS = 100
MAX_WEBHOOKS = 50
"""Most webhooks of one organization."""


class WebhookFields(Request, frozen=True, kw_only=True):
    """What a webhook is made with, or what is to change about it."""

    id: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    url: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType | None = UNSET
    personal_data: bool | UnsetType | None = UNSET
    state: WebhookState | UnsetType = UNSET


class MadeWebhook(msgspec.Struct, frozen=True):
    """A webhook, and the secret that was made for it: it cannot be read again."""

    webhook: Webhook
    secret: str | None = None

    def __repr__(self) -> str:
        """Leave the secret out of messages and logs."""
        return f"MadeWebhook(webhook={self.webhook!r})"


class Cursors(Protocol):
    """What of the sending is seen and changed here."""

    async def webhook_cursor(self, webhook_id: str) -> Cursor | None:
        """Return how far a webhook was told."""
        ...

    async def move_webhook(self, webhook_id: str, position: int) -> None:
        """Have a webhook told of everything after a position."""
        ...

    async def resume_webhook(self, webhook_id: str) -> None:
        """Try a webhook at once, as if it had not failed."""
        ...

    async def find_position(self, at: int) -> int:
        """Return the position before that of the first event from a time on."""
        ...

    async def list_deliveries(
        self, webhook_id: str, state: DeliveryState | None, before: int | None, limit: int
    ) -> tuple[WebhookDelivery, ...]:
        """Return what was sent to a webhook, newest first, from before a position on."""
        ...


async def create(
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    request: WebhookFields,
    *,
    declared: bool = False,
) -> MadeWebhook:
    """Make a webhook of an organization, or of the instance. It is told of events from now on.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
        Invalid: a value breaks a rule, there is no address, or the organization has 50.
        AlreadyExists: the id was given out before.
    """
    if organization_id is None:
        authorize_instance(actor)
    else:
        unknown = NotFound(organization.WHAT, organization_id)
        authorize_creation(actor, Area.EVENT, organization_id, None, unknown)
        await organizations.show(admin, actor, organization_id)
    await _check(admin, request)
    if request.url is UNSET:
        raise Invalid.at("url", "is missing: the address that events are sent to")
    url = request.url
    version, _ = (await admin.keys.ring()).mac(webhook_secrets.PURPOSE)

    async def step() -> tuple[Webhook, Effects]:
        now = admin.clock.now()
        key = new_id(now, admin.entropy) if request.id is UNSET else request.id
        if await admin.store.read_webhook(key) is not None:
            raise AlreadyExists("webhook id", key, path="id")
        if organization_id is not None:
            others = await admin.store.list_webhooks(organization_id, "", MAX_WEBHOOKS)
            if len(others) == MAX_WEBHOOKS:
                raise Invalid.at("", f"there are {MAX_WEBHOOKS} already: delete one first")
        made = Webhook(
            id=key,
            organization_id=organization_id,
            url=url,
            secrets=(WebhookSecret(number=1, key_version=version, created_at=now),),
            start=await admin.store.settled_position(),
            declared=declared,
            created_at=now,
            updated_at=now,
            **{name: value for name, value in _values(request).items() if name != "url"},
        )
        event = tell("webhook.created", actor, now, organization_id=organization_id, target=key)
        return made, (Insert(made), event)

    made = await commit(admin, step)
    return MadeWebhook(made, await _reveal(admin, made))


async def update(admin: Admin, actor: Actor, webhook_id: str, request: WebhookFields) -> Webhook:
    """Change a webhook. One that the server switched off is on again by `state: active`.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
        Invalid: a value breaks a rule.
    """
    await _check(admin, request)

    async def step() -> tuple[Webhook, Effects]:
        now = admin.clock.now()
        present = await _require(admin, actor, webhook_id)
        changes = differences(present, _values(request))
        if changes.get("state") is WebhookState.ACTIVE and present.disabled_reason is not None:
            changes["disabled_reason"] = None
        changed, effects = revise(present, changes, now)
        if not effects:
            return present, ()
        event = tell(
            "webhook.updated",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
            changed=tuple(changes),
        )
        return changed, (*effects, event)

    return await commit(admin, step)


async def rotate_secret(
    admin: Admin, actor: Actor, webhook_id: str, *, overlap: int = DEFAULT_OVERLAP
) -> MadeWebhook:
    """Make a new secret; requests are signed with the one before, too, for `overlap` seconds.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
        Invalid: the overlap is too long.
    """
    if not 0 <= overlap <= MAX_OVERLAP:
        raise Invalid.at("overlap", f"must be 0 to {MAX_OVERLAP} seconds")
    version, _ = (await admin.keys.ring()).mac(webhook_secrets.PURPOSE)

    async def step() -> tuple[Webhook, Effects]:
        now = admin.clock.now()
        present = await _require(admin, actor, webhook_id)
        number = 1 + max((one.number for one in present.secrets), default=0)
        secrets: tuple[WebhookSecret, ...] = (
            WebhookSecret(number=number, key_version=version, created_at=now),
        )
        good = webhook_secrets.good_secrets(present, now)
        if good and overlap:
            end = now + overlap
            newest = good[0]
            if newest.expires_at is not None:
                end = min(end, newest.expires_at)
            secrets = (msgspec.structs.replace(newest, expires_at=end), *secrets)
        changed, effects = revise(present, {"secrets": secrets}, now)
        event = tell(
            "webhook.secret_rotated",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
        )
        return changed, (*effects, event)

    changed = await commit(admin, step)
    return MadeWebhook(changed, await _reveal(admin, changed))


async def delete(admin: Admin, actor: Actor, webhook_id: str) -> Webhook:
    """Delete a webhook: it is told nothing more.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
    """

    async def step() -> tuple[Webhook, Effects]:
        now = admin.clock.now()
        present = await _require(admin, actor, webhook_id)
        changes = {"state": WebhookState.DELETED, "secrets": ()}
        changed, effects = revise(present, changes, now)
        event = tell(
            "webhook.deleted",
            actor,
            now,
            organization_id=present.organization_id,
            target=present.id,
        )
        return changed, (*effects, event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, webhook_id: str) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await _read(admin, webhook_id)
    if not actor.may(Area.EVENT, Level.READ, found.organization_id):
        raise NotFound(WHAT, webhook_id)
    return found


async def list_all(
    admin: Admin,
    actor: Actor,
    organization_id: str | None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Webhook, ...]:
    """Return webhooks ordered by id, of one organization, or all there are.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach the whole instance, and named no organization.
    """
    await organizations.authorize_list(admin, actor, organization_id, Area.EVENT)
    return await admin.store.list_webhooks(organization_id, after, limit)


async def deliveries(  # noqa: PLR0913 - whose, and which page
    admin: Admin,
    cursors: Cursors,
    actor: Actor,
    webhook_id: str,
    *,
    state: DeliveryState | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> tuple[WebhookDelivery, ...]:
    """Return what was sent to a webhook in the last month, newest first.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    await show(admin, actor, webhook_id)
    return await cursors.list_deliveries(webhook_id, state, before, limit)


async def progress(admin: Admin, cursors: Cursors, actor: Actor, webhook_id: str) -> Cursor | None:
    """Return how far a webhook was told, and since when it fails; None before the first event.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    await show(admin, actor, webhook_id)
    return await cursors.webhook_cursor(webhook_id)


async def replay(  # noqa: PLR0913 - which webhook, and from where on
    admin: Admin,
    cursors: Cursors,
    actor: Actor,
    webhook_id: str,
    *,
    after: int | None = None,
    since: int | None = None,
) -> int:
    """Send all events behind a position, or since a time, once more; return that position.

    They carry the same ids as before.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
        Invalid: neither a position nor a time that lies in the past is given.
    """
    present = await _require(admin, actor, webhook_id)
    end = await admin.store.settled_position()
    if after is None:
        if since is None or since > admin.clock.now():
            raise Invalid.at("since", "must be a time that lies in the past")
        after = min(await cursors.find_position(since), end)
    if not 0 <= after <= end:
        raise Invalid.at("after", f"must be a position of the audit trail: 0 to {end}")
    event = tell(
        "webhook.replayed",
        actor,
        admin.clock.now(),
        organization_id=present.organization_id,
        target=present.id,
    )
    # Told of first: whoever finds the second step undone does it again.
    await admin.store.apply((event,))
    await cursors.move_webhook(webhook_id, after)
    return after


async def retry(admin: Admin, cursors: Cursors, actor: Actor, webhook_id: str) -> None:
    """Try at once what waits after a failure.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or does not reach the whole instance.
    """
    await _require(admin, actor, webhook_id)
    await cursors.resume_webhook(webhook_id)


async def _require(admin: Admin, actor: Actor, webhook_id: str) -> Webhook:
    found = await show(admin, actor, webhook_id)
    if not actor.may(Area.EVENT, Level.WRITE, found.organization_id):
        raise NotAllowed(f"You may look at this {WHAT}, but not change it.")
    return found


async def _read(admin: Admin, webhook_id: str) -> Webhook:
    found = await admin.store.read_webhook(webhook_id)
    if found is None or found.state is WebhookState.DELETED:
        raise NotFound(WHAT, webhook_id)
    return found


async def _reveal(admin: Admin, webhook: Webhook) -> str:
    newest = max(webhook.secrets, key=lambda one: one.number)
    ring = await admin.keys.ring()
    return webhook_secrets.show(webhook_secrets.derive(ring, webhook.id, newest))


def _values(request: WebhookFields) -> dict[str, Any]:
    defaults: dict[str, Any] = {"name": "", "events": (), "personal_data": False}
    values: dict[str, Any] = {
        name: default if getattr(request, name) is None else getattr(request, name)
        for name, default in defaults.items()
        if getattr(request, name) is not UNSET
    }
    for name in ("url", "state"):
        if getattr(request, name) is not UNSET:
            values[name] = getattr(request, name)
    return values


async def _check(admin: Admin, request: WebhookFields) -> None:
    problems = []
    if request.id is not UNSET and (wrong := texts.check_id(request.id)):
        problems.append(Problem("id", wrong))
    if request.name and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    if request.url is not UNSET and (wrong := await admin.check_address(request.url)):
        problems.append(Problem("url", wrong))
    if request.state not in {UNSET, WebhookState.ACTIVE, WebhookState.INACTIVE}:
        problems.append(Problem("state", "must be active or inactive: to delete, delete it"))
    patterns = request.events or ()
    if len(patterns) > MAX_PATTERNS:
        problems.append(Problem("events", f"must have at most {MAX_PATTERNS} entries"))
    for index, pattern in enumerate(patterns[:MAX_PATTERNS]):
        try:
            expand((pattern,))
        except UnknownType:
            wrong = "is no type of event, and none begins so"
            problems.append(Problem(f"events[{index}]", wrong))
    if problems:
        raise Invalid(problems)
