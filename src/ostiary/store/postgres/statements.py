"""A step as one statement, in which a precondition that does not hold yields no row.

All preconditions that only look at rows are met first, each row locked in one order for
all steps. Then come those that are met by writing, each only if the one before it was;
then everything else, in an order that PostgreSQL does not promise: what another step may
want to write as well has been locked before. Where the first precondition is lost, nothing
was written. Where a later one is, the transaction is rolled back: such statements are
`risky`.

The statement answers with the number of the part that lost, or -1, and with the new
version of the configuration where it raised it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ostiary.store.codec import EVENT_COLUMNS
from ostiary.store.plan import Form, Kind

WON = -1

CHANNEL = "ostiary_configuration"

# The parts that speak of a row that is there, and how they lock it.
_LOCK = {
    Kind.REQUIRE: "FOR SHARE",
    Kind.CONSUME: "FOR NO KEY UPDATE",
    Kind.UPDATE: "FOR NO KEY UPDATE",
    Kind.REVOKE_GRANT: "FOR NO KEY UPDATE",
    Kind.REVOKE_SESSION: "FOR NO KEY UPDATE",
    Kind.REVOKE_TOKEN: "FOR NO KEY UPDATE",
    Kind.CLEAR: "FOR UPDATE",
}
LOCKING = frozenset(_LOCK)

# These cannot lose.
_LOCK_ALONE = frozenset({Kind.REVOKE_GRANT, Kind.REVOKE_SESSION, Kind.REVOKE_TOKEN, Kind.CLEAR})

# The parts whose precondition is met by writing the row that they speak of.
_BY_WRITING = frozenset({Kind.REMEMBER, Kind.COUNT, Kind.CLAIM})

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


class _Part(NamedTuple):
    """A part of the statement: its number, its form and its parameters."""

    number: int
    form: Form
    marks: list[str]


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
        case Kind.REMEMBER:
            return 3
        case Kind.CONSUME:
            return 2
        case _:
            return len(form.key) + len(form.columns)


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
    key = " AND ".join(f"{name} = {mark}" for name, mark in zip(form.key, marks, strict=True))
    return f"DELETE FROM {form.table} WHERE {key} AND {_going(after)}"


def _revoke(form: Form, marks: Sequence[str], after: str) -> str:
    (name,) = form.key
    changes = ", ".join(
        f"{column} = {mark}" for column, mark in zip(form.columns, marks[1:], strict=True)
    )
    return (
        f"UPDATE {form.table} SET {changes} "
        f"WHERE {name} = {marks[0]} AND revoked_at IS NULL AND {_going(after)}"
    )


def _revoke_access(form: Form, marks: Sequence[str], after: str) -> str:
    """Revoke many rows, locked in the order in which every step locks them."""
    *values, at, reason = marks
    whose = " AND ".join(f"{name} = {mark}" for name, mark in zip(form.key, values, strict=True))
    return (
        f"UPDATE {form.table} SET revoked_at = {at}, revoked_reason = {reason} WHERE id IN "
        f"(SELECT id FROM {form.table} WHERE {whose} "
        f"AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE) AND {_going(after)}"
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
    Kind.REVOKE_ACCESS: _revoke_access,
    Kind.REVOKE_SESSION: _revoke,
    Kind.REVOKE_TOKEN: _revoke,
}


def _case(part: _Part) -> str:
    """Return a branch of the verdict: lock a row, and lose where it is not as asked.

    Some lock their row to keep the order, and cannot lose.
    """
    table, lock = part.form.table, _LOCK[part.form.kind]
    if part.form.kind in _LOCK_ALONE:
        row = f"SELECT 1 FROM {table} WHERE {part.form.key[0]} = {part.marks[0]} {lock}"
        return f"WHEN (SELECT count(*) FROM ({row}) r) < 0 THEN {part.number}"
    row = f"SELECT 1 FROM {table} WHERE {_condition(part.form, part.marks)} {lock}"
    return f"WHEN ({row}) IS NULL THEN {part.number}"


def _verdict(locked: Sequence[_Part]) -> str:
    """Return what locks rows in order, and tells the first that is not as asked.

    CASE promises to look at one condition after the other, and to stop at the first.
    """
    if not locked:
        return f"SELECT {WON} AS lost"
    return f"SELECT CASE {' '.join(map(_case, locked))} ELSE {WON} END AS lost"


def _choose_locked(parts: Sequence[_Part]) -> list[_Part]:
    """Return the parts whose rows are locked before anything is written.

    The last row in order need not be, where it is the only one that is written and no
    other precondition is met by writing: then that write decides.
    """
    rows = [part for part in parts if part.form.kind in _LOCK]
    written = [part for part in rows if part.form.kind is not Kind.REQUIRE]
    by_writing = any(part.form.kind in _BY_WRITING for part in parts)
    if len(written) == 1 and written[0] is rows[-1] and not by_writing:
        return rows[:-1]
    return rows


@lru_cache(maxsize=512)
def statement(forms: tuple[Form, ...], events: int) -> Statement:
    """Return the statement for parts of these forms, and some events.

    Parts that lock rows are in the order in which these are locked. The parameters are the
    values of the parts in order, then those of the events.
    """
    numbers = _Marks()
    parts = [_Part(number, form, numbers.take(_width(form))) for number, form in enumerate(forms)]
    locked = _choose_locked(parts)
    gates = [
        part
        for part in parts
        if part.form.guard and part.form.kind is not Kind.REQUIRE and part not in locked
    ]
    writes = [part for part in parts if part.form.kind is not Kind.REQUIRE and part not in gates]

    tables = [f"verdict AS MATERIALIZED ({_verdict(locked)})"]
    tables.append(f"go AS (SELECT 1 FROM verdict WHERE lost = {WON})")
    after = "go"
    for number, form, marks in gates:
        tables.append(f"gate{number} AS ({_WRITE[form.kind](form, marks, after)} RETURNING 1)")
        after = f"gate{number}"
    tables += [
        f"write{number} AS ({_WRITE[form.kind](form, marks, after)})"
        for number, form, marks in writes
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
        f"WHEN NOT EXISTS (SELECT 1 FROM gate{number}) THEN {number} " for number, *_ in gates
    )
    sql = (
        f"WITH {', '.join(tables)} SELECT CASE WHEN lost <> {WON} THEN lost {lost}"
        f"ELSE {WON} END, {version} FROM verdict"
    )
    return Statement(sql, risky=len(gates) > 1)
