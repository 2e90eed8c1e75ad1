"""A step as one statement, in which a precondition that does not hold yields no row.

All preconditions that only look at rows are met first, each row locked in one order for
all steps. Then come those that are met by writing, each only if the one before it was;
then everything else. Where the first of them is lost, nothing was written. Where a later
one is, the transaction is rolled back: such statements are `risky`.

The statement answers with the index of the part that lost, or -1, and with the new
version of the configuration where it raised it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ostiary.store.codec import EVENT_COLUMNS
from ostiary.store.plan import Form, Kind

WON = -1

CHANNEL = "ostiary_configuration"

_LOCK = {
    Kind.REQUIRE: "FOR SHARE",
    Kind.CONSUME: "FOR NO KEY UPDATE",
    Kind.UPDATE: "FOR NO KEY UPDATE",
}

_EVENT_TYPES = {"at": "bigint", "details": "json"}

# Many events at once: a column is an array.
INSERT_EVENTS = "INSERT INTO events ({}) SELECT * FROM unnest({})".format(
    ", ".join(EVENT_COLUMNS),
    ", ".join(
        f"${n}::{_EVENT_TYPES.get(name, 'text')}[]" for n, name in enumerate(EVENT_COLUMNS, 1)
    ),
)

# A statement of its own, after the one that locks the session: a grant that was given
# while this step waited for the lock is seen only by what begins after it.
REVOKE_GRANTS_OF_SESSION = (
    "UPDATE grants SET revoked_at = $2, revoked_reason = $3 WHERE id IN "
    "(SELECT id FROM grants WHERE session_id = $1 AND NOT offline AND revoked_at IS NULL "
    "ORDER BY id FOR NO KEY UPDATE)"
)


class Statement(NamedTuple):
    """The SQL of a step."""

    sql: str
    risky: bool


class _Marks:
    """Numbers the parameters of a statement."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, count: int) -> list[str]:
        start, self._last = self._last + 1, self._last + count
        return [f"${n}" for n in range(start, self._last + 1)]


def _width(form: Form) -> int:
    """Return how many values the parts of a form have."""
    match form.kind:
        case Kind.UPDATE:
            return len(form.columns) + len(form.key) + 1
        case Kind.INSERT | Kind.CLAIM:
            return len(form.columns)
        case Kind.COUNT | Kind.ENQUEUE:
            return 4
        case Kind.REMEMBER | Kind.REVOKE_GRANT | Kind.REVOKE_SESSION:
            return 3
        case Kind.CONSUME:
            return 2
        case _:
            return 1


def _condition(form: Form, marks: Sequence[str]) -> str:
    """Return what must be true of the row that a part speaks of."""
    if form.kind is Kind.UPDATE:
        names = (*form.key, "version")
        of_key = marks[len(form.columns) :]
        return " AND ".join(f"{name} = {mark}" for name, mark in zip(names, of_key, strict=True))
    (name,) = form.key
    if form.kind is Kind.REQUIRE:
        return f"{name} = {marks[0]} AND revoked_at IS NULL"
    return f"{name} = {marks[0]} AND consumed_at IS NULL AND expires_at > {marks[1]}"


def _insert(table: str, columns: Sequence[str], marks: Sequence[str], after: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(marks)} FROM {after}"


def _going(after: str) -> str:
    return f"EXISTS (SELECT 1 FROM {after})"


def _consume(form: Form, marks: Sequence[str], after: str) -> str:
    return (
        f"UPDATE {form.table} SET consumed_at = {marks[1]} "
        f"WHERE {_condition(form, marks)} AND {_going(after)}"
    )


def _update(form: Form, marks: Sequence[str], after: str) -> str:
    changes = "".join(f"{name} = {mark}, " for name, mark in zip(form.columns, marks, strict=False))
    return (
        f"UPDATE {form.table} SET {changes}version = version + 1 "
        f"WHERE {_condition(form, marks)} AND {_going(after)}"
    )


def _remember(form: Form, marks: Sequence[str], after: str) -> str:
    columns = ("scope", "value", "expires_at")
    return f"{_insert(form.table, columns, marks, after)} ON CONFLICT DO NOTHING"


def _count(form: Form, marks: Sequence[str], after: str) -> str:
    key, at, end, limit = marks
    columns = ("key", "count", "last_at", "expires_at")
    return (
        f"{_insert(form.table, columns, (key, '1', at, end), after)} "
        f"WHERE CAST({limit} AS bigint) >= 1 ON CONFLICT (key) DO UPDATE SET "
        f"count = CASE WHEN counters.expires_at <= {at} THEN 1 ELSE counters.count + 1 END, "
        f"last_at = {at}, "
        f"expires_at = CASE WHEN counters.expires_at <= {at} THEN {end} "
        "ELSE counters.expires_at END "
        f"WHERE counters.expires_at <= {at} OR counters.count < {limit}"
    )


def _claim(form: Form, marks: Sequence[str], after: str) -> str:
    return f"{_insert(form.table, form.columns, marks, after)} ON CONFLICT DO NOTHING"


def _add(form: Form, marks: Sequence[str], after: str) -> str:
    return _insert(form.table, form.columns, marks, after)


def _delete(form: Form, marks: Sequence[str], after: str) -> str:
    (name,) = form.key
    return f"DELETE FROM {form.table} WHERE {name} = {marks[0]} AND {_going(after)}"


def _revoke(form: Form, marks: Sequence[str], after: str) -> str:
    return (
        f"UPDATE {form.table} SET revoked_at = {marks[1]}, revoked_reason = {marks[2]} "
        f"WHERE id = {marks[0]} AND revoked_at IS NULL AND {_going(after)}"
    )


# The statement that a part is, run only where the table that comes after has a row.
_WRITE = {
    Kind.CONSUME: _consume,
    Kind.UPDATE: _update,
    Kind.REMEMBER: _remember,
    Kind.COUNT: _count,
    Kind.CLAIM: _claim,
    Kind.INSERT: _add,
    Kind.ENQUEUE: _add,
    Kind.DELETE: _delete,
    Kind.CLEAR: _delete,
    Kind.REVOKE_GRANT: _revoke,
    Kind.REVOKE_SESSION: _revoke,
}


def _verdict(locked: Sequence[tuple[int, Form, Sequence[str]]]) -> str:
    """Return the expression that locks rows in order, and tells the first that is not as asked.

    CASE promises to look at one condition after the other, and to stop at the first.
    """
    if not locked:
        return f"SELECT {WON} AS lost"
    cases = " ".join(
        f"WHEN (SELECT 1 FROM {form.table} WHERE {_condition(form, marks)} {_LOCK[form.kind]}) "
        f"IS NULL THEN {index}"
        for index, form, marks in locked
    )
    return f"SELECT CASE {cases} ELSE {WON} END AS lost"


@lru_cache(maxsize=512)
def statement(forms: tuple[Form, ...], events: int) -> Statement:
    """Return the statement for parts of these forms, in this order, and some events.

    Its parameters are the values of the parts in order, then those of the events.
    """
    numbers = _Marks()
    parts = [(index, form, numbers.take(_width(form))) for index, form in enumerate(forms)]
    gates = [part for part in parts if part[1].guard and part[1].kind is not Kind.REQUIRE]
    rows = [part for part in gates if part[1].kind in _LOCK]
    locked = [part for part in parts if part[1].kind is Kind.REQUIRE]
    if len(gates) > 1:
        # More than one precondition that is met by writing: whatever can be is met by
        # locking, and written after all.
        locked = [part for part in parts if part[1].kind in _LOCK]
        gates = [part for part in gates if part not in rows]
    writes = [part for part in parts if part not in locked and part not in gates]
    writes += [part for part in rows if part in locked]

    tables = [f"verdict AS MATERIALIZED ({_verdict(locked)})"]
    tables.append(f"go AS (SELECT 1 FROM verdict WHERE lost = {WON})")
    after = "go"
    for index, form, marks in gates:
        tables.append(f"gate{index} AS ({_WRITE[form.kind](form, marks, after)} RETURNING 1)")
        after = f"gate{index}"
    tables += [
        f"write{index} AS ({_WRITE[form.kind](form, marks, after)})"
        for index, form, marks in writes
    ]
    for event in range(events):
        inserted = _insert("events", EVENT_COLUMNS, numbers.take(len(EVENT_COLUMNS)), after)
        tables.append(f"event{event} AS ({inserted})")
    version = "NULL::bigint"
    if any(form.configuration for form in forms):
        tables.append(
            "raised AS (UPDATE configuration_version SET version = version + 1 "
            f"WHERE EXISTS (SELECT 1 FROM {after}) RETURNING version)"
        )
        tables.append(
            f"told AS MATERIALIZED (SELECT pg_notify('{CHANNEL}', version::text), version "
            "FROM raised)"
        )
        version = "(SELECT version FROM told)"
    lost = "".join(
        f"WHEN NOT EXISTS (SELECT 1 FROM gate{index}) THEN {index} " for index, *_ in gates
    )
    sql = (
        f"WITH {', '.join(tables)} SELECT CASE WHEN lost <> {WON} THEN lost {lost}"
        f"ELSE {WON} END, {version} FROM verdict"
    )
    return Statement(sql, risky=len(gates) > 1)
