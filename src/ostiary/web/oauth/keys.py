"""GET /oauth/v2/keys: the public key set (RFC 7517, 5; OpenID Connect Core 10.1.1)."""

from falcon.asgi import Request, Response

from ostiary.jose.jwks import MEDIA_TYPE
from ostiary.jose.keyring import KeyRing
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.metadata import KEYS as PATH
from ostiary.oauth.peer import peer_of
from ostiary.web.idp import Idp
from ostiary.web.oauth.document import (
    Document,
    allow_all,
    encode_document,
    serve,
    serve_unavailable,
)
from ostiary.web.source import read_source

__all__ = ["PATH", "Keys"]

# A retired key leaves the set by and by, without a change of the ring.
_MINUTE = 60


class Keys:
    """The key set, serialised once for each state of the keys and each minute."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._made: tuple[KeyRing, int, Document] | None = None

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the key set."""
        try:
            ring = await self._idp.keys.ring()
        except Unavailable:
            serve_unavailable(resp)
        else:
            now = self._idp.clock.now()
            serve(req, resp, self._document(ring, now), MEDIA_TYPE)
            self._idp.sightings.note_reader(peer_of(read_source(req).ip), now)

    async def on_head(self, req: Request, resp: Response) -> None:
        """Answer likewise, without the body."""
        await self.on_get(req, resp)

    async def on_options(self, _req: Request, resp: Response) -> None:
        """Answer a preflight."""
        allow_all(resp)

    def _document(self, ring: KeyRing, now: int) -> Document:
        minute = now // _MINUTE
        if self._made is None or self._made[0] is not ring or self._made[1] != minute:
            self._made = ring, minute, encode_document(ring.jwks(now))
        return self._made[2]
