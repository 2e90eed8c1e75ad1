"""The SQL of each form, written once and kept by the connection as a prepared statement."""

from functools import lru_cache

from ostiary.store.codec import EVENT_COLUMNS
from ostiary.store.plan import Form, Kind

RAISE_VERSION = "UPDATE configuration_version SET version = version + 1"

# Inserts of several events in one statement: every statement costs a switch between the
# threads. Largest first.
EVENT_GROUPS = (32, 16, 8, 4, 2, 1)

REVOKE_GRANTS_OF_SESSION = (
    "UPDATE grants SET revoked_at = ?2, revoked_reason = ?3 "
    "WHERE session_id = ?1 AND NOT offline AND revoked_at IS NULL"
)


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(columns)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _insert(form: Form) -> str:
    return f"INSERT INTO {form.table} ({_names(form.columns)}) VALUES ({_marks(len(form.columns))})"


def _key(form: Form) -> str:
    return " AND ".join(f"{name} = ?" for name in form.key)


def _require(form: Form) -> str:
    return f"SELECT 1 FROM {form.table} WHERE {_key(form)} AND revoked_at IS NULL"


def _consume(form: Form) -> str:
    (name,) = form.key
    return (
        f"UPDATE {form.table} SET consumed_at = ?2 WHERE {name} = ?1 "
        "AND consumed_at IS NULL AND expires_at > ?2 RETURNING 1"
    )


def _update(form: Form) -> str:
    changes = "".join(f"{name} = ?, " for name in form.columns)
    return (
        f"UPDATE {form.table} SET {changes}version = version + 1 "
        f"WHERE {_key(form)} AND version = ? RETURNING 1"
    )


def _remember(_form: Form) -> str:
    return (
        "INSERT INTO burnt_values (scope, value, expires_at) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING RETURNING 1"
    )


def _count(_form: Form) -> str:
    return (
        "INSERT INTO counters (key, count, last_at, expires_at) SELECT ?1, 1, ?2, ?3 "
        "WHERE ?4 >= 1 ON CONFLICT (key) DO UPDATE SET "
        "count = CASE WHEN counters.expires_at <= ?2 THEN 1 ELSE counters.count + 1 END, "
        "last_at = ?2, expires_at = CASE WHEN counters.expires_at <= ?2 THEN ?3 "
        "ELSE counters.expires_at END "
        "WHERE counters.expires_at <= ?2 OR counters.count < ?4 RETURNING 1"
    )


def _claim(form: Form) -> str:
    return f"{_insert(form)} ON CONFLICT DO NOTHING RETURNING 1"


def _delete(form: Form) -> str:
    return f"DELETE FROM {form.table} WHERE {_key(form)}"


def _revoke(form: Form) -> str:
    key = " AND ".join(f"{name} = ?{n}" for n, name in enumerate(form.key, 1))
    changes = ", ".join(
        f"{column} = ?{n}" for n, column in enumerate(form.columns, len(form.key) + 1)
    )
    return f"UPDATE {form.table} SET {changes} WHERE {key} AND revoked_at IS NULL"


_WRITE = {
    Kind.REQUIRE: _require,
    Kind.CONSUME: _consume,
    Kind.UPDATE: _update,
    Kind.REMEMBER: _remember,
    Kind.COUNT: _count,
    Kind.CLAIM: _claim,
    Kind.INSERT: _insert,
    Kind.ENQUEUE: _insert,
    Kind.DELETE: _delete,
    Kind.CLEAR: _delete,
    Kind.REVOKE_GRANT: _revoke,
    Kind.REVOKE_ACCESS: _revoke,
    Kind.REVOKE_SESSION: _revoke,
    Kind.REVOKE_TOKEN: _revoke,
}


@lru_cache(maxsize=1024)
def statement(form: Form) -> str:
    """Return the SQL of a form. Its names come from the tables, never from a request."""
    return _WRITE[form.kind](form)


def _insert_events(count: int) -> str:
    row = f"({_marks(len(EVENT_COLUMNS))})"
    rows = ", ".join([row] * count)
    return f"INSERT INTO events ({_names(EVENT_COLUMNS)}) VALUES {rows}"


INSERT_EVENTS = {count: _insert_events(count) for count in EVENT_GROUPS}
