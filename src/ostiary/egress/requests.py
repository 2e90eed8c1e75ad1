"""Request objects that clients publish at registered addresses (RFC 9101, 5.2)."""

import structlog

from ostiary.egress.errors import FetchFailed
from ostiary.egress.jwks import Fetcher
from ostiary.oauth.authorization.request_object import MEDIA_TYPE, Unreachable

# The last two are any compact JWT, and any compact JWS (RFC 7519, 10.3.1; RFC 7515, 9.2.1):
# what OpenID Connect Core 6.2 leaves open, and what older clients publish.
_ACCEPT = (f"application/{MEDIA_TYPE}", "application/jwt", "application/jose")
_log = structlog.get_logger("ostiary.egress")


class RemoteRequests:
    """Fetches request objects, each time anew: what a client publishes may change."""

    def __init__(self, fetcher: Fetcher) -> None:
        """`fetcher` decides what may be connected to."""
        self._fetcher = fetcher

    async def fetch(self, client_id: str, request_uri: str) -> str:
        """Return the request object at an address.

        Raises:
            Unreachable: there is none; the log says why.
        """
        try:
            fetched = await self._fetcher.fetch(request_uri, accept=_ACCEPT)
            return fetched.body.decode("ascii").strip()
        except FetchFailed as error:
            reason, detail = str(error.reason), error.detail
        except UnicodeDecodeError:
            reason, detail = "form", "the answer is not a JWT"
        _log.warning("request_uri_failed", client_id=client_id, reason=reason, detail=detail)
        raise Unreachable
