"""/console/applications/{client_id}/quickstart: how to begin, and whether it works.

Below it, /steps has what changes while somebody waits. Whoever was just shown the secret of an
application takes it along by a form whose token is good for that secret alone.
"""

from urllib.parse import quote

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import clients
from ostiary.admin.actor import Area, Level
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.first_sign_in import Checked, check
from ostiary.admin.traces import may_see
from ostiary.advisor.quickstart import Quickstart
from ostiary.model.client import Client
from ostiary.oauth.handle import digest
from ostiary.oauth.paths import TRACES
from ostiary.pages.console import ROOT, Crumb
from ostiary.pages.first_sign_in import (
    FirstSignInPage,
    Mishap,
    beginning_of,
    mishaps_of,
    others_of,
    seen_of,
    ticks_of,
    title_of,
)
from ostiary.pages.quickstarts import choose_stack, pack, start
from ostiary.web.api.route import Place
from ostiary.web.console.page import Admitted, ConsoleResource, answering
from ostiary.web.console.sent import check_id, first, read_fields, read_given

PATH = f"{ROOT}/applications/{{client_id}}/quickstart"
STEPS = f"{PATH}/steps"
_RIGHT = (Area.PROJECT, Level.READ, Place.PROJECT)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be shown: an application, what it is built with, the secret it just got."""

    client_id: str
    stack: str | None = None
    secret: str = ""

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Wanted({self.client_id!r})"

    @property
    def address(self) -> str:
        """Where its page is."""
        return PATH.format(client_id=quote(self.client_id, safe=""))

    @property
    def mark(self) -> str:
        """What the token of the form is good for: this application, with this secret."""
        return f"{self.address} {digest(self.secret).hex()}"


async def look(
    resource: ConsoleResource, admitted: Admitted, client_id: str
) -> tuple[Checked, tuple[Mishap, ...]]:
    """Tell how far one application is, and what failed last.

    Raises:
        NotFound: there is none with this id for whoever asks.
    """
    idp = resource.idp
    found = await check(resource.admin, idp.store, admitted.actor, client_id)
    await idp.traces.flush()
    explained = {}
    for one in found.verification.failures:
        trace = await idp.store.read_trace(one.trace_id)
        if trace is not None and may_see(admitted.actor, trace):
            explained[one.trace_id] = TRACES + one.trace_id
    return found, mishaps_of(found.verification, explained)


async def make_page(
    resource: ConsoleResource, req: Request, resp: Response, admitted: Admitted, wanted: Wanted
) -> FirstSignInPage:
    """Return the page of one application.

    Raises:
        NotFound: there is none with this id for whoever asks.
        Invalid: the stack that is wanted does not fit it.
    """
    found, mishaps = await look(resource, admitted, wanted.client_id)
    client, address = found.client, wanted.address
    made = _begin(resource, client, wanted)
    name = client.client_name or client.client_id
    return FirstSignInPage(
        site=resource.site,
        frame=resource.frame_of(req, resp, admitted),
        name=name,
        address=address,
        steps_url=f"{address}/steps",
        verified=found.verification.verified,
        ticks=ticks_of(found.verification),
        mishaps=mishaps,
        beginning=None if made is None else beginning_of(made, client.client_id),
        token=resource.token(admitted.guest, wanted.mark),
        client_id=client.client_id,
        client_secret=wanted.secret,
        others=others_of(client, None if made is None else made.stack),
        crumbs=(
            Crumb(url=f"{ROOT}/applications", kind="applications"),
            Crumb(url=address.removesuffix("/quickstart"), name=name),
        ),
    )


def _begin(resource: ConsoleResource, client: Client, wanted: Wanted) -> Quickstart | None:
    """Return the program to begin with; nothing where none fits.

    Raises:
        Invalid: the one that is wanted does not.
    """
    try:
        stack = choose_stack(client, wanted.stack)
    except NotFound:
        return None
    idp = resource.idp
    return start(client, idp.issuer, stack, idp.entropy, wanted.secret or None)


class Steps(ConsoleResource):
    """The steps alone, for a page that is watched."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Return them, as the page itself shows them."""
        admitted = await self.enter(req, resp, right=_RIGHT, by_itself=True)
        check_id(client_id)
        found, mishaps = await look(self, admitted, client_id)
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


class FirstSignIn(ConsoleResource):
    """The steps of one application, and a program that takes them."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Show both."""
        admitted = await self.enter(req, resp, right=_RIGHT)
        wanted = Wanted(client_id=client_id, stack=first(read_given(req), "stack") or None)
        await self._show(req, resp, admitted, wanted)

    @answering
    async def on_post(self, req: Request, resp: Response, client_id: str) -> None:
        """Give the program away as a file; or show another, with the secret that was shown."""
        admitted = await self.enter(req, resp, right=_RIGHT)
        fields = await read_fields(req)
        wanted = Wanted(
            client_id=client_id,
            stack=first(fields, "stack") or None,
            secret=first(fields, "client_secret"),
        )
        await self.check_token(first(fields, "form_token"), admitted.guest, wanted.mark)
        if first(fields, "decision") == "files":
            await self._send(resp, admitted, wanted)
        else:
            await self._show(req, resp, admitted, wanted)

    async def _show(self, req: Request, resp: Response, admitted: Admitted, wanted: Wanted) -> None:
        check_id(wanted.client_id)
        try:
            page = await make_page(self, req, resp, admitted, wanted)
        except Invalid:
            raise falcon.HTTPNotFound from None
        self.show(resp, page, self.language(req, admitted.guest))

    async def _send(self, resp: Response, admitted: Admitted, wanted: Wanted) -> None:
        check_id(wanted.client_id)
        client = await clients.show(self.admin, admitted.actor, wanted.client_id)
        try:
            made = _begin(self, client, wanted)
        except Invalid:
            made = None
        if made is None:
            raise falcon.HTTPNotFound
        resp.content_type = "application/zip"
        resp.set_header("Content-Disposition", f'attachment; filename="{made.stack}.zip"')
        resp.data = pack(made, self.idp.clock.now())
