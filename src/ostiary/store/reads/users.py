"""Users, their login names, and the counters that throttle them."""

from ostiary.model.grant import Usage
from ostiary.model.user import User
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_BY_ID = by_key(User)
_BY_LOGIN_NAME = query(
    f"SELECT {codec_of(User).select('r')} FROM login_names n JOIN users r ON r.id = n.user_id "
    "WHERE n.name = ?1"
)
_USAGE = query(
    "SELECT c.key, c.count, c.last_at, c.expires_at FROM counters c WHERE c.key among(?1)"
)


class UserReads(Reads):
    """Reads of users."""

    async def user(self, user_id: str) -> User | None:
        """Return the user, whatever their state."""
        return await self._one(User, _BY_ID, user_id)

    async def user_by_login_name(self, name: str) -> User | None:
        """Return the user who signs in under this case-folded name."""
        return await self._one(User, _BY_LOGIN_NAME, name)

    # Users are never cached: these are the names that management knows them by.
    read_user = user
    read_user_by_login_name = user_by_login_name

    async def usage(self, keys: tuple[str, ...]) -> dict[str, Usage]:
        """Return the counters that exist under these keys; lapsed windows included."""
        rows = await self._engine.rows(_USAGE, self._engine.array(keys))
        return {
            key: Usage(key=key, count=count, last_at=last_at, expires_at=expires_at)
            for key, count, last_at, expires_at in rows
        }

    async def list_users(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[User, ...]:
        """Return users ordered by id, of one organization or of all, without deleted ones."""
        return await self._list(User, after, limit, organization_id=organization_id)
