"""What all management operations do alike: write once more after a lost race, tell of it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from ostiary.admin.actor import Actor
from ostiary.admin.errors import Contended
from ostiary.admin.store import Admin
from ostiary.model.event import Event
from ostiary.model.record import Versioned
from ostiary.oauth.effects import Conflict, Effects, Emit, Update

T = TypeVar("T")
V = TypeVar("V", bound=Versioned)

Step = Callable[[], Awaitable[tuple[T, Effects]]]


async def commit(admin: Admin, step: Step[T]) -> T:
    """Decide and write; where somebody else was faster, decide once more on fresh facts.

    A step without effects changes nothing, and is not written.

    Raises:
        Contended: the race was lost twice.
    """
    for last in (False, True):
        outcome, effects = await step()
        if not effects:
            return outcome
        try:
            await admin.store.apply(effects)
        except Conflict:
            if last:
                break
        else:
            return outcome
    raise Contended


def differences(record: msgspec.Struct, values: dict[str, Any]) -> dict[str, Any]:
    """Return those of the values that the record does not have yet."""
    return {name: value for name, value in values.items() if getattr(record, name) != value}


def revise(record: V, changes: dict[str, Any], now: int) -> tuple[V, tuple[Update, ...]]:
    """Return the record as it will be, and the effect that makes it so; none without change."""
    if not changes:
        return record, ()
    changes = {**changes, "updated_at": now}
    changed: V = msgspec.structs.replace(record, version=record.version + 1, **changes)
    return changed, (Update(record, changes),)


def tell(  # noqa: PLR0913 - the columns of an event
    type_: str,
    actor: Actor,
    now: int,
    *,
    organization_id: str | None = None,
    client_id: str | None = None,
    user_id: str | None = None,
    target: str | None = None,
    changed: tuple[str, ...] = (),
) -> Emit:
    """Make the event that tells of a change: by names of fields, never by their values."""
    return Emit(
        Event(
            type=type_,
            at=now,
            actor_type=actor.type,
            actor_id=actor.id,
            organization_id=organization_id,
            client_id=client_id,
            user_id=user_id,
            target=target,
            ip=actor.source.ip,
            user_agent=actor.source.user_agent,
            trace_id=actor.source.trace_id,
            details={"changed": sorted(changed)} if changed else {},
        )
    )
