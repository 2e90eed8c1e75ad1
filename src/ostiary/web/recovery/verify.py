"""GET and POST /login/verify: proving an address, by the code of a mail or by its link.

With a flow it is the page where somebody who registers types the code; without one it is
what a link leads to.
"""

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.identity.tickets import TicketOver
from ostiary.login.addresses import Addresses
from ostiary.login.registration import (
    Registration,
    RegistrationClosed,
    TooManyTries,
    WrongCode,
)
from ostiary.model.ticket import Purpose, Ticket
from ostiary.oauth.handle import digest
from ostiary.oauth.message import parse_form
from ostiary.pages.recovery_views import ConfirmPage, VerifyPage
from ostiary.pages.views import Problem
from ostiary.web.errors import ErrorPages
from ostiary.web.idp import Idp
from ostiary.web.login.stage import Scene, Stage, go_on
from ostiary.web.recovery.links import Links
from ostiary.web.recovery.paths import REGISTER, VERIFY
from ostiary.web.recovery.register import keep_joined, refuse_closed
from ostiary.web.source import read_source

_STEP = "verify"
_BUSY_SECONDS = 3


class Followed(msgspec.Struct, frozen=True):
    """A link that proves an address, and the flow it was asked for in, if that is here."""

    ticket: Ticket
    scene: Scene | None = None


class VerifyResource:
    """The page that proves an address."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)
        self._links = Links(idp)
        self._errors = ErrorPages(idp)
        self._registration = Registration(
            store=idp.store, pool=idp.passwords, clock=idp.clock, entropy=idp.entropy
        )
        self._addresses = Addresses(store=idp.store, clock=idp.clock, entropy=idp.entropy)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form for the code, or what a link is about to do."""
        if _has_flow(req):
            self._show_code(resp, await self._stage.enter(req))
            return
        links = self._links
        try:
            if links.move(req, resp):
                return
            followed = await self._find(req)
        except TicketOver:
            await links.refuse(req, resp)
            return
        await self._show_link(req, resp, followed)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Prove the address; or show the form again, with what to do."""
        if _has_flow(req):
            await self._take_code(req, resp, await self._stage.enter(req))
            return
        try:
            followed = await self._find(req)
            await self._follow(req, resp, followed)
        except TicketOver:
            await self._links.refuse(req, resp)

    async def _take_code(self, req: Request, resp: Response, scene: Scene) -> None:
        form = await self._stage.read(req, scene, _STEP)
        code = form.get("code") or ""
        try:
            joined = await self._registration.finish_by_code(scene.flow, code, scene.keys)
        except RegistrationClosed:
            await refuse_closed(self._errors, req, resp, scene)
        except WrongCode:
            self._show_code(resp, scene, Problem(key="code_wrong", fields=("code",)))
        except TicketOver:
            self._show_code(resp, scene, Problem(key="code_over", fields=("code",)))
        except TooManyTries:
            self._show_code(resp, scene, Problem(key="tries", fields=("code",)))
        else:
            await keep_joined(self._stage, req, resp, scene, joined)
            go_on(resp, scene)

    async def _find(self, req: Request) -> Followed:
        """Return what the link in the cookie stands for.

        Raises:
            TicketOver: it is not good (any more).
        """
        token = self._links.cookies.ticket(req)
        try:
            ticket, _ = await self._addresses.find(token)
        except TicketOver:
            ticket = await self._registration.find(token)
            return Followed(ticket, await self._scene_of(req, ticket))
        return Followed(ticket)

    async def _scene_of(self, req: Request, ticket: Ticket) -> Scene | None:
        """Return the flow that an account was entered in, if it is this browser's."""
        back = await self._links.returning(req)
        if back is None or digest(back[0]) != ticket.flow:
            return None
        return await self._stage.scene(req, *back)

    async def _follow(self, req: Request, resp: Response, followed: Followed) -> None:
        links, ticket = self._links, followed.ticket
        form = await links.read(req, ticket)
        if ticket.purpose is not Purpose.REGISTRATION:
            token = links.cookies.ticket(req)
            ring = await links.idp.keys.ring()
            await self._addresses.confirm(token, read_source(req), ring)
            await links.finish(
                req, resp, ticket.organization_id, ticket.purpose.value, ticket.email
            )
            return
        try:
            if followed.scene is not None:
                joined = await self._registration.finish_in_flow(followed.scene.flow, ticket)
                links.cookies.clear_ticket(resp)
                await keep_joined(self._stage, req, resp, followed.scene, joined)
                go_on(resp, followed.scene)
                return
            password = form.get("password") or ""
            await self._registration.finish_elsewhere(ticket, password, read_source(req))
        except RegistrationClosed:
            raise TicketOver from None
        except (WrongCode, PasswordTooLong):
            problem = Problem(key="password_other", fields=("password",))
            await self._show_link(req, resp, followed, problem)
        except TooManyTries:
            await self._show_link(req, resp, followed, Problem(key="tries", fields=("password",)))
        except Busy:
            await self._show_link(req, resp, followed, Problem(key="busy", wait=_BUSY_SECONDS))
        else:
            await links.finish(req, resp, ticket.organization_id, "registration", ticket.email)

    def _show_code(self, resp: Response, scene: Scene, problem: Problem | None = None) -> None:
        page = VerifyPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(VERIFY),
            token=scene.token(_STEP),
            again_url=scene.url(REGISTER),
            problem=problem,
        )
        self._stage.show(resp, page, scene, 200 if problem is None else 422)

    async def _show_link(
        self, req: Request, resp: Response, followed: Followed, problem: Problem | None = None
    ) -> None:
        links, ticket = self._links, followed.ticket
        elsewhere = ticket.purpose is Purpose.REGISTRATION and followed.scene is None
        page = ConfirmPage(
            site=links.site,
            kind=ticket.purpose.value,
            action=VERIFY,
            token=await links.make_token(ticket),
            address=ticket.email,
            password=elsewhere,
            problem=problem,
        )
        await links.show(req, resp, page, ticket.organization_id, failed=problem is not None)


def _has_flow(req: Request) -> bool:
    query = parse_form(bytes(req.scope["query_string"]))
    query.refuse_duplicates()
    if query.get("flow") is not None and query.get("ticket") is not None:
        raise falcon.HTTPBadRequest
    return query.get("flow") is not None
