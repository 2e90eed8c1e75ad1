"""What the pages behind mailed links have in common.

Following a link shows what it would do, and uses nothing up: mail programs and virus
scanners follow links, too. Its secret moves into a cookie at once, so that it stays in no
history and no log of what follows; a form that was sent from the page does the rest.
"""

from urllib.parse import urlsplit

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.clock import Clock
from ostiary.identity.tickets import TicketOver
from ostiary.jose.keyring import KeyRing
from ostiary.login import mac
from ostiary.login.flow import Flow, FlowUnbound
from ostiary.model.ticket import Ticket
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.handle import Kind, unseal
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.branding import find_brand
from ostiary.pages.recovery_views import DonePage
from ostiary.pages.text import shown_name
from ostiary.pages.views import View
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.csrf import Forged, check_sender
from ostiary.web.errors import HTML, ErrorPages, Failure, read_language
from ostiary.web.idp import Idp
from ostiary.web.login.paths import LOGIN, of_flow
from ostiary.web.login.stage import Stage, go_to
from ostiary.web.source import read_source

_LABEL = "ticket form"


class Links:
    """Reads and answers requests for the pages behind links."""

    def __init__(self, idp: Idp) -> None:
        parts = urlsplit(idp.issuer)
        self.idp = idp
        self.site = parts.netloc
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self.cookies = Cookies(secure=parts.scheme == "https")
        self._errors = ErrorPages(idp)
        self.steps = Stage(idp).steps

    @property
    def clock(self) -> Clock:
        """The clock of the instance."""
        return self.idp.clock

    def move(self, req: Request, resp: Response, parameter: str = "ticket") -> bool:
        """Move the secret of a link that is followed into a cookie; tell whether there is one.

        `parameter` is the one that holds it.

        Raises:
            TicketOver: it is no secret of ours.
        """
        query = parse_form(bytes(req.scope["query_string"]))
        query.refuse_duplicates()
        token = query.get(parameter)
        if token is None:
            return False
        if unseal(Kind.TICKET, token) is None:
            raise TicketOver
        self.cookies.set_ticket(resp, token)
        go_to(resp, req.path)
        return True

    async def make_token(self, ticket: Ticket) -> str:
        """Make the token of a form that uses up a ticket."""
        return mac.make(await self._ring(), _LABEL, ticket.digest.hex())

    async def read(self, req: Request, ticket: Ticket) -> Form:
        """Read a form that was sent from the page of a ticket.

        Raises:
            Forged: it was sent from elsewhere, or made for another ticket.
            OAuthError: it is no form, too large, or names a field twice.
        """
        check_sender(req, self._origin)
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        token = form.get("form_token")
        ring = await self._ring()
        if token is None or not mac.verify(ring, token, _LABEL, ticket.digest.hex()):
            raise Forged
        return form

    async def returning(self, req: Request) -> tuple[str, Flow] | None:
        """Return the flow that the person came from, if it goes on in this browser."""
        flow_id = self.cookies.returning(req)
        if flow_id is None:
            return None
        visit = Visit(
            cookie=self.cookies.browser(req), source=read_source(req), now=self.clock.now()
        )
        try:
            return flow_id, await self.steps.load(flow_id, visit)
        except (FlowRefused, FlowUnbound):
            return None

    async def finish(
        self, req: Request, resp: Response, organization_id: str, key: str, address: str = ""
    ) -> None:
        """Forget the link, and tell what was done and how to go on.

        `organization_id` is that of whoever followed it.
        """
        self.cookies.clear_ticket(resp)
        back = await self.returning(req)
        page = DonePage(site=self.site, key=key, address=address)
        if back is not None:
            flow_id, flow = back
            page = DonePage(
                site=self.site,
                key=key,
                address=address,
                url=of_flow(LOGIN, flow_id),
                client=shown_name(flow.client),
            )
        await self.show(req, resp, page, organization_id)

    async def refuse(self, req: Request, resp: Response) -> None:
        """Say that a link is no good any more."""
        self.cookies.clear_ticket(resp)
        await self._errors.show(req, resp, Failure(status=410, reason="link_over"))

    async def show(
        self,
        req: Request,
        resp: Response,
        view: View,
        organization_id: str,
        *wanted: str | None,
        failed: bool = False,
    ) -> None:
        """Answer with a page of an organization; `wanted` are languages that come first."""
        language = read_language(req, *wanted)
        brand = await find_brand(self.idp.store, organization_id, None, language.tag)
        resp.content_type = HTML
        branded = msgspec.structs.replace(view, brand=brand)
        resp.data = self.idp.pages.render(branded, language)
        if failed:
            resp.status = falcon.HTTP_422

    async def _ring(self) -> KeyRing:
        return await self.idp.keys.ring()
