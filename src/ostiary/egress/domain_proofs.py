"""Looking up what the owner of a domain published there: in the DNS, or on its web server."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import Egress
from ostiary.egress.limits import Limits
from ostiary.model.domain import DomainProof
from ostiary.settings.values import split_address

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

_SECONDS = 5.0
_MAX_FILE = 4096
_MAX_RECORDS = 50


class DomainProofs:
    """Finds proofs, asking these name servers, or those that the machine asks."""

    def __init__(self, egress: Egress, servers: Iterable[str] = ()) -> None:
        """`servers` are IP addresses with ports; with none, the machine's are asked."""
        self._egress = egress
        self._servers = tuple(map(split_address, servers))

    async def find(self, record: str, url: str, value: str) -> DomainProof | None:
        """Tell where a value is published, or None where it is not to be found.

        `record` is the name of a TXT record, `url` the address of a text file.
        """
        if value in await self._read_records(record):
            return DomainProof.DNS
        return DomainProof.WEB if value in await self._read_file(url) else None

    async def _read_records(self, name: str) -> list[str]:
        import dns.exception  # noqa: PLC0415 - few instances ever ask

        try:
            answer = await self._resolver().resolve(
                f"{name}.", "TXT", search=False, lifetime=_SECONDS
            )
        except (dns.exception.DNSException, OSError):
            return []
        found = [b"".join(one.strings) for one in list(answer)[:_MAX_RECORDS]]
        return [text.decode("ascii", "replace").strip() for text in found]

    def _resolver(self) -> "Resolver":
        from dns.asyncresolver import Resolver  # noqa: PLC0415 - as above
        from dns.nameserver import Do53Nameserver  # noqa: PLC0415 - as above

        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [Do53Nameserver(host, port) for host, port in self._servers]
        return resolver

    async def _read_file(self, url: str) -> list[str]:
        try:
            fetched = await self._egress.fetch(
                url, accept=("text/plain",), limits=Limits(body=_MAX_FILE)
            )
        except FetchFailed:
            return []
        return [line.strip() for line in fetched.body.decode("ascii", "replace").splitlines()]
