"""Initial access tokens, and clients that registered themselves and were not used yet."""

from ostiary.model.registration import RegistrationToken, UnusedClient
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_TOKEN = by_key(RegistrationToken)
_TOKEN_BY_DIGEST = query(
    f"SELECT {codec_of(RegistrationToken).select('r')} FROM registration_tokens r "
    "WHERE r.digest = ?1"
)
_UNUSED = by_key(UnusedClient)
_OLD_UNUSED = query(
    f"SELECT {codec_of(UnusedClient).select('r')} FROM unused_clients r "
    "WHERE r.created_at <= ?1 AND (r.created_at, r.client_id) > (?2, ?3) "
    "ORDER BY r.created_at, r.client_id LIMIT ?4"
)
_COUNT_UNUSED = query(
    "SELECT count(*) FROM (SELECT 1 FROM unused_clients r WHERE r.created_at >= ?1 LIMIT ?2) "
    "waiting"
)


class RegistrationReads(Reads):
    """Reads of dynamic registration."""

    async def registration_token(self, digest: bytes) -> RegistrationToken | None:
        """Return the initial access token with this digest, expired or not."""
        return await self._one(RegistrationToken, _TOKEN_BY_DIGEST, digest)

    async def read_registration_token(self, token_id: str) -> RegistrationToken | None:
        """Return an initial access token, expired or not."""
        return await self._one(RegistrationToken, _TOKEN, token_id)

    async def list_registration_tokens(
        self, after: str, limit: int
    ) -> tuple[RegistrationToken, ...]:
        """Return initial access tokens ordered by id."""
        return await self._list(RegistrationToken, after, limit)

    async def read_unused_client(self, client_id: str) -> UnusedClient | None:
        """Return the note that a client was not used yet, if there is one."""
        return await self._one(UnusedClient, _UNUSED, client_id)

    async def list_unused_clients(
        self, until: int, after: tuple[int, str], limit: int
    ) -> tuple[UnusedClient, ...]:
        """Return clients that registered themselves until then and were not used, oldest first."""
        rows = await self._engine.listing(_OLD_UNUSED, until, *after, limit)
        return tuple(map(codec_of(UnusedClient).decode, rows))

    async def count_unused_clients(self, since: int, limit: int) -> int:
        """Count those that registered themselves since then; counting stops at `limit`."""
        row = await self._engine.row(_COUNT_UNUSED, since, limit)
        return int(row[0]) if row else 0
