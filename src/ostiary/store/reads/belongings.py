"""What a person has besides an account: sessions, grants, consents and personal tokens."""

from ostiary.model.grant import Consent, Grant
from ostiary.model.personal_token import PersonalToken
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.oauth.reader import PersonalStanding
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads

_TOKEN = codec_of(PersonalToken)
_USER = codec_of(User)

_SESSIONS = query(
    f"SELECT {codec_of(Session).select('r')} FROM sessions r "
    "WHERE r.user_id = ?1 AND r.id > ?2 ORDER BY r.id LIMIT ?3"
)
_GRANTS = query(
    f"SELECT {codec_of(Grant).select('r')} FROM grants r "
    "WHERE r.user_id = ?1 AND r.id > ?2 ORDER BY r.id LIMIT ?3"
)
_CONSENTS = query(
    f"SELECT {codec_of(Consent).select('r')} FROM consents r "
    "WHERE r.user_id = ?1 AND r.client_id > ?2 ORDER BY r.client_id LIMIT ?3"
)
_TOKENS = query(
    f"SELECT {_TOKEN.select('r')} FROM personal_tokens r "
    "WHERE r.user_id = ?1 AND r.id > ?2 ORDER BY r.id LIMIT ?3"
)
_TOKEN_BY_ID = query(f"SELECT {_TOKEN.select('r')} FROM personal_tokens r WHERE r.id = ?1")
_TOKEN_BY_DIGEST = query(
    f"SELECT {_TOKEN.select('r')}, {_USER.select('u')} FROM personal_tokens r "
    "LEFT JOIN users u ON u.id = r.user_id WHERE r.digest = ?1"
)


class BelongingReads(Reads):
    """Reads of all that goes when a person goes."""

    async def list_sessions_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Session, ...]:
        """Return the sessions of a user in whatever state, ordered by id."""
        return await self._page(Session, _SESSIONS, user_id, after, limit)

    async def list_grants_of_user(self, user_id: str, after: str, limit: int) -> tuple[Grant, ...]:
        """Return what a user granted to clients, in whatever state, ordered by id."""
        return await self._page(Grant, _GRANTS, user_id, after, limit)

    async def list_consents_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Consent, ...]:
        """Return what a user allowed clients, revoked or not, ordered by client_id."""
        return await self._page(Consent, _CONSENTS, user_id, after, limit)

    async def list_personal_tokens(
        self, user_id: str, after: str, limit: int
    ) -> tuple[PersonalToken, ...]:
        """Return the personal tokens of a user or service account, ordered by id."""
        return await self._page(PersonalToken, _TOKENS, user_id, after, limit)

    async def read_personal_token(self, token_id: str) -> PersonalToken | None:
        """Return a personal token by its id."""
        return await self._one(PersonalToken, _TOKEN_BY_ID, token_id)

    async def personal_token(self, digest: bytes) -> PersonalStanding | None:
        """Return a personal token with the user whose it is, if it is a user's."""
        row = await self._engine.row(_TOKEN_BY_DIGEST, digest)
        if row is None:
            return None
        user = None if row[_TOKEN.width] is None else _USER.decode(row, _TOKEN.width)
        return PersonalStanding(token=_TOKEN.decode(row), user=user)
