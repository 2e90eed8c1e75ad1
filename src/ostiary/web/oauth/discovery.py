"""GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server.

OpenID Connect Discovery 4 and RFC 8414, 3. Both paths give the same document.
"""

from falcon.asgi import Request, Response

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.policy import JoiningMode, Policies, RegistrationMode
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.legacy import admitted, choose, used_by
from ostiary.oauth.metadata import Capabilities, describe
from ostiary.pages.languages import load_languages
from ostiary.web.idp import Idp
from ostiary.web.oauth.document import (
    Document,
    allow_all,
    encode_document,
    serve,
    serve_unavailable,
)

MEDIA_TYPE = "application/json"
# An application may use an old flow until a certain day.
_DAY = 86400


class Discovery:
    """The metadata document, serialised once for each state of keys and policies."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._made: tuple[KeyRing, Policies, tuple[Client, ...], int, Document] | None = None

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the metadata."""
        try:
            ring = await self._idp.keys.ring()
            policies = await self._idp.store.policies("")
            old = await self._idp.store.legacy_clients()
        except Unavailable:
            serve_unavailable(resp)
        else:
            serve(req, resp, self._document(ring, policies, old), MEDIA_TYPE)

    async def on_head(self, req: Request, resp: Response) -> None:
        """Answer likewise, without the body."""
        await self.on_get(req, resp)

    async def on_options(self, _req: Request, resp: Response) -> None:
        """Answer a preflight."""
        allow_all(resp)

    def _document(self, ring: KeyRing, policies: Policies, old: tuple[Client, ...]) -> Document:
        now = self._idp.clock.now()
        made, today = self._made, now // _DAY
        fresh = (
            made is not None
            and made[0] is ring
            and made[1] is policies
            and made[2] is old
            and made[3] == today
        )
        if made is None or not fresh:
            types, grants = used_by(old, now)
            open_types, open_grants = admitted(policies.client_registration, now)
            types, grants = choose((*types, *open_types), (*grants, *open_grants))
            capabilities = Capabilities(
                issuer=self._idp.issuer,
                signing_algs=ring.algs,
                ui_locales=sorted(load_languages()),
                require_pushed=policies.require_pushed_authorization_requests,
                legacy_response_types=types,
                legacy_grant_types=grants,
                fetch_requests=policies.fetch_request_uris,
                can_register=policies.user_registration.mode is JoiningMode.OPEN,
                registration=policies.client_registration.mode is not RegistrationMode.OFF,
                unsigned_id_tokens=policies.client_registration.allow_unsigned_id_token,
            )
            document = encode_document(describe(capabilities))
            made = self._made = ring, policies, old, today, document
        return made[4]
