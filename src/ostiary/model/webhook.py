"""Webhooks: who is told of events, by requests that they can verify."""

from enum import StrEnum

import msgspec

from ostiary.model.record import Versioned


class WebhookState(StrEnum):
    """Whether events are sent. `disabled` is what the server did after days of failure."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DISABLED = "disabled"
    DELETED = "deleted"


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One of a webhook's secrets: not kept, but derived from a key of the instance.

    `number` is never used again for the webhook; `key_version` is that of the key.
    """

    number: int
    key_version: int
    created_at: int
    expires_at: int | None = None


class Webhook(Versioned, frozen=True, kw_only=True):
    """An address that is told of the events of an organization, or of the whole instance.

    `events` are patterns of types; without any, all but everyday issuance are sent.
    `personal_data` sends what may be about a person too. It was made when the trail ended at
    `start`, and is told of everything after that.
    """

    id: str
    organization_id: str | None = None
    name: str = ""
    url: str
    events: tuple[str, ...] = ()
    personal_data: bool = False
    state: WebhookState = WebhookState.ACTIVE
    disabled_reason: str | None = None
    secrets: tuple[WebhookSecret, ...] = ()
    start: int = 0
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0
