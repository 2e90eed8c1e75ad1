"""GET and POST /dev/console: the one-time link to the console, in development mode.

Looking at the page uses nothing up: only its button signs in. The secret moves into a cookie
at once, so that it stays in no history and in no address that a page could pass on.
"""

from falcon.asgi import Request, Response

from ostiary.identity.tickets import PATHS, TicketOver
from ostiary.login.console_link import ConsoleLink
from ostiary.login.flow import load
from ostiary.model.ticket import Purpose
from ostiary.oauth.authorization.endpoint import Ask
from ostiary.oauth.authorization.entry import entry_request
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.built_in import CONSOLE
from ostiary.pages.console import ROOT
from ostiary.pages.recovery_views import ConfirmPage
from ostiary.web.idp import Idp
from ostiary.web.login.stage import Scene, Stage, go_on
from ostiary.web.oauth.authorization import make_authorization_endpoint
from ostiary.web.recovery.links import Links
from ostiary.web.source import read_source

PATH = PATHS[Purpose.CONSOLE]
_PARAMETER = "once"


class ConsoleLinkResource:
    """The page behind the link that `ostiary serve --dev` prints."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._links = Links(idp)
        self._stage = Stage(idp)
        self._endpoint = make_authorization_endpoint(idp)
        self._link = ConsoleLink(store=idp.store, clock=idp.clock, entropy=idp.entropy)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Take the secret out of the address, or say who is about to be signed in."""
        links = self._links
        try:
            if links.move(req, resp, _PARAMETER):
                return
            ticket, user = await self._link.find(links.cookies.ticket(req))
        except TicketOver:
            await links.refuse(req, resp)
            return
        page = ConfirmPage(
            site=links.site,
            kind=Purpose.CONSOLE.value,
            action=PATH,
            token=await links.make_token(ticket),
            address=user.username,
        )
        await links.show(req, resp, page, user.organization_id, user.profile.locale)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Sign in, and open the console."""
        links, stage = self._links, self._stage
        token = links.cookies.ticket(req)
        try:
            ticket, _ = await self._link.find(token)
            await links.read(req, ticket)
            scene = await self._begin(req, resp)
            outcome, user = await self._link.sign_in(token, scene.flow)
        except TicketOver:
            await links.refuse(req, resp)
            return
        links.cookies.clear_ticket(resp)
        await stage.renew_cookie(resp, scene, outcome, user)
        go_on(resp, scene)

    async def _begin(self, req: Request, resp: Response) -> Scene:
        """Begin a sign-in to the console, whoever is signed in already."""
        cookies, source, now = self._links.cookies, read_source(req), self._idp.clock.now()
        visit = Visit(cookie=cookies.browser(req), source=source, now=now)
        request = entry_request(CONSOLE, ROOT, prompt=Reason.LOGIN)
        outcome = await self._endpoint.enter(request, CONSOLE, visit)
        assert isinstance(outcome, Ask)  # noqa: S101 - a prompt is never answered unasked
        if outcome.cookie is not None:
            cookies.set_browser(resp, outcome.cookie)
            visit = Visit(cookie=outcome.cookie, source=source, now=now)
        flow = await load(self._idp.store, outcome.flow, visit)
        return await self._stage.scene(req, outcome.flow, flow)


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the page by its path."""
    return [(PATH, ConsoleLinkResource(idp))]
