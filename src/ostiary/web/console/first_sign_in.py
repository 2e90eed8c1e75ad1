"""GET /console/applications/{client_id}/quickstart: how to begin, and whether it works."""

from urllib.parse import quote

import falcon
from falcon.asgi import Request, Response

from ostiary.admin.actor import Area, Level
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.first_sign_in import check
from ostiary.model.client import Client
from ostiary.pages.console import ROOT, Crumb
from ostiary.pages.first_sign_in import (
    Beginning,
    FirstSignInPage,
    beginning_of,
    mishaps_of,
    others_of,
    ticks_of,
)
from ostiary.pages.quickstarts import choose_stack, start
from ostiary.web.api.route import Place
from ostiary.web.console.page import ConsoleResource, answering
from ostiary.web.console.sent import first, read_given

PATH = f"{ROOT}/applications/{{client_id}}/quickstart"
_RIGHT = (Area.PROJECT, Level.READ, Place.PROJECT)
_ID = 255


class FirstSignIn(ConsoleResource):
    """The steps of one application, and a program that takes them."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Show both."""
        admitted = await self.enter(req, resp, right=_RIGHT)
        if len(client_id) > _ID or not client_id.isprintable():
            raise falcon.HTTPNotFound
        found = await check(self.admin, self.idp.store, admitted.actor, client_id)
        client = found.client
        stack, beginning = self._begin(client, first(read_given(req), "stack") or None)
        address = PATH.format(client_id=quote(client_id, safe=""))
        name = client.client_name or client_id
        page = FirstSignInPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            name=name,
            address=address if stack is None else f"{address}?stack={stack}",
            verified=found.verification.verified,
            ticks=ticks_of(found.verification),
            mishaps=mishaps_of(found.verification),
            beginning=beginning,
            others=others_of(client, stack, address),
            crumbs=(
                Crumb(url=f"{ROOT}/applications", kind="applications"),
                Crumb(url=address.removesuffix("/quickstart"), name=name),
            ),
        )
        self.show(resp, page, self.language(req, admitted.guest))

    def _begin(self, client: Client, wanted: str | None) -> tuple[str | None, Beginning | None]:
        """Return the stack and what to begin with; nothing where no program fits."""
        try:
            stack = choose_stack(client, wanted)
        except NotFound:
            return None, None
        except Invalid:
            raise falcon.HTTPNotFound from None
        made = start(client, self.idp.issuer, stack, self.idp.entropy)
        return stack.id, beginning_of(made, client.client_id)
