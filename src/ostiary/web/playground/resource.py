"""What the playground's pages have in common: who may see them, and what they know."""

from urllib.parse import urlsplit

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.oauth.built_in import PLAYGROUND
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.playground import ReturnPage
from ostiary.pages.views import View
from ostiary.playground.breaks import BREAKS, Break
from ostiary.playground.flows import FLOWS, Flow
from ostiary.playground.sandbox import CALLBACK, PATH, Sandbox
from ostiary.web.body import read_form
from ostiary.web.csrf import check_page_token, check_sender, make_page_token
from ostiary.web.entrance import Entrance, Guest
from ostiary.web.errors import HTML, read_language
from ostiary.web.headers import keep_to_ourselves
from ostiary.web.idp import Idp
from ostiary.web.playground.courier import Courier
from ostiary.web.playground.keeping import Keeping
from ostiary.web.ration import Ration
from ostiary.web.source import read_source

_FORM = "playground"
_REQUESTS_PER_MINUTE = 120


class Surroundings:
    """What all of the pages work with."""

    def __init__(self, idp: Idp, sandbox: Sandbox, courier: Courier) -> None:
        parts = urlsplit(idp.issuer)
        self.idp = idp
        self.sandbox = sandbox
        self.courier = courier
        self.site = parts.netloc
        self.https = parts.scheme == "https"
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.entrance = Entrance(idp, PLAYGROUND)
        self.keeping = Keeping(sandbox.seal, idp.entropy, self.https)
        self.ration = Ration(_REQUESTS_PER_MINUTE)
        clients = sandbox.furnished.clients
        self.flows = {name: flow for name, flow in FLOWS.items() if flow.client in clients}
        self.breaks = {name: one for name, one in BREAKS.items() if one.flow in self.flows}

    @property
    def redirect_uri(self) -> str:
        """Where the playground's clients are answered."""
        return self.idp.issuer + CALLBACK

    @property
    def home(self) -> str:
        """The first page's address."""
        return self.idp.issuer + PATH


class Playground:
    """A page of the playground."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.idp = around.idp

    async def admit(self, req: Request, resp: Response, path: str) -> Guest | None:
        """Let somebody in: anybody in development mode, and else those who administer something.

        Raises:
            falcon.HTTPSeeOther: they have to sign in first.
            falcon.HTTPForbidden: they administer nothing.
            falcon.HTTPTooManyRequests: they have asked for too much.
            Forged: a form comes from elsewhere.
        """
        around, idp = self.around, self.idp
        keep_to_ourselves(resp, https=around.https)
        if req.method == "POST":
            check_sender(req, around.origin)
            if not around.ration("playground", read_source(req).ip, idp.clock.now()):
                raise falcon.HTTPTooManyRequests
        if idp.settings.dev:
            return None
        guest = await around.entrance.admit(req, resp, path=path)
        if not await idp.store.administrators_of(guest.user.id):
            raise falcon.HTTPForbidden
        return guest

    async def read(self, req: Request, guest: Guest | None) -> Form:
        """Read a form of the page.

        Raises:
            Forged: it was not shown to this person.
            OAuthError: it is no form, too large, or names a field twice.
        """
        form = await self.parse(req)
        if guest is not None:
            check_page_token(guest.keys, form.get("form_token"), guest.session, _FORM)
        return form

    async def parse(self, req: Request) -> Form:
        """Read a form that anybody may have made.

        Raises:
            OAuthError: it is no form, too large, or names a field twice.
        """
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        return form

    def token(self, guest: Guest | None) -> str:
        """Make the token of a form; where everybody may look there is none."""
        return "" if guest is None else make_page_token(guest.keys, guest.session, _FORM)

    def show(
        self, req: Request, resp: Response, view: View, guest: Guest | None, status: int = 200
    ) -> None:
        """Answer with a page, in the person's own language or in one that the browser accepts."""
        own = None
        if guest is not None:
            view = msgspec.structs.replace(view, brand=guest.brand)
            own = guest.user.profile.locale
        resp.status = status
        resp.content_type = HTML
        resp.data = self.idp.pages.render(view, read_language(req, own))

    def show_lost(self, req: Request, resp: Response, guest: Guest | None) -> None:
        """Say that an answer belongs to nothing that this browser began."""
        page = ReturnPage(site=self.around.site, lost=True)
        self.show(req, resp, page, guest, status=400)

    def find(self, flow_id: str, broken: str | None) -> tuple[Flow, Break | None]:
        """Return a flow, and the mistake in it.

        Raises:
            falcon.HTTPNotFound: there is no such flow here, or no such mistake in it.
        """
        flow = self.around.flows.get(flow_id)
        if flow is None:
            raise falcon.HTTPNotFound
        if broken is None:
            return flow, None
        found = self.around.breaks.get(broken)
        if found is None or found.flow != flow_id:
            raise falcon.HTTPNotFound
        return found.way, found
