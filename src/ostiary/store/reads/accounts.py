"""What people see of their own account: sessions, applications with access, what happened.

These are lists: they are bounded, and read off the event loop.
"""

import msgspec

from ostiary.model.event import ISSUANCE, Event
from ostiary.model.grant import Consent
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.store.codec import EVENT_COLUMNS, codec_of, decode_event
from ostiary.store.engine import Query, query
from ostiary.store.reads.reads import Reads

_SESSION = codec_of(Session)
_CONSENT = codec_of(Consent)

_LIVE_SESSIONS = query(
    f"SELECT {_SESSION.select('s')} FROM sessions s WHERE s.user_id = ?1 "
    "AND s.revoked_at IS NULL AND s.idle_expires_at > ?2 AND s.expires_at > ?2 "
    "ORDER BY s.last_seen_at DESC, s.id DESC LIMIT ?3"
)
# As `oauth.usable.standing_refusal` has it: what would not be refused. `?3` is when the
# person's credentials changed last.
_LIVE_GRANT = (
    "g.user_id = ?1 AND g.revoked_at IS NULL AND g.expires_at > ?2 AND g.created_at >= ?3 "
    "AND (g.offline OR (s.revoked_at IS NULL AND s.expires_at > ?2))"
)
_GRANTS = f"FROM grants g JOIN sessions s ON s.id = g.session_id WHERE {_LIVE_GRANT}"
_ACCESS = query(
    "SELECT g.client_id, min(g.created_at), max(CASE WHEN g.offline THEN 1 ELSE 0 END), "
    "max(g.created_at), max((SELECT max(f.rotated_at) FROM refresh_families f "
    f"WHERE f.grant_id = g.id)) {_GRANTS} GROUP BY g.client_id ORDER BY g.client_id LIMIT ?4"
)
_GRANTED = "FROM grants g JOIN sessions s ON s.id = g.session_id"
_SCOPES = Query(
    sqlite=(
        f"SELECT DISTINCT g.client_id, json_each.value {_GRANTED} "
        f"JOIN json_each(g.data, '$.scopes') WHERE {_LIVE_GRANT} ORDER BY 1, 2 LIMIT ?4"
    ),
    postgres=(
        f"SELECT DISTINCT g.client_id, scopes.value {_GRANTED} CROSS JOIN LATERAL "
        f"json_array_elements_text(g.data -> 'scopes') scopes (value) WHERE {_LIVE_GRANT} "
        "ORDER BY 1, 2 LIMIT ?4"
    ).replace("?", "$"),
)
_CONSENTS = query(
    f"SELECT {_CONSENT.select('r')} FROM consents r WHERE r.user_id = ?1 "
    "AND r.revoked_at IS NULL ORDER BY r.client_id LIMIT ?2"
)
_SESSIONS_WITH = query(
    f"SELECT {_SESSION.select('s')} FROM sessions s WHERE s.id IN (SELECT g.session_id "
    "FROM grants g WHERE g.user_id = ?1 AND g.client_id = ?2 AND g.revoked_at IS NULL) "
    "AND s.revoked_at IS NULL ORDER BY s.id LIMIT ?3"
)
# The condition of an index, in the words of the index.
_NO_ISSUANCE = "e.type NOT IN ({})".format(", ".join(f"'{name}'" for name in sorted(ISSUANCE)))
_ACTIVITY = query(
    f"SELECT e.seq, {', '.join(f'e.{name}' for name in EVENT_COLUMNS)} FROM events e "
    f"WHERE e.user_id = ?1 AND {_NO_ISSUANCE} AND e.seq < ?2 AND e.type among(?3) "
    "ORDER BY e.seq DESC LIMIT ?4"
)

MAX_SESSIONS = 100
MAX_APPLICATIONS = 200
_MAX_SCOPES = 20 * MAX_APPLICATIONS


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What an application may do for a person now, by all the grants that it has."""

    client_id: str
    scopes: tuple[str, ...]
    since: int
    # Coarse: when it was given access or refreshed a token last.
    last_used_at: int
    # Also while the person is not signed in.
    offline: bool


class AccountReads(Reads):
    """Reads of a person's own account."""

    async def live_sessions(self, user: User, now: int) -> tuple[Session, ...]:
        """Return where somebody is signed in, last used first; at most a hundred places."""
        rows = await self._engine.listing(_LIVE_SESSIONS, user.id, now, MAX_SESSIONS)
        return tuple(
            session
            for session in map(_SESSION.decode, rows)
            if all(proof.at >= user.credentials_changed_at for proof in session.proofs)
        )

    async def access_of(self, user: User, now: int) -> tuple[Access, ...]:
        """Return the applications that can act for somebody, ordered by client_id."""
        key = (user.id, now, user.credentials_changed_at)
        rows = await self._engine.listing(_ACCESS, *key, MAX_APPLICATIONS)
        scopes: dict[str, list[str]] = {}
        for client_id, scope in await self._engine.listing(_SCOPES, *key, _MAX_SCOPES):
            scopes.setdefault(client_id, []).append(scope)
        return tuple(
            Access(
                client_id=client_id,
                scopes=tuple(scopes.get(client_id, ())),
                since=since,
                last_used_at=max(given, refreshed or 0),
                offline=bool(offline),
            )
            for client_id, since, offline, given, refreshed in rows
        )

    async def consents_of(self, user_id: str) -> tuple[Consent, ...]:
        """Return what somebody allows applications, ordered by client_id."""
        rows = await self._engine.listing(_CONSENTS, user_id, MAX_APPLICATIONS)
        return tuple(map(_CONSENT.decode, rows))

    async def sessions_with(self, user_id: str, client_id: str) -> tuple[Session, ...]:
        """Return the sessions that somebody uses an application with; at most a hundred."""
        rows = await self._engine.listing(_SESSIONS_WITH, user_id, client_id, MAX_SESSIONS)
        return tuple(map(_SESSION.decode, rows))

    async def activity(
        self, user_id: str, types: tuple[str, ...], before: int, limit: int
    ) -> tuple[tuple[int, Event], ...]:
        """Return somebody's events of some types with their position, newest first.

        `before` is the position to go on from. Events of everyday issuance are left out.
        """
        given = self._engine.array(types)
        rows = await self._engine.listing(_ACTIVITY, user_id, before, given, limit)
        return tuple((row[0], decode_event(row[1:])) for row in rows)
