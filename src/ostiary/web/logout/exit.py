"""What the endpoint and the page of signing out have in common: how they end."""

from urllib.parse import urlsplit

import msgspec
from falcon.asgi import Request, Response

from ostiary.login import mac
from ostiary.login.logout import Ended, Logout, Question
from ostiary.model.client import Client
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.logout.request import destination
from ostiary.pages.branding import find_brand
from ostiary.pages.text import shown_name
from ostiary.pages.views import LogoutPage, SignedOutPage, View
from ostiary.web.cookies import Cookies
from ostiary.web.errors import HTML, read_language
from ostiary.web.headers import allow_frames
from ostiary.web.idp import Idp
from ostiary.web.links import home_of
from ostiary.web.login.paths import LOGOUT, of_flow
from ostiary.web.login.stage import go_to, shown_account
from ostiary.web.source import read_source

_LABEL = "logout"


class Exit:
    """Ends sessions for web requests, and answers."""

    def __init__(self, idp: Idp) -> None:
        parts = urlsplit(idp.issuer)
        self._idp = idp
        self.site = parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._cookies = Cookies(secure=parts.scheme == "https")
        self.logout = Logout(issuer=idp.issuer, store=idp.store, keys=idp.keys, entropy=idp.entropy)

    def visit(self, req: Request) -> Visit:
        """Return who comes; a POST from any site reads no cookie."""
        source, now = read_source(req), self._idp.clock.now()
        if req.method == "POST" and not _is_page(req):
            return Visit(source=source, now=now)
        cookie, state = self._cookies.browser(req), self._cookies.state(req)
        return Visit(cookie=cookie, state=state, source=source, now=now)

    def address(self, flow: str) -> str:
        """Return the address of the page of a flow."""
        return of_flow(LOGOUT, flow)

    async def show(self, req: Request, resp: Response, outcome: Ended | Question) -> None:
        """Send the browser on, or show what happened."""
        if isinstance(outcome, Question):
            go_to(resp, self.address(outcome.flow))
            return
        if outcome.state is not None:
            self._cookies.set_state(resp, outcome.state)
        target = destination(outcome.request, outcome.client)
        if target is not None and not outcome.frames:
            go_to(resp, target)
            return
        await self.show_end(req, resp, outcome, target=target)

    async def show_end(
        self,
        req: Request,
        resp: Response,
        outcome: Ended,
        *,
        target: str | None = None,
        kept: bool = False,
    ) -> None:
        """Show that somebody is signed out, while applications are told in frames.

        `target`: where the page leads on to by itself. `kept`: they are not signed out,
        because they said so.
        """
        client = outcome.client
        page = SignedOutPage(
            site=self.site,
            client=None if client is None else shown_name(client),
            back_url=home_of(client, self._idp.issuer) if client else None,
            kept=kept,
            parameter=outcome.request.no_redirect,
            target=target,
            frames=tuple(frame.address for frame in outcome.frames),
        )
        if outcome.frames:
            allow_frames(resp, (frame.origin for frame in outcome.frames))
        await self._render(req, resp, page, outcome.request.ui_locales, client)

    async def ask(self, req: Request, resp: Response, question: Question, status: int) -> None:
        """Show the question."""
        client = question.client
        page = LogoutPage(
            site=self.site,
            client=None if client is None else shown_name(client),
            action=self.address(question.flow),
            token=await self._make_token(question),
            accounts=tuple(map(shown_account, question.sessions)),
        )
        await self._render(req, resp, page, question.request.ui_locales, client)
        resp.status = status

    async def is_genuine(self, token: str | None, question: Question) -> bool:
        """Tell whether a form was shown with this question in this browser."""
        if token is None:
            return False
        return mac.verify(await self._idp.keys.ring(), token, _LABEL, *_parts(question))

    async def _make_token(self, question: Question) -> str:
        return mac.make(await self._idp.keys.ring(), _LABEL, *_parts(question))

    async def _render(
        self,
        req: Request,
        resp: Response,
        view: View,
        ui_locales: tuple[str, ...],
        client: Client | None,
    ) -> None:
        language = read_language(req, *ui_locales)
        brand = await find_brand(self._idp.store, None, client, language.tag)
        resp.content_type = HTML
        branded = msgspec.structs.replace(view, brand=brand)
        resp.data = self._idp.pages.render(branded, language)


def _is_page(req: Request) -> bool:
    return bool(req.path == LOGOUT)


def _parts(question: Question) -> tuple[str, ...]:
    """The answer is about the sessions that were shown."""
    sessions = sorted(one.session.id for one in question.sessions)
    return (question.browser.id, question.interaction.digest.hex(), *sessions)
