"""GET and POST /oidc/v1/userinfo (OpenID Connect Core 5.3)."""

from falcon.asgi import Request, Response

from ostiary.model.sighting import Trait
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.peer import peer_of
from ostiary.oauth.token.bearer import Presented, examine, read_bearer
from ostiary.oauth.token.personal import note_use
from ostiary.oauth.token.userinfo import UserinfoEndpoint
from ostiary.web.body import FORM, read_form
from ostiary.web.cors import allow_origin, allow_preflight
from ostiary.web.idp import Idp
from ostiary.web.oauth.errors import render_challenge, render_error
from ostiary.web.source import read_source

PATH = "/oidc/v1/userinfo"
_ALL = ((Trait.ENDPOINT, "userinfo"), (Trait.ENDPOINT, "keys"))


class Userinfo:
    """The userinfo endpoint."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._endpoint = UserinfoEndpoint(
            issuer=idp.issuer, reader=idp.store, remote_keys=idp.remote_keys
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with the claims of the access token in the Authorization header."""
        await self._answer(req, resp, None)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer likewise; the access token may be in a form body (RFC 6750, 2.2)."""
        resp.content_type = "application/json"
        try:
            given = (req.content_type or "").partition(";")[0].strip().lower() == FORM
            form = parse_form(await read_form(req)) if given else None
            if form is not None:
                form.refuse_duplicates()
        except OAuthError as error:
            render_challenge(resp, error)
            await allow_origin(req, resp, self._idp.store, None)
            return
        await self._answer(req, resp, form)

    async def on_options(self, req: Request, resp: Response) -> None:
        """Answer a preflight."""
        await allow_preflight(req, resp, self._idp.store, "GET, POST")

    def _see(self, req: Request, presented: Presented, now: int) -> None:
        """Note that a client asks who signed in, and whether it verifies what it is told."""
        sightings = self._idp.sightings
        reads_keys = sightings.reads_keys(peer_of(read_source(req).ip))
        seen = _ALL if reads_keys else _ALL[:1]
        sightings.note(presented.client.client_id, seen, now)

    async def _answer(self, req: Request, resp: Response, form: Form | None) -> None:
        idp = self._idp
        resp.content_type = "application/json"
        presented: Presented | None = None
        try:
            token = read_bearer(req.get_header("Authorization"), form)
            if token is None:
                render_challenge(resp, None)
                return
            ring = await idp.keys.ring()
            now = idp.clock.now()
            presented = await examine(token, idp.store, ring, idp.issuer, now)
            await note_use(presented.personal, idp.store, now)
            resp.content_type, resp.data = await self._endpoint.answer(presented, ring, now)
            self._see(req, presented, now)
        except OAuthError as error:
            render_challenge(resp, error)
        except Unavailable:
            render_error(resp, TemporarilyUnavailable("The server cannot answer now; try again."))
        finally:
            client = None if presented is None else presented.client
            await allow_origin(req, resp, idp.store, client)
