"""GET and POST /oidc/v1/end_session (OpenID Connect RP-Initiated Logout 1.0, 2).

A POST may come from any site: it reads no cookie, its request is stored, and the browser
comes back by itself with a GET.
"""

from falcon.asgi import Request, Response

from ostiary.clock import count_microseconds
from ostiary.jose import jws, jwt
from ostiary.jose.errors import JoseError
from ostiary.model.trace import Endpoint
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.logout.request import LogoutRequest, read_request
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.reader import SignedIn
from ostiary.web.body import read_form
from ostiary.web.idp import Idp
from ostiary.web.login.stage import go_to
from ostiary.web.logout.exit import Exit
from ostiary.web.recorder import Clues
from ostiary.web.traced import Asked, Flaw, note_answer, note_flaw, note_refusal

_SECTION = "OpenID Connect RP-Initiated Logout 1.0, 2 and 3"
# Parameters whose value says what is wrong, and is no secret.
_TOLD = frozenset({"client_id", "post_logout_redirect_uri"})


class EndSession:
    """Where applications send people who want to sign out."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._exit = Exit(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """End the session that the request proves, or ask."""
        visit = self._exit.visit(req)
        asked, request = await self._read(req, visit, bytes(req.scope["query_string"]))
        outcome = await self._exit.logout.begin(request, visit)
        self._note(asked, request, outcome.sessions)
        await self._exit.show(req, resp, outcome)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Store the request, and let the browser come back."""
        visit = self._exit.visit(req)
        asked, request = await self._read(req, visit, await read_form(req))
        flow = await self._exit.logout.deposit(request, visit)
        self._note(asked, request, ())
        go_to(resp, self._exit.address(flow))

    async def _read(
        self, req: Request, visit: Visit, parameters: bytes
    ) -> tuple[Asked, LogoutRequest]:
        idp, form, began = self._idp, Form({}), count_microseconds()
        ring = await idp.keys.ring()
        try:
            form = parse_form(parameters)
            request = await read_request(form, idp.store, ring, idp.issuer, visit.now)
        except OAuthError as refusal:
            clues = Clues(client_id=_client_of(form))
            note_refusal(idp.traces, _asked(req, visit, form, began), refusal, clues)
            raise
        return _asked(req, visit, form, began), request

    def _note(self, asked: Asked, request: LogoutRequest, sessions: tuple[SignedIn, ...]) -> None:
        """Note what was asked, and whose session it was about if that is proven."""
        traces = self._idp.traces
        session_id = sessions[0].session.id if request.proven and sessions else None
        clues = Clues(client_id=request.client_id or _client_of(asked.form), session=session_id)
        wrong = request.no_redirect
        if wrong is None and asked.form.get("id_token_hint") is not None and not request.proven:
            wrong = "id_token_hint"
        if wrong is None:
            page = "redirect" if request.redirect_uri is not None else "signed_out"
            note_answer(traces, asked, {"page": page}, clues)
            return
        received = asked.form.get(wrong) if wrong in _TOLD else None
        note_flaw(traces, asked, Flaw(f"logout-{wrong}", _SECTION, received), clues)


def _asked(req: Request, visit: Visit, form: Form, began: int) -> Asked:
    return Asked(
        endpoint=Endpoint.LOGOUT,
        source=visit.source,
        now=visit.now,
        began=began,
        method=req.method,
        form=form,
    )


def _client_of(form: Form) -> str | None:
    """Return the client that a request says it is from, proven or not."""
    named, hint = form.get("client_id"), form.get("id_token_hint")
    if named is not None or hint is None:
        return named
    try:
        audience = jwt.parse_claims(jws.parse(hint).unverified_payload).aud
    except JoseError:
        return None
    return audience[0] if len(audience) == 1 else None
