"""Grants and what is issued under them, each read together with what it rests on."""

from ostiary.model.grant import AccessToken, AuthorizationCode, Grant, RefreshFamily
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.oauth.reader import (
    CodeStanding,
    FamilyStanding,
    JwtStanding,
    Standing,
    TokenStanding,
)
from ostiary.store.codec import Row, codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_CODE = codec_of(AuthorizationCode)
_FAMILY = codec_of(RefreshFamily)
_TOKEN = codec_of(AccessToken)
_GRANT = codec_of(Grant)
_SESSION = codec_of(Session)
_USER = codec_of(User)

_STANDING = f"{_GRANT.select('g')}, {_SESSION.select('s')}, {_USER.select('u')}"
_RESTS_ON = "JOIN sessions s ON s.id = g.session_id JOIN users u ON u.id = g.user_id"

_BY_CODE = query(
    f"SELECT {_CODE.select('r')}, {_STANDING} FROM authorization_codes r "
    f"JOIN grants g ON g.id = r.grant_id {_RESTS_ON} WHERE r.digest = ?1"
)
_BY_FAMILY = query(
    f"SELECT {_FAMILY.select('r')}, {_STANDING} FROM refresh_families r "
    f"JOIN grants g ON g.id = r.grant_id {_RESTS_ON} WHERE r.id = ?1"
)
# One join after the other: SQLite would work out a joined right-hand side for all grants first.
_BY_TOKEN = query(
    f"SELECT {_TOKEN.select('r')}, {_STANDING} FROM access_tokens r "
    "LEFT JOIN grants g ON g.id = r.grant_id LEFT JOIN sessions s ON s.id = g.session_id "
    "LEFT JOIN users u ON u.id = g.user_id WHERE r.digest = ?1"
)
# Where the columns of grant, session and user begin in its rows.
_STANDING_OF_TOKEN = (
    _TOKEN.width,
    _TOKEN.width + _GRANT.width,
    _TOKEN.width + _GRANT.width + _SESSION.width,
)
_BY_GRANT = query(f"SELECT {_STANDING} FROM grants g {_RESTS_ON} WHERE g.id = ?1")
_GRANT_BY_ID = by_key(Grant)
_GRANTS_OF_USER = query(
    f"SELECT {_GRANT.select('g')} FROM grants g WHERE g.user_id = ?1 AND g.id > ?2 "
    "AND g.revoked_at IS NULL AND g.expires_at > ?3 ORDER BY g.id LIMIT ?4"
)
_IS_BURNT = "SELECT 1 FROM burnt_values WHERE scope = ?1 AND value = ?2"
_BURNT = query(_IS_BURNT)
_BY_JWT = query(
    f"SELECT {_STANDING}, EXISTS ({_IS_BURNT}) FROM grants g {_RESTS_ON} WHERE g.id = ?3"
)


def _decode_standing(row: Row, start: int = 0) -> Standing:
    session = start + _GRANT.width
    return Standing(
        grant=_GRANT.decode(row, start),
        session=_SESSION.decode(row, session),
        user=_USER.decode(row, session + _SESSION.width),
    )


class GrantReads(Reads):
    """Reads of grants, codes, refresh families and access tokens.

    Where the grant, session or user that something rests on is gone, it is gone too.
    """

    async def code(self, digest: bytes) -> CodeStanding | None:
        """Return the code, consumed or not, expired or not."""
        row = await self._engine.row(_BY_CODE, digest)
        if row is None:
            return None
        return CodeStanding(code=_CODE.decode(row), standing=_decode_standing(row, _CODE.width))

    async def refresh_family(self, family_id: bytes) -> FamilyStanding | None:
        """Return the family, in whatever state."""
        row = await self._engine.row(_BY_FAMILY, family_id)
        if row is None:
            return None
        standing = _decode_standing(row, _FAMILY.width)
        return FamilyStanding(family=_FAMILY.decode(row), standing=standing)

    async def access_token(self, digest: bytes) -> TokenStanding | None:
        """Return the opaque access token, in whatever state."""
        row = await self._engine.row(_BY_TOKEN, digest)
        if row is None:
            return None
        token = _TOKEN.decode(row)
        if token.grant_id is None:
            return TokenStanding(token=token, standing=None)
        if any(row[start] is None for start in _STANDING_OF_TOKEN):
            # A user granted it, and what it rests on is gone: it must not pass for a token
            # that no user ever granted.
            return None
        return TokenStanding(token=token, standing=_decode_standing(row, _TOKEN.width))

    async def jwt(self, grant_id: str | None, scope: str, jti: bytes) -> JwtStanding:
        """Return the grant that a JWT names, if any, and whether its jti was burned."""
        if grant_id is None:
            row = await self._engine.row(_BURNT, scope, jti)
            return JwtStanding(burnt=row is not None, standing=None)
        row = await self._engine.row(_BY_JWT, scope, jti, grant_id)
        if row is None:
            return JwtStanding(burnt=False, standing=None)
        return JwtStanding(burnt=bool(row[-1]), standing=_decode_standing(row))

    async def read_grant(self, grant_id: str) -> Grant | None:
        """Return a grant, in whatever state."""
        return await self._one(Grant, _GRANT_BY_ID, grant_id)

    async def list_grants(
        self, user_id: str, now: int, after: str, limit: int
    ) -> tuple[Grant, ...]:
        """Return the grants of a user that are good at `now`, ordered by id."""
        rows = await self._engine.listing(_GRANTS_OF_USER, user_id, after, now, limit)
        return tuple(map(_GRANT.decode, rows))

    async def standing(self, grant_id: str) -> Standing | None:
        """Return the grant with its session and user."""
        row = await self._engine.row(_BY_GRANT, grant_id)
        return None if row is None else _decode_standing(row)
