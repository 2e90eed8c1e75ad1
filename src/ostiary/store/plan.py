"""What a step's effects ask of the database, in a form that both engines understand.

An effect becomes a part: a `Form`, of which there are few and for each of which an
engine writes its SQL once, and the values to run it with.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec

from ostiary.model.event import Event
from ostiary.model.grant import Grant
from ostiary.model.record import Record
from ostiary.model.session import Session
from ostiary.oauth.effects import (
    Clear,
    Consume,
    Count,
    Delete,
    Effect,
    Effects,
    Emit,
    Enqueue,
    Insert,
    Remember,
    Require,
    RevokeAccess,
    RevokeGrant,
    RevokeSession,
    RevokeToken,
    Update,
)
from ostiary.store.codec import Values, codec_of, encode_event, write_json
from ostiary.store.tables import Table

SESSION_ENDED = "session.ended"
"""Topic of the message that every end of a session leaves in the outbox."""


class Kind(IntEnum):
    """What a part does, in the order in which the parts of a step are run.

    Preconditions come first, and of these the ones that write nothing: whatever is lost
    is then mostly lost before there is anything to undo.
    """

    REQUIRE = 0
    CONSUME = 1
    UPDATE = 2
    REMEMBER = 3
    COUNT = 4
    CLAIM = 5  # an insert under a natural key
    INSERT = 6
    DELETE = 7
    CLEAR = 8
    REVOKE_GRANT = 9
    REVOKE_SESSION = 10
    REVOKE_TOKEN = 11
    ENQUEUE = 12
    REVOKE_ACCESS = 13


class Form:
    """What parts have in common that differ in their values alone. Compared by identity."""

    __slots__ = ("columns", "configuration", "guard", "key", "kind", "table")

    def __init__(
        self,
        kind: Kind,
        table: str,
        *,
        key: tuple[str, ...] = (),
        columns: tuple[str, ...] = (),
        configuration: bool = False,
    ) -> None:
        self.kind = kind
        self.table = table
        self.key = key
        # The columns that are written: all of an insert, those that change of an update.
        self.columns = columns
        # Whether other processes must be told.
        self.configuration = configuration
        # Whether it is an everyday thing that the precondition does not hold. A plain
        # insert has one as well, but its key is random.
        self.guard = kind <= Kind.CLAIM


class Part(msgspec.Struct, frozen=True):
    """One effect as a statement: its form, its values, and the row that it speaks of."""

    form: Form
    values: Values
    row: Values
    effect: Effect


class Plan(msgspec.Struct, frozen=True):
    """A step: its parts in the order to run them, and the rows of its events.

    `ordered`: parts speak of the same row, or depend on an order in another way, and are
    run one after the other as they were given. `fallible`: a part may lose after another
    one has written, which must then be undone.
    """

    parts: tuple[Part, ...]
    events: tuple[Values, ...]
    ordered: bool = False
    fallible: bool = False
    configuration: bool = False


_REMEMBER = Form(Kind.REMEMBER, "burnt_values")
_COUNT = Form(Kind.COUNT, "counters", key=("key",))
_CLEAR = Form(Kind.CLEAR, "counters", key=("key",))
_REVOCATION = ("revoked_at", "revoked_reason")
_REVOKE_GRANT = Form(Kind.REVOKE_GRANT, "grants", key=("id",), columns=_REVOCATION)
_REVOKE_ACCESS = Form(
    Kind.REVOKE_ACCESS, "grants", key=("user_id", "client_id"), columns=_REVOCATION
)
_REVOKE_ALL_ACCESS = Form(Kind.REVOKE_ACCESS, "grants", key=("user_id",), columns=_REVOCATION)
_REVOKE_SESSION = Form(Kind.REVOKE_SESSION, "sessions", key=("id",), columns=_REVOCATION)
_REVOKE_TOKEN = Form(Kind.REVOKE_TOKEN, "access_tokens", key=("digest",), columns=("revoked_at",))
_ENQUEUE = Form(Kind.ENQUEUE, "outbox", columns=("topic", "payload", "created_at", "due_at"))


class _UpdateForm(NamedTuple):
    form: Form
    changed: Callable[[Any], Values]
    rest: bool


@cache
def _insert_form(record: type[Record]) -> Form:
    codec = codec_of(record)
    table = codec.table
    return Form(
        Kind.CLAIM if table.natural else Kind.INSERT,
        table.name,
        key=table.key,
        columns=codec.columns,
        configuration=table.configuration,
    )


@cache
def _form_of_update(table: Table, columns: tuple[str, ...]) -> Form:
    return Form(
        Kind.UPDATE,
        table.name,
        key=table.key,
        columns=columns,
        configuration=table.configuration,
    )


# Bounded: which fields of a configuration record change together is up to whoever edits it.
@lru_cache(maxsize=1024)
def _update_form(record: type[Record], changes: tuple[str, ...]) -> _UpdateForm:
    codec = codec_of(record)
    table = codec.table
    fixed = {"version", *table.key, *table.revocation}.intersection(changes)
    if fixed:
        raise ValueError(f"an update cannot set {', '.join(sorted(fixed))} of {table.name}")
    changed = tuple(name for name in table.columns if name in changes)
    # What is derived may come of any field.
    rest = table.derived is not None or any(name in codec.rest for name in changes)
    form = _form_of_update(table, (*changed, "data") if rest else changed)
    return _UpdateForm(form, codec.getter(changed) if changed else _nothing, rest)


def _nothing(_: object) -> Values:
    return ()


@cache
def _consume_form(record: type[Record]) -> Form:
    table = codec_of(record).table
    if "consumed_at" not in table.columns:
        raise TypeError(f"{record.__name__} is not for single use")
    return Form(Kind.CONSUME, table.name, key=table.key)


@cache
def _require_form(record: type[Record]) -> Form:
    table = codec_of(record).table
    if record not in {Grant, Session}:
        raise TypeError(f"{record.__name__} cannot be revoked by itself")
    return Form(Kind.REQUIRE, table.name, key=table.key)


# What needs no tombstone. A client is deleted for good only where it was never used.
_DELETABLE = frozenset(
    {
        "login_names",
        "role_assignments",
        "administrators",
        "factors",
        "trusted_devices",
        "tickets",
        "registration_tokens",
        "unused_clients",
        "clients",
        "memberships",
        "user_groups",
        "group_members",
        "project_grants",
        "personal_tokens",
        "consents",
        "verified_domains",
        "images",
        "silences",
    }
)


@cache
def _delete_form(record: type[Record]) -> Form:
    table = codec_of(record).table
    if table.name not in _DELETABLE:
        raise TypeError(f"{record.__name__} is kept, with a state that says it is deleted")
    return Form(Kind.DELETE, table.name, key=table.key, configuration=table.configuration)


def _plan_insert(effect: Insert) -> Part:
    record = effect.record
    if isinstance(record, Event):
        raise TypeError("an event is emitted, not inserted")
    codec = codec_of(type(record))
    form = _insert_form(type(record))
    return Part(form, codec.encode(record), codec.key(record), effect)


def _plan_update(effect: Update) -> Part:
    record = effect.record
    codec = codec_of(type(record))
    form, changed_columns, rest = _update_form(type(record), tuple(effect.changes))
    changed = msgspec.structs.replace(record, **effect.changes)
    values = changed_columns(changed)
    if rest:
        values = (*values, codec.encode_rest(changed))
    key = codec.key(record)
    return Part(form, (*values, *key, record.version), key, effect)


def _plan_consume(effect: Consume) -> Part:
    form = _consume_form(effect.kind)
    return Part(form, (effect.key, effect.at), (effect.key,), effect)


def _plan_require(effect: Require) -> Part:
    form = _require_form(effect.kind)
    return Part(form, (effect.key,), (effect.key,), effect)


def _plan_remember(effect: Remember) -> Part:
    row = (effect.scope, effect.value)
    return Part(_REMEMBER, (*row, effect.until), row, effect)


def _plan_count(effect: Count) -> Part:
    values = (effect.key, effect.at, effect.at + effect.window, effect.limit)
    return Part(_COUNT, values, (effect.key,), effect)


def _plan_delete(effect: Delete) -> Part:
    form = _delete_form(effect.kind)
    key = effect.key if isinstance(effect.key, tuple) else (effect.key,)
    return Part(form, key, key, effect)


def _plan_clear(effect: Clear) -> Part:
    return Part(_CLEAR, (effect.key,), (effect.key,), effect)


def _plan_revoke_grant(effect: RevokeGrant) -> Part:
    values = (effect.grant_id, effect.at, effect.reason)
    return Part(_REVOKE_GRANT, values, (effect.grant_id,), effect)


def _plan_revoke_access(effect: RevokeAccess) -> Part:
    if effect.client_id is None:
        values = (effect.user_id, effect.at, effect.reason)
        return Part(_REVOKE_ALL_ACCESS, values, (effect.user_id,), effect)
    row = (effect.user_id, effect.client_id)
    return Part(_REVOKE_ACCESS, (*row, effect.at, effect.reason), row, effect)


def _plan_revoke_session(effect: RevokeSession) -> Part:
    values = (effect.session_id, effect.at, effect.reason)
    return Part(_REVOKE_SESSION, values, (effect.session_id,), effect)


def _tell_end(effect: RevokeSession) -> Enqueue:
    """Whatever ends a session, whoever wants to know of it is told after the commit."""
    return Enqueue(SESSION_ENDED, {"session_id": effect.session_id}, effect.at)


def _plan_revoke_token(effect: RevokeToken) -> Part:
    return Part(_REVOKE_TOKEN, (effect.digest, effect.at), (effect.digest,), effect)


def _plan_enqueue(effect: Enqueue) -> Part:
    values = (effect.topic, write_json(effect.payload), effect.at, effect.at)
    return Part(_ENQUEUE, values, (id(effect),), effect)


_PLANNERS: dict[type[Effect], Callable[[Any], Part]] = {
    Insert: _plan_insert,
    Update: _plan_update,
    Consume: _plan_consume,
    Require: _plan_require,
    Remember: _plan_remember,
    Count: _plan_count,
    Delete: _plan_delete,
    Clear: _plan_clear,
    RevokeGrant: _plan_revoke_grant,
    RevokeAccess: _plan_revoke_access,
    RevokeSession: _plan_revoke_session,
    RevokeToken: _plan_revoke_token,
    Enqueue: _plan_enqueue,
}


def _is_fallible(parts: list[Part]) -> bool:
    wrote = False
    for part in parts:
        if wrote and part.form.guard:
            return True
        wrote = wrote or part.form.kind is not Kind.REQUIRE
    return False


def _kind(part: Part) -> Kind:
    return part.form.kind


def plan(effects: Effects) -> Plan:
    """Turn effects into the parts of one step.

    Raises:
        TypeError: an effect cannot be applied to that kind of record.
        ValueError: an update sets what it may not set.
    """
    if len(effects) == 1 and type(effects[0]) is Emit:
        return Plan((), (encode_event(effects[0].event),))
    events: list[Values] = []
    parts: list[Part] = []
    for effect in effects:
        if type(effect) is Emit:
            events.append(encode_event(effect.event))
        else:
            parts.append(_PLANNERS[type(effect)](effect))
            if type(effect) is RevokeSession:
                parts.append(_plan_enqueue(_tell_end(effect)))
    if not parts:
        return Plan((), tuple(events))
    rows = {(part.form.table, part.row) for part in parts}
    ordered = len(rows) < len(parts) or any(_kind(part) is Kind.DELETE for part in parts)
    if not ordered:
        parts.sort(key=_kind)
    configuration = any(part.form.configuration for part in parts)
    return Plan(tuple(parts), tuple(events), ordered, _is_fallible(parts), configuration)
