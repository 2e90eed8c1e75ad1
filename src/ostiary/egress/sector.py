"""Sector identifiers: lists of redirect URIs that share pairwise subjects (Core 8.1)."""

from ostiary.egress.errors import FetchFailed, Reason
from ostiary.egress.fetcher import Egress
from ostiary.jose import json
from ostiary.jose.errors import InvalidJson

MAX_BYTES = 65_536


async def read_sector(egress: Egress, address: str) -> tuple[str, ...]:
    """Return the redirect URIs that stand behind a `sector_identifier_uri`.

    Raises:
        FetchFailed: the address is refused, does not answer, or not with a JSON array of
            strings.
    """
    fetched = await egress.fetch(address, accept=("application/json",))
    try:
        document = json.parse(fetched.body, limit=MAX_BYTES)
    except InvalidJson as error:
        raise FetchFailed(Reason.PROTOCOL, error.message) from error
    if not isinstance(document, list) or not all(isinstance(one, str) for one in document):
        raise FetchFailed(Reason.PROTOCOL, "the document is not a JSON array of strings")
    return tuple(document)
