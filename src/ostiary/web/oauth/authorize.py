"""GET and POST /oauth/v2/authorize, and GET /oauth/v2/authorize/continue.

RFC 6749, 3.1; OpenID Connect Core 3.1.2.1. A POST may come from any site and is not
asked who sent it: it reads no cookie, its request is stored, and the browser comes back
by itself with a GET. What cannot be told to the client is raised, and shown on a page.
"""

from typing import Any
from urllib.parse import urlsplit

from falcon.asgi import Request, Response

from ostiary.jose import base64url
from ostiary.oauth.authorization.endpoint import Ask, Outcome
from ostiary.oauth.authorization.entry import Entered
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FLOW_UNKNOWN, FlowRefused
from ostiary.oauth.authorization.response import Redirection
from ostiary.oauth.built_in import BUILT_IN
from ostiary.oauth.handle import BODY_LENGTH
from ostiary.oauth.message import parse_form
from ostiary.oauth.metadata import AUTHORIZE
from ostiary.pages.branding import find_brand
from ostiary.pages.text import shown_name
from ostiary.pages.views import FormPostPage
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.entrance import Entrance
from ostiary.web.errors import HTML, read_language
from ostiary.web.headers import allow_script
from ostiary.web.idp import Idp
from ostiary.web.login.paths import (
    CONSENT,
    CONTINUE,
    ENROL,
    FACTOR,
    LOGIN,
    ORGANIZATION,
    REGISTER,
    SELECT,
    of_flow,
)
from ostiary.web.oauth.authorization import make_authorization_endpoint
from ostiary.web.oauth.authorization_trace import AuthorizationTrace
from ostiary.web.source import read_source

_PAGES = {
    Reason.LOGIN: LOGIN,
    Reason.SECOND_FACTOR: FACTOR,
    Reason.ENROL: ENROL,
    Reason.SELECT_ACCOUNT: SELECT,
    Reason.SELECT_ORGANIZATION: ORGANIZATION,
    Reason.CONSENT: CONSENT,
    Reason.CREATE: REGISTER,
}
_NONCE_SIZE = 16


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the authorization endpoint by their paths."""
    return [(AUTHORIZE, Authorize(idp)), (CONTINUE, Continue(idp))]


class _Resource:
    """What both paths have in common: who comes, and how they are answered."""

    def __init__(self, idp: Idp) -> None:
        parts = urlsplit(idp.issuer)
        self._idp = idp
        self._site = parts.netloc
        self._cookies = Cookies(secure=parts.scheme == "https")
        self._endpoint = make_authorization_endpoint(idp)
        self._trace = AuthorizationTrace(idp.traces)
        self._entrances = {name: Entrance(idp, client) for name, client in BUILT_IN.items()}

    def _visit(self, req: Request) -> Visit:
        """Return who comes; a POST may come from any site, and no cookie of it is read."""
        source, now = read_source(req), self._idp.clock.now()
        if req.method == "POST":
            return Visit(source=source, now=now)
        cookie, state = self._cookies.browser(req), self._cookies.state(req)
        return Visit(cookie=cookie, state=state, source=source, now=now)

    async def _answer(self, req: Request, resp: Response, outcome: Outcome, flow: str = "") -> None:
        if isinstance(outcome, Ask):
            if outcome.cookie is not None:
                self._cookies.set_browser(resp, outcome.cookie)
            _redirect(resp, of_flow(_PAGES[outcome.reason], outcome.flow))
            return
        if isinstance(outcome, Entered):
            await self._entrances[outcome.client_id].let_in(resp, outcome, flow)
            return
        if outcome.browser_state is not None:
            self._cookies.set_state(resp, outcome.browser_state)
        if isinstance(outcome, Redirection):
            _redirect(resp, outcome.location)
        else:
            client = await self._idp.store.client(outcome.client_id)
            nonce = base64url.encode(self._idp.entropy.token_bytes(_NONCE_SIZE))
            language = read_language(req)
            brand = await find_brand(self._idp.store, None, client, language.tag)
            page = FormPostPage(
                brand=brand,
                site=self._site,
                client=outcome.client_id if client is None else shown_name(client),
                action=outcome.action,
                fields=outcome.fields,
                nonce=nonce,
            )
            allow_script(resp, nonce)
            resp.content_type = HTML
            resp.data = self._idp.pages.render(page, language)


class Authorize(_Resource):
    """The authorization endpoint."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer a request, or begin a flow and show its first page."""
        query, visit = _query(req), self._visit(req)
        outcome = await self._trace.watch(req, visit, query, self._endpoint.begin(query, visit))
        await self._answer(req, resp, outcome)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Store a request, and let the browser come back for its answer."""
        body, visit = await read_form(req), self._visit(req)
        outcome = await self._trace.watch(req, visit, body, self._endpoint.deposit(body, visit))
        if isinstance(outcome, str):
            _redirect(resp, of_flow(CONTINUE, outcome))
        else:
            await self._answer(req, resp, outcome)


class Continue(_Resource):
    """Where every page of a flow leads."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer the flow's request, or show its next page."""
        flow = parse_form(_query(req)).get("flow")
        if flow is None:
            raise FlowRefused("flow_missing", 400)
        if len(flow) != BODY_LENGTH or not flow.isascii() or not flow.isalnum():
            raise FlowRefused(FLOW_UNKNOWN, 404)
        visit = self._visit(req)
        resumed = self._endpoint.resume(flow, visit)
        outcome = await self._trace.watch(req, visit, b"", resumed, flow)
        await self._answer(req, resp, outcome, flow)


def _query(req: Request) -> bytes:
    """Return the query as it was sent, before anything was decoded."""
    query: Any = req.scope["query_string"]
    return bytes(query)


def _redirect(resp: Response, location: str) -> None:
    """Send the browser on with a GET, whatever it came with (RFC 9700, 4.12)."""
    resp.status = 303
    resp.set_header("Location", location)
    resp.content_type = "text/plain; charset=utf-8"
