"""What administrators decided on findings of lint, and whom legacy flows are still for."""

from collections.abc import Sequence

from ostiary.model.client import Client, ClientKind
from ostiary.model.lint import Mend, Silence
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_SILENCE = by_key(Silence)
_SILENCES = query(
    f"SELECT {codec_of(Silence).select('r')} FROM silences r WHERE r.client_id among(?1) "
    "ORDER BY r.client_id, r.rule, r.target"
)
_MEND = by_key(Mend)
_MENDS = query(
    f"SELECT {codec_of(Mend).select('r')} FROM mends r WHERE r.client_id = ?1 AND r.id < ?2 "
    "AND r.expires_at > ?3 ORDER BY r.id DESC LIMIT ?4"
)


class LintReads(Reads):
    """Reads of lint, besides what was seen."""

    async def read_silence(self, client_id: str, rule: str, target: str) -> Silence | None:
        """Return that a finding is accepted, if it is."""
        return await self._one(Silence, _SILENCE, client_id, rule, target)

    async def list_silences(self, client_ids: Sequence[str]) -> tuple[Silence, ...]:
        """Return the findings about these clients that are accepted."""
        return await self._page(Silence, _SILENCES, self._engine.array(client_ids))

    async def read_mend(self, mend_id: str) -> Mend | None:
        """Return a mend, undone or not, expired or not."""
        return await self._one(Mend, _MEND, mend_id)

    async def list_mends(
        self, client_id: str, before: str, now: int, limit: int
    ) -> tuple[Mend, ...]:
        """Return mends of a client that come before an id and did not expire, newest first."""
        return await self._page(Mend, _MENDS, client_id, before, now, limit)

    async def list_legacy_clients(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Client, ...]:
        """Return applications with an opt-in to legacy flows, ordered by client_id."""
        return await self._list(
            Client,
            after,
            limit,
            kind=ClientKind.APPLICATION.value,
            uses_legacy=True,
            organization_id=organization_id,
            project_id=project_id,
        )
