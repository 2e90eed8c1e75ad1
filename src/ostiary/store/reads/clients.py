"""Clients: applications and service accounts."""

from functools import partial

from ostiary.model.client import Client, ClientKind
from ostiary.oauth.built_in import BUILT_IN
from ostiary.store.codec import codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_BY_ID = by_key(Client)
# One of all that use the same for the same time: there may be many, and few kinds of use.
_LEGACY_USES = query(
    f"SELECT {codec_of(Client).select('r')} FROM clients r WHERE r.client_id IN "
    "(SELECT min(client_id) FROM clients WHERE uses_legacy AND state = 'active' GROUP BY "
    "data ->> 'response_types', data ->> 'grant_types', data -> 'legacy' ->> 'until') "
    "ORDER BY r.client_id"
)
_ORIGIN = query("SELECT 1 FROM web_origins WHERE origin = ?1 LIMIT 1")


class ClientReads(Reads):
    """Reads of clients."""

    async def client(self, client_id: str) -> Client | None:
        """Return the client, whatever its state; also one that is part of the program."""
        built_in = BUILT_IN.get(client_id)
        if built_in is None and self._furnished is not None:
            built_in = self._furnished.clients.get(client_id)
        if built_in is not None:
            return built_in
        return await self._cached(("client", client_id), partial(self.read_client, client_id))

    async def read_client(self, client_id: str) -> Client | None:
        """Return the client from the database, whatever its state."""
        return await self._one(Client, _BY_ID, client_id)

    async def legacy_clients(self) -> tuple[Client, ...]:
        """Return an active client for each use of flows that are no longer recommended."""
        load = partial(self._all, Client, _LEGACY_USES)
        return await self._cached("legacy_clients", load) or ()

    async def is_web_origin(self, origin: str) -> bool:
        """Tell whether an active client has registered this origin."""
        return await self._engine.row(_ORIGIN, origin) is not None

    async def list_clients(
        self,
        kind: ClientKind,
        organization_id: str | None,
        project_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[Client, ...]:
        """Return clients of a kind ordered by client_id, without deleted ones."""
        return await self._list(
            Client,
            after,
            limit,
            kind=kind.value,
            organization_id=organization_id,
            project_id=project_id,
        )
