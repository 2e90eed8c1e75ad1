"""Deletion of what has expired, in small transactions.

That something is deleted late is never a matter of security: every read and every
precondition looks at the time itself.
"""

from collections.abc import Mapping

import msgspec

from ostiary.model.event import ISSUANCE
from ostiary.model.policy import Retention
from ostiary.store.engine import Engine, Query, query
from ostiary.store.reads.outbox import NEVER

_HOUR = 3600
_DAY = 24 * _HOUR


def _delete_expired(table: str, *key: str) -> Query:
    """Make the statement that deletes the rows of a table that expired first."""
    columns = ", ".join(key)
    of_row = ", ".join(f"r.{name}" for name in key)
    return query(
        f"DELETE FROM {table} WHERE ({columns}) IN (SELECT {of_row} FROM {table} r "
        "WHERE r.expires_at <= ?1 ORDER BY r.expires_at LIMIT ?2 skip_locked) RETURNING 1"
    )


# What registers people is gone with its time; administrators see for a while who did not
# take up an invitation.
_INVITATIONS_KEPT = 30 * _DAY
_TICKETS = query(
    "DELETE FROM tickets WHERE digest IN (SELECT r.digest FROM tickets r WHERE r.expires_at <= ?1 "
    f"AND (r.purpose <> 'invitation' OR r.expires_at <= ?1 - {_INVITATIONS_KEPT}) "
    "ORDER BY r.expires_at LIMIT ?2 skip_locked) RETURNING 1"
)

# Table: how many seconds its rows are kept after they expired, and what deletes them.
_EXPIRED = {
    # A code that is shown again after its time is still known as a replay.
    "authorization_codes": (_DAY, _delete_expired("authorization_codes", "digest")),
    "access_tokens": (0, _delete_expired("access_tokens", "digest")),
    "refresh_families": (0, _delete_expired("refresh_families", "id")),
    # Whoever sends a form late is told that it expired.
    "interactions": (_HOUR, _delete_expired("interactions", "digest")),
    "pushed_requests": (_HOUR, _delete_expired("pushed_requests", "digest")),
    "device_codes": (_HOUR, _delete_expired("device_codes", "digest")),
    "kept_answers": (0, _delete_expired("kept_answers", "digest")),
    "registration_tokens": (0, _delete_expired("registration_tokens", "id")),
    "setup_tokens": (0, _delete_expired("setup_tokens", "digest")),
    # Whoever lists them sees for a while why a program stopped working.
    "personal_tokens": (30 * _DAY, _delete_expired("personal_tokens", "digest")),
    # A mend that can no longer be undone.
    "mends": (0, _delete_expired("mends", "id")),
    "trusted_devices": (0, _delete_expired("trusted_devices", "id")),
    "tickets": (0, _TICKETS),
    "counters": (0, _delete_expired("counters", "key")),
    # The clocks of whoever makes such values may differ.
    "burnt_values": (60, _delete_expired("burnt_values", "scope", "value")),
    # JWT access tokens name their grant for up to an hour after it.
    "grants": (_DAY, _delete_expired("grants", "id")),
}


class _Needed(msgspec.Struct, frozen=True):
    """Statements for rows that others may still rest on after they expired."""

    find: Query
    delete: Query


def _delete_unneeded(table: str, others: str, column: str) -> _Needed:
    return _Needed(
        find=query(
            f"SELECT r.expires_at, r.id FROM {table} r WHERE r.expires_at <= ?1 "
            "AND (r.expires_at, r.id) > (?2, ?3) ORDER BY r.expires_at, r.id LIMIT ?4"
        ),
        delete=query(
            f"DELETE FROM {table} WHERE id among(?1) AND NOT EXISTS "
            f"(SELECT 1 FROM {others} o WHERE o.{column} = {table}.id) RETURNING 1"
        ),
    )


# An offline grant outlives its session, and is read together with it.
_UNNEEDED = {
    "sessions": (_DAY, _delete_unneeded("sessions", "grants", "session_id")),
    "browsers": (_DAY, _delete_unneeded("browsers", "sessions", "browser_id")),
}

# Messages that were given up.
_GIVEN_UP_KEPT = 30 * _DAY
_GIVEN_UP = query(
    "DELETE FROM outbox WHERE id IN (SELECT o.id FROM outbox o "
    f"WHERE o.due_at = {NEVER} AND o.created_at <= ?1 LIMIT ?2 skip_locked) RETURNING 1"
)

# What became of events on their way to webhooks.
_DELIVERIES_KEPT = 30 * _DAY
_DELIVERIES = query(
    "DELETE FROM webhook_deliveries WHERE (webhook_id, seq) IN "
    "(SELECT d.webhook_id, d.seq FROM webhook_deliveries d WHERE d.last_at <= ?1 "
    "ORDER BY d.last_at LIMIT ?2 skip_locked) RETURNING 1"
)

_TRACES = query(
    "DELETE FROM traces WHERE id IN (SELECT t.id FROM traces t WHERE t.at <= ?1 "
    "ORDER BY t.at, t.turn, t.id LIMIT ?2 skip_locked) RETURNING 1"
)
# However short the time that they came in: the oldest go first.
MAX_TRACES = 100_000
_SURPLUS = query(
    "SELECT t.at FROM traces t ORDER BY t.at DESC, t.turn DESC, t.id DESC LIMIT 1 OFFSET ?1"
)
# Of what was not seen for so long, it is the same whether it ever was. That somebody looks
# stays known.
_SIGHTINGS_KEPT = 400 * _DAY
_SIGHTINGS = query(
    "DELETE FROM client_sightings WHERE (client_id, trait, value) IN "
    "(SELECT s.client_id, s.trait, s.value FROM client_sightings s WHERE s.last_seen_at <= ?1 "
    "AND s.client_id <> '' "
    "ORDER BY s.last_seen_at LIMIT ?2 skip_locked) RETURNING 1"
)

_EVENTS_PURGED = query("SELECT p.seq FROM events_purged p WHERE p.id = 1")
_EVENTS = query("SELECT e.seq, e.at FROM events e WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2")
# The last event stays: its position must not be given again.
_DELETE_EVENTS = query(
    "DELETE FROM events WHERE seq > ?1 AND seq <= ?2 AND seq < (SELECT max(seq) FROM events) "
    "RETURNING 1"
)
_DELETE_ISSUANCE = query(
    "DELETE FROM events WHERE seq > ?1 AND seq <= ?2 AND seq < (SELECT max(seq) FROM events) "
    "AND type among(?3) RETURNING 1"
)
_NOTE_PURGED = query("UPDATE events_purged SET seq = ?1 WHERE id = 1 AND seq < ?1 RETURNING 1")


async def purge(engine: Engine, now: int, retention: Retention, batch: int) -> Mapping[str, int]:
    """Delete what has expired, `batch` rows in a transaction; return how many by table.

    Raises:
        Unavailable: the database cannot answer now; what was deleted stays deleted.
    """
    counts: dict[str, int] = {}
    for table, (keep, statement) in _EXPIRED.items():
        counts[table] = await _purge_expired(engine, statement, now - keep, batch)
    for table, (keep, needed) in _UNNEEDED.items():
        counts[table] = await _purge_unneeded(engine, needed, now - keep, batch)
    counts["outbox"] = await _purge_expired(engine, _GIVEN_UP, now - _GIVEN_UP_KEPT, batch)
    until = now - _DELIVERIES_KEPT
    counts["webhook_deliveries"] = await _purge_expired(engine, _DELIVERIES, until, batch)
    counts["traces"] = await _purge_traces(engine, now - retention.traces, batch)
    until = now - _SIGHTINGS_KEPT
    counts["client_sightings"] = await _purge_expired(engine, _SIGHTINGS, until, batch)
    counts["events"] = await _purge_issuance(engine, now - retention.issuance_events, batch)
    counts["events"] += await _purge_events(engine, now - retention.events, batch)
    return counts


async def _purge_expired(engine: Engine, statement: Query, until: int, batch: int) -> int:
    total = 0
    while True:
        deleted = len(await engine.write(statement, until, batch))
        total += deleted
        if deleted < batch:
            return total


async def _purge_traces(engine: Engine, until: int, batch: int) -> int:
    surplus = await engine.listing(_SURPLUS, MAX_TRACES)
    if surplus:
        until = max(until, surplus[0][0])
    return await _purge_expired(engine, _TRACES, until, batch)


async def _purge_unneeded(engine: Engine, needed: _Needed, until: int, batch: int) -> int:
    total = 0
    position: tuple[int, str] = (0, "")
    while rows := await engine.listing(needed.find, until, *position, batch):
        ids = engine.array(id_ for _, id_ in rows)
        total += len(await engine.write(needed.delete, ids))
        expires_at, id_ = rows[-1]
        position = (expires_at, id_)
    return total


async def _purge_issuance(engine: Engine, until: int, batch: int) -> int:
    """Delete old events of everyday issuance, from where the last purge ended on."""
    total = 0
    types = engine.array(ISSUANCE)
    row = await engine.row(_EVENTS_PURGED)
    start: int = row[0] if row else 0
    while end := await _end_of_old(engine, start, until, batch):
        total += len(await engine.write(_DELETE_ISSUANCE, start, end, types))
        await engine.write(_NOTE_PURGED, end)
        start = end
    return total


async def _purge_events(engine: Engine, until: int, batch: int) -> int:
    total = 0
    start = 0
    while end := await _end_of_old(engine, start, until, batch):
        total += len(await engine.write(_DELETE_EVENTS, start, end))
        start = end
    return total


async def _end_of_old(engine: Engine, start: int, until: int, batch: int) -> int | None:
    """Return the position of the last of the next events that are all old, or None."""
    end = None
    for seq, at in await engine.listing(_EVENTS, start, batch):
        if at > until:
            break
        end = int(seq)
    return end
