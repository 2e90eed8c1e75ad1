"""What a webhook is told of an event: which ones, under which id, in which words."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from ostiary.model.event import ISSUANCE, Event
from ostiary.model.event_types import EVENT_TYPES, PUBLIC_DETAILS, expand
from ostiary.model.webhook import Webhook

_BY_DEFAULT = tuple(name for name in EVENT_TYPES if name not in ISSUANCE)
# Members that are left out unless personal data are to be sent.
_PERSONAL = ("ip", "user_agent")
# Actors whose ids are names of people.
_NAMED_ACTORS = frozenset({"operator"})


def wanted_types(webhook: Webhook) -> tuple[str, ...]:
    """Return the types that a webhook is told of.

    Patterns that this version does not know were checked by another one, and name nothing.
    """
    if not webhook.events:
        return _BY_DEFAULT
    return expand(webhook.events)


def id_of(position: int, event: Event) -> str:
    """Return the id of a message: the same however often it is sent, and no other has it.

    The time is in it for databases that were restored, and give a position once more.
    """
    return f"evt_{position}_{event.at}"


def make_body(webhook: Webhook, position: int, event: Event) -> bytes:
    """Return the body of a message about an event."""
    told: dict[str, Any] = {
        name: value
        for name, value in msgspec.to_builtins(event).items()
        if value not in (None, "", {}) and name not in {"type", "at", "actor_type", "actor_id"}
    }
    actor: dict[str, str] = {"type": event.actor_type}
    if event.actor_id is not None:
        actor["id"] = event.actor_id
    if not webhook.personal_data:
        for name in _PERSONAL:
            told.pop(name, None)
        details = {name: one for name, one in event.details.items() if name in PUBLIC_DETAILS}
        told.pop("details", None)
        if details:
            told["details"] = details
        if event.actor_type in _NAMED_ACTORS:
            actor.pop("id", None)
    at = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return msgspec.json.encode(
        {
            "type": event.type,
            "timestamp": at,
            "data": {"position": position, "actor": actor, **told},
        }
    )
