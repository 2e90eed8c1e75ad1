"""Browsers, the sessions in them, and the requests that wait for a person."""

from ostiary.model.grant import Consent, DeviceCode, DeviceStatus, Interaction, PushedRequest
from ostiary.model.session import Browser, Session
from ostiary.model.user import User
from ostiary.oauth.built_in import Furnished
from ostiary.oauth.reader import SignedIn
from ostiary.store.codec import codec_of
from ostiary.store.engine import Engine, query
from ostiary.store.reads.reads import Reads, by_key

_SESSION = codec_of(Session)
_USER = codec_of(User)

_BROWSER = query(f"SELECT {codec_of(Browser).select('r')} FROM browsers r WHERE r.digest = ?1")
_SESSIONS_OF_BROWSER = query(
    f"SELECT {_SESSION.select('s')}, {_USER.select('u')} "
    "FROM sessions s JOIN users u ON u.id = s.user_id "
    "WHERE s.browser_id = ?1 AND s.revoked_at IS NULL ORDER BY s.last_seen_at DESC, s.id DESC"
)
_SESSION_BY_ID = by_key(Session)
_SESSIONS_OF_USER = query(
    f"SELECT {_SESSION.select('s')} FROM sessions s WHERE s.user_id = ?1 AND s.id > ?2 "
    "AND s.revoked_at IS NULL ORDER BY s.id LIMIT ?3"
)
_CLIENTS_OF_SESSION = query(
    "SELECT DISTINCT g.client_id FROM grants g WHERE g.session_id = ?1 ORDER BY g.client_id"
)
_INTERACTION = by_key(Interaction)
_PUSHED = by_key(PushedRequest)
_DEVICE_CODE = by_key(DeviceCode)
_BY_USER_CODE = query(
    f"SELECT {codec_of(DeviceCode).select('r')} FROM device_codes r WHERE r.user_code = ?1 "
    "ORDER BY r.created_at DESC LIMIT 2"
)
_CONSENT = by_key(Consent)

# Counts stop at a limit, so that a flood does not make them expensive.
_PENDING_OF_PEER = query(
    "SELECT count(*) FROM (SELECT 1 FROM interactions r WHERE r.peer = ?1 "
    "AND r.consumed_at IS NULL AND r.expires_at > ?2 LIMIT ?3) waiting"
)
_PENDING = query(
    "SELECT count(*) FROM (SELECT 1 FROM interactions r WHERE r.consumed_at IS NULL "
    "AND r.expires_at > ?1 LIMIT ?2) waiting"
)


class SessionReads(Reads):
    """Reads of browsers, sessions and interactions."""

    def __init__(self, engine: Engine, furnished: Furnished | None = None) -> None:
        super().__init__(engine, furnished)
        # When all requests that wait were counted last, up to which limit, and how many.
        self._counted: tuple[int, int, int] = (0, 0, 0)

    async def browser(self, digest: bytes) -> Browser | None:
        """Return the browser that holds the cookie with this digest."""
        return await self._one(Browser, _BROWSER, digest)

    async def sessions(self, browser_id: str) -> tuple[SignedIn, ...]:
        """Return the sessions of a browser that were not revoked, last used first."""
        rows = await self._engine.rows(_SESSIONS_OF_BROWSER, browser_id)
        return tuple(
            SignedIn(session=_SESSION.decode(row), user=_USER.decode(row, _SESSION.width))
            for row in rows
        )

    async def ended_session(self, session_id: str) -> tuple[Session, tuple[str, ...]] | None:
        """Return a session, and the ids of the clients that it was used with."""
        session = await self._one(Session, _SESSION_BY_ID, session_id)
        if session is None:
            return None
        return session, await self.clients_of_session(session_id)

    async def read_session(self, session_id: str) -> Session | None:
        """Return the session, ended or not."""
        return await self._one(Session, _SESSION_BY_ID, session_id)

    async def list_sessions(self, user_id: str, after: str, limit: int) -> tuple[Session, ...]:
        """Return the sessions of a user that were not ended, ordered by id."""
        rows = await self._engine.listing(_SESSIONS_OF_USER, user_id, after, limit)
        return tuple(map(_SESSION.decode, rows))

    async def clients_of_session(self, session_id: str) -> tuple[str, ...]:
        """Return the ids of the clients that a session was used with."""
        rows = await self._engine.rows(_CLIENTS_OF_SESSION, session_id)
        return tuple(row[0] for row in rows)

    async def interaction(self, digest: bytes) -> Interaction | None:
        """Return a pending authorization request, in whatever state."""
        return await self._one(Interaction, _INTERACTION, digest)

    async def pushed_request(self, digest: bytes) -> PushedRequest | None:
        """Return a pushed authorization request, in whatever state."""
        return await self._one(PushedRequest, _PUSHED, digest)

    async def device_code(self, digest: bytes) -> DeviceCode | None:
        """Return a device code, in whatever state."""
        return await self._one(DeviceCode, _DEVICE_CODE, digest)

    async def device_by_user_code(self, user_code: str) -> DeviceCode | None:
        """Return the last device that has shown this code, in whatever state.

        None also where two wait under it: nobody can tell which one is meant.
        """
        last, *earlier = await self._all(DeviceCode, _BY_USER_CODE, user_code) or (None,)
        if last is not None and any(
            one.status is DeviceStatus.PENDING and one.expires_at > last.created_at
            for one in earlier
        ):
            return None
        return last

    async def consent(self, user_id: str, client_id: str) -> Consent | None:
        """Return what the user allowed the client, revoked or not."""
        return await self._one(Consent, _CONSENT, user_id, client_id)

    async def pending_interactions(self, peer: str | None, now: int, limit: int) -> int:
        """Count the requests that wait for a person: neither consumed nor expired at `now`.

        Those of one peer, or of all where `peer` is None; all are counted once a second.
        """
        if peer is not None:
            row = await self._engine.row(_PENDING_OF_PEER, peer, now, limit)
            return row[0] if row else 0
        if self._counted[:2] != (now, limit):
            row = await self._engine.row(_PENDING, now, limit)
            self._counted = (now, limit, row[0] if row else 0)
        return self._counted[2]
