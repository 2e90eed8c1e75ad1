"""Out of the console, in to another account, or on to another organization."""

from falcon.asgi import Request, Response

from ostiary.admin.actor import Actor
from ostiary.pages.console import ROOT
from ostiary.web.console.page import ConsoleResource, answering, go_to
from ostiary.web.console.sent import first, read_fields
from ostiary.web.own_page import SIGN_OUT


class SignOut(ConsoleResource):
    """The form that every page has."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """End the present session."""
        guest = await self.admit(req, resp, ROOT)
        await self.read(req, guest, SIGN_OUT)
        await self.leave(req, resp, guest)


class Switch(ConsoleResource):
    """The way to another account."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Let the person choose among their accounts."""
        await self.entrance.choose(req, resp, ROOT)


class Choose(ConsoleResource):
    """The choice of the organization that the pages are about."""

    @answering
    async def on_post(self, req: Request, resp: Response) -> None:
        """Look at another one; an empty choice stands for all."""
        admitted = await self.enter(req, resp)
        fields = await read_fields(req)
        await self.check_token(first(fields, "form_token"), admitted.guest, SIGN_OUT)
        place = first(fields, "place")
        if await self._may_choose(admitted.actor, place):
            self.set_place(resp, admitted.guest, place)
        go_to(ROOT)

    async def _may_choose(self, actor: Actor, place: str) -> bool:
        """Tell whether there is such an organization for somebody: it becomes part of a cookie."""
        if actor.organizations is not None:
            return place in actor.organizations
        return not place or await self.idp.store.read_organization(place) is not None
