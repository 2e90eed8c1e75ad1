"""Users, their login names, the words they are found by, and what throttles them."""

from functools import lru_cache

import msgspec

from ostiary.model.grant import Usage
from ostiary.model.user import User, UserState
from ostiary.store.codec import codec_of
from ostiary.store.engine import Query, Value, query
from ostiary.store.reads.reads import Reads, by_key
from ostiary.store.words import span, words_in

_USER = codec_of(User)

_BY_ID = by_key(User)
_BY_LOGIN_NAME = query(
    f"SELECT {_USER.select('r')} FROM login_names n JOIN users r ON r.id = n.user_id "
    "WHERE n.name = ?1"
)
_USAGE = query(
    "SELECT c.key, c.count, c.last_at, c.expires_at FROM counters c WHERE c.key among(?1)"
)
# Between the parts of a position in a search; no id holds it.
_COMMA = ","


class UserFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which users are wanted: those that fit everything that is given.

    `text` is what their names, addresses or words of their names begin with.
    """

    organization_id: str | None = None
    state: UserState | None = None
    text: str = ""


class UserPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of users. `keys` are where a list that ends with each of them goes on.

    `after` is the last key where there may be more, or None at the end.
    """

    users: tuple[User, ...]
    keys: tuple[str, ...]
    after: str | None = None


def _of_state(*, organization: bool) -> Query:
    """Make the statement for a page of users in a state, by an index that says so.

    PostgreSQL plans for any state at once, and counts on finding enough among all users:
    a range of the index can be nothing else. Parameters: id to go on after, how many, the
    state, and the organization.
    """
    columns = f"SELECT {_USER.select('r')} FROM users r WHERE"
    if organization:
        place, order = "r.organization_id = ?4 AND", "r.organization_id, r.state, r.id"
        start, end = "(r.organization_id, r.state, r.id) > (?4, ?3, ?1)", "(?4, ?3)"
        bound = f"(r.organization_id, r.state) <= {end}"
    else:
        place, order = "", "r.state, r.id"
        start, bound = "(r.state, r.id) > (?3, ?1)", "r.state <= ?3"
    equal = f"{columns} {place} r.state = ?3 AND r.id > ?1 ORDER BY r.id LIMIT ?2"
    ranged = f"{columns} {start} AND {bound} ORDER BY {order} LIMIT ?2"
    return Query(sqlite=query(equal).sqlite, postgres=query(ranged).postgres)


_IN_STATE = _of_state(organization=False)
_IN_STATE_OF_ORGANIZATION = _of_state(organization=True)


@lru_cache(maxsize=32)
def _search(filters: tuple[str, ...], further: int) -> Query:
    """Make the statement for a page of users by a word, ordered by the word that fits.

    A user of whom several words fit is listed under the first. `further` words have to
    fit as well. Parameters: word and id to go on after, which are not before the bounds of
    the word; these; how many; the filters; and the bounds of the further words.
    """
    first = 6 + len(filters)
    bounds = [(first + 2 * n, first + 2 * n + 1) for n in range(further)]
    conditions = [f"w.{name} = ?{n}" for n, name in enumerate(filters, 6)]
    conditions += [
        "EXISTS (SELECT 1 FROM user_words x WHERE x.user_id = w.user_id "
        f"AND x.word >= ?{low} AND x.word < ?{high})"
        for low, high in bounds
    ]
    return query(
        f"SELECT w.word, {_USER.select('r')} FROM user_words w JOIN users r ON r.id = w.user_id "
        "WHERE (w.word, w.user_id) > (?1, ?2) AND w.word < ?4 "
        f"{''.join(f'AND {condition} ' for condition in conditions)}"
        "AND NOT EXISTS (SELECT 1 FROM user_words o WHERE o.user_id = w.user_id "
        "AND o.word >= ?3 AND o.word < w.word) ORDER BY w.word, w.user_id LIMIT ?5"
    )


def _last(keys: tuple[str, ...], limit: int) -> str | None:
    """Return where a page goes on, if it is full."""
    return keys[-1] if len(keys) == limit else None


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

    async def search_users(self, wanted: UserFilter, after: str, limit: int) -> UserPage:
        """Return a page of users: by id, or where a text is given by the word that fits.

        Deleted users are in no list. `after` is that of the page before, or empty.
        """
        filters: dict[str, Value] = {
            name: value
            for name, value in (
                ("organization_id", wanted.organization_id),
                ("state", None if wanted.state is None else wanted.state.value),
            )
            if value is not None
        }
        words = words_in(wanted.text)
        if not words:
            found = await self._in_state(wanted, after, limit)
            keys = tuple(user.id for user in found)
            return UserPage(users=found, keys=keys, after=_last(keys, limit))
        word, _, user_id = after.rpartition(_COMMA)
        first, last = span(words[0])
        position = max((word, user_id), (first, ""))
        bounds = [bound for further in words[1:] for bound in span(further)]
        rows = await self._engine.listing(
            _search(tuple(filters), len(words) - 1),
            *position,
            first,
            last,
            limit,
            *filters.values(),
            *bounds,
        )
        users = tuple(_USER.decode(row, 1) for row in rows)
        keys = tuple(f"{row[0]}{_COMMA}{row[1]}" for row in rows)
        return UserPage(users=users, keys=keys, after=_last(keys, limit))

    async def _in_state(self, wanted: UserFilter, after: str, limit: int) -> tuple[User, ...]:
        if wanted.state is None:
            return await self.list_users(wanted.organization_id, after, limit)
        values = (after, limit, wanted.state.value)
        if wanted.organization_id is None:
            return await self._page(User, _IN_STATE, *values)
        return await self._page(User, _IN_STATE_OF_ORGANIZATION, *values, wanted.organization_id)
