"""GET and POST /oidc/v1/userinfo (OpenID Connect Core 5.3)."""

from falcon.asgi import Request, Response

from ostiary.clock import count_microseconds
from ostiary.model.sighting import Trait
from ostiary.model.trace import Endpoint
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import OAuthError, TemporarilyUnavailable
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.paths import TRACES
from ostiary.oauth.peer import peer_of
from ostiary.oauth.token.bearer import Presented, examine, read_bearer
from ostiary.oauth.token.personal import note_use
from ostiary.oauth.token.userinfo import UserinfoEndpoint
from ostiary.web.body import FORM, read_form
from ostiary.web.cors import allow_origin, allow_preflight
from ostiary.web.idp import Idp
from ostiary.web.oauth.errors import render_challenge, render_error
from ostiary.web.recorder import Clues
from ostiary.web.source import read_source
from ostiary.web.traced import Asked, note_answer, note_origin, note_refusal

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
        form = None
        try:
            given = (req.content_type or "").partition(";")[0].strip().lower() == FORM
            form = parse_form(await read_form(req)) if given else None
            if form is not None:
                form.refuse_duplicates()
        except OAuthError as error:
            readable = await allow_origin(req, resp, self._idp.store, None)
            uri = self._note(req, Clues(), error, readable=readable)
            render_challenge(resp, error, uri)
            return
        await self._answer(req, resp, form)

    async def on_options(self, req: Request, resp: Response) -> None:
        """Answer a preflight."""
        if not await allow_preflight(req, resp, self._idp.store, "GET, POST"):
            self._note(req, Clues(), None, readable=False)

    def _see(self, req: Request, presented: Presented, now: int) -> None:
        """Note that a client asks who signed in, and whether it verifies what it is told."""
        sightings = self._idp.sightings
        reads_keys = sightings.reads_keys(peer_of(read_source(req).ip))
        seen = _ALL if reads_keys else _ALL[:1]
        sightings.note(presented.client.client_id, seen, now)

    async def _answer(self, req: Request, resp: Response, form: Form | None) -> None:
        idp = self._idp
        resp.content_type = "application/json"
        began = count_microseconds()
        presented: Presented | None = None
        refusal = token = None
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
            refusal = error
        except Unavailable:
            render_error(resp, TemporarilyUnavailable("The server cannot answer now; try again."))
        finally:
            client = None if presented is None else presented.client
            readable = await allow_origin(req, resp, idp.store, client)
        client_id = None if client is None else client.client_id
        clues = Clues(client_id=client_id, access_token=token)
        uri = self._note(req, clues, refusal, began=began, readable=readable)
        if refusal is not None:
            render_challenge(resp, refusal, uri)

    def _note(
        self,
        req: Request,
        clues: Clues,
        refusal: OAuthError | None,
        *,
        began: int | None = None,
        readable: bool,
    ) -> str | None:
        """Note how a request was answered; return where a refusal is explained."""
        asked = Asked(
            endpoint=Endpoint.USERINFO,
            source=read_source(req),
            now=self._idp.clock.now(),
            began=began,
            method=req.method,
            origin=req.get_header("Origin"),
            readable=readable,
        )
        if refusal is not None:
            kept = note_refusal(self._idp.traces, asked, refusal, clues)
            return f"{self._idp.issuer}{TRACES}{asked.source.trace_id}" if kept else None
        if not readable:
            note_origin(self._idp.traces, asked, clues)
        elif clues.access_token is not None:
            note_answer(self._idp.traces, asked, {}, clues)
        return None
