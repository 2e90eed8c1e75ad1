"""What clients were seen to use."""

from collections.abc import Iterable, Sequence

import msgspec

from ostiary.model.sighting import Sighting, Trait
from ostiary.store.engine import Query, query
from ostiary.store.reads.reads import Reads

# All of one statement, in the order of the key: so that two processes never wait for each
# other. The time of the first sighting is that of whoever came first.
_NOTE = (
    "INSERT INTO client_sightings AS s (client_id, trait, value, first_seen_at, last_seen_at) "
    "SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS bigint), "
    "CAST(value ->> 4 AS bigint) FROM {rows} WHERE true ORDER BY 1, 2, 3 "
    "ON CONFLICT (client_id, trait, value) DO UPDATE SET last_seen_at = excluded.last_seen_at "
    "WHERE s.last_seen_at < excluded.last_seen_at RETURNING 1"
)
_NOTE_ALL = Query(
    sqlite=_NOTE.format(rows="json_each(?1)"),
    postgres=_NOTE.format(rows="json_array_elements(CAST($1 AS json)) AS j (value)"),
)
_OF_CLIENTS = query(
    "SELECT s.client_id, s.trait, s.value, s.first_seen_at, s.last_seen_at "
    "FROM client_sightings s WHERE s.client_id among(?1) AND s.trait <> '' "
    "ORDER BY s.client_id, s.trait, s.value"
)
# The server itself, under an id that no client has.
_WATCH = ""
_WATCHED_SINCE = query(
    "SELECT s.first_seen_at FROM client_sightings s "
    "WHERE s.client_id = '' AND s.trait = '' AND s.value = ''"
)


class SightingReads(Reads):
    """What lint asks of the store, and the one way to write what was seen."""

    async def note_sightings(self, sightings: Iterable[Sighting], now: int) -> None:
        """Write down what was seen, and that somebody looks, in one transaction."""
        rows: list[tuple[str | int, ...]] = [(_WATCH, "", "", now, now)]
        rows += [
            (one.client_id, one.trait.value, one.value, one.first_seen_at, one.last_seen_at)
            for one in sightings
        ]
        await self._engine.write(_NOTE_ALL, msgspec.json.encode(rows).decode())

    async def list_sightings(self, client_ids: Sequence[str]) -> tuple[Sighting, ...]:
        """Return everything that was seen of these clients."""
        rows = await self._engine.listing(_OF_CLIENTS, self._engine.array(client_ids))
        return tuple(
            Sighting(
                client_id=client_id,
                trait=Trait(trait),
                value=value,
                first_seen_at=first,
                last_seen_at=last,
            )
            for client_id, trait, value, first, last in rows
        )

    async def watched_since(self) -> int | None:
        """Return since when servers write down what they see, in seconds; None: they never did."""
        row = await self._engine.row(_WATCHED_SINCE)
        return None if row is None else int(row[0])
