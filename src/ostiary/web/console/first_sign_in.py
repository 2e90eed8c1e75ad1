"""GET /console/applications/{client_id}/quickstart: how to begin, and whether it works.

Below it, /steps has what changes while somebody waits.
"""

from urllib.parse import quote

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.actor import Area, Level
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.first_sign_in import Checked, check
from ostiary.admin.traces import may_see
from ostiary.model.client import Client
from ostiary.oauth.paths import TRACES
from ostiary.pages.console import ROOT, Crumb
from ostiary.pages.first_sign_in import (
    Beginning,
    FirstSignInPage,
    Mishap,
    beginning_of,
    mishaps_of,
    others_of,
    seen_of,
    ticks_of,
    title_of,
)
from ostiary.pages.quickstarts import choose_stack, start
from ostiary.web.api.route import Place
from ostiary.web.console.page import Admitted, ConsoleResource, answering
from ostiary.web.console.sent import first, read_given

PATH = f"{ROOT}/applications/{{client_id}}/quickstart"
STEPS = f"{PATH}/steps"
_RIGHT = (Area.PROJECT, Level.READ, Place.PROJECT)
_ID = 255


class _Watched(ConsoleResource):
    """How far one application is."""

    async def look(
        self, req: Request, resp: Response, client_id: str, *, by_itself: bool = False
    ) -> tuple[Admitted, Checked, tuple[Mishap, ...]]:
        """Let an administrator in; return how far it is, and what failed last."""
        admitted = await self.enter(req, resp, right=_RIGHT, by_itself=by_itself)
        if len(client_id) > _ID or not client_id.isprintable():
            raise falcon.HTTPNotFound
        found = await check(self.admin, self.idp.store, admitted.actor, client_id)
        await self.idp.traces.flush()
        explained = {}
        for one in found.verification.failures:
            trace = await self.idp.store.read_trace(one.trace_id)
            if trace is not None and may_see(admitted.actor, trace):
                explained[one.trace_id] = TRACES + one.trace_id
        return admitted, found, mishaps_of(found.verification, explained)


class Steps(_Watched):
    """The steps alone, for a page that is watched."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Return them, as the page itself shows them."""
        admitted, found, mishaps = await self.look(req, resp, client_id, by_itself=True)
        language = self.language(req, admitted.guest)
        zone = admitted.guest.user.profile.zoneinfo
        ticks = ticks_of(found.verification)
        resp.content_type = "application/json"
        resp.data = msgspec.json.encode(
            {
                "title": title_of(found.verification, language),
                "complete": all(one.at is not None for one in ticks),
                "steps": [{"id": one.id, "text": seen_of(one, language, zone)} for one in ticks],
                "failures": [
                    {
                        "at": language.moment(one.at, zone),
                        "type": one.type,
                        "reason": one.reason,
                        "trace": one.trace_id,
                        "url": one.url,
                    }
                    for one in mishaps
                ],
            }
        )


class FirstSignIn(_Watched):
    """The steps of one application, and a program that takes them."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Show both."""
        admitted, found, mishaps = await self.look(req, resp, client_id)
        client = found.client
        stack, beginning = self._begin(client, first(read_given(req), "stack") or None)
        address = PATH.format(client_id=quote(client_id, safe=""))
        name = client.client_name or client_id
        page = FirstSignInPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            name=name,
            address=address if stack is None else f"{address}?stack={stack}",
            steps_url=f"{address}/steps",
            verified=found.verification.verified,
            ticks=ticks_of(found.verification),
            mishaps=mishaps,
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
