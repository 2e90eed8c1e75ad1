"""GET and POST /console/traces/{trace_id}: why a request failed, and the button that mends it.

GET /console/traces/{trace_id}/export: the exchanges of the same sign-in as a file for support.

The button does the operation that the page shows, on the version of the application that the
page was made of: what somebody agreed to is what is done.
"""

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import traces
from ostiary.admin.actor import Area, Level
from ostiary.admin.traces import Shown
from ostiary.advisor.explanations import Operation, explain
from ostiary.oauth.management import PATH as API
from ostiary.oauth.paths import TRACES
from ostiary.pages.console import ROOT, Trouble
from ostiary.pages.sequence import draw
from ostiary.pages.trace import Mending, TracePage
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.api.resources.traces import archive_of
from ostiary.web.console.calls import call_one
from ostiary.web.console.calls import explain as word_refusal
from ostiary.web.console.copies import Wish, copies_of
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.sent import check_id, first, read_fields
from ostiary.web.console.tables import operation_url

EXPORT = ROOT + OPERATIONS["export_trace"].path
_CHANGE = "update_application"
_OUTDATED = 409


class Traced(ConsoleResource):
    """Something about one trace."""

    async def _enter(self, req: Request, resp: Response) -> Admitted:
        return await self.enter(req, resp, right=OPERATIONS["show_trace"].right)

    async def _find(self, admitted: Admitted, trace_id: str) -> Shown:
        await self.idp.traces.flush()
        check_id(trace_id)
        return await traces.show(self.admin, self.idp.store, admitted.actor, trace_id)


class TraceExport(Traced):
    """The exchanges of the same sign-in as a file."""

    @answering
    async def on_get(self, req: Request, resp: Response, trace_id: str) -> None:
        """Return an HTTP Archive."""
        admitted = await self._enter(req, resp)
        shown = await self._find(admitted, trace_id)
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Content-Disposition", 'attachment; filename="sign-in.har"')
        resp.data = msgspec.json.encode(archive_of(shown, self.idp.issuer))


class TraceDetails(Traced):
    """The page of one trace."""

    @answering
    async def on_get(self, req: Request, resp: Response, trace_id: str) -> None:
        """Explain it."""
        admitted = await self._enter(req, resp)
        await self._show(req, resp, admitted, await self._find(admitted, trace_id))

    @answering
    async def on_post(self, req: Request, resp: Response, trace_id: str) -> None:
        """Do what mends it."""
        fields = await read_fields(req)
        admitted = await self._enter(req, resp)
        await self.check_token(first(fields, "form_token"), admitted.guest, _mark(trace_id))
        shown = await self._find(admitted, trace_id)
        operation = _operation(shown)
        if operation is None or operation.name != _CHANGE:
            go_to(TRACES + trace_id)  # somebody did it meanwhile
        if first(fields, "version") != str(operation.version):
            await self._show(
                req, resp, admitted, shown, trouble=Trouble(key="outdated"), status=_OUTDATED
            )
            return
        try:
            await call_one(
                self.service,
                OPERATIONS[operation.name],
                admitted.actor,
                {"client_id": shown.trace.client_id or ""},
                body=operation.body,
                version=operation.version,
            )
        except EXPECTED as error:
            status, trouble = word_refusal(error)
            await self._show(req, resp, admitted, shown, trouble=trouble, status=status)
            return
        self.say(resp, admitted.guest, operation.name)
        go_to(TRACES + trace_id)

    async def _show(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        shown: Shown,
        *,
        trouble: Trouble | None = None,
        status: int = 200,
    ) -> None:
        trace = shown.trace
        client = shown.client
        page = TracePage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=trouble,
            trace=trace,
            explanation=explain(trace, client),
            hops=shown.hops,
            sequence=draw(shown.hops, trace.id),
            client_url=None if client is None else f"{ROOT}/applications/{client.client_id}",
            mending=self._mending(admitted, shown),
        )
        self.show(resp, page, self.language(req, admitted.guest), status)

    def _mending(self, admitted: Admitted, shown: Shown) -> Mending | None:
        """Return what mends it here, if whoever looks may do that."""
        operation, trace = _operation(shown), shown.trace
        if operation is None or not admitted.actor.may(
            Area.PROJECT, Level.WRITE, trace.organization_id, trace.project_id
        ):
            return None
        path = {"client_id": trace.client_id or ""}
        wish = Wish(route=OPERATIONS[operation.name], subjects=(path,), body=operation.body)
        copies = copies_of(wish, self.idp.issuer + API)
        if operation.name != _CHANGE:
            url = operation_url(operation.name, path)
            return Mending(title=operation.title, url=url, copies=copies)
        return Mending(
            title=operation.title,
            token=self.token(admitted.guest, _mark(trace.id)),
            version=str(operation.version),
            copies=copies,
        )


def _operation(shown: Shown) -> Operation | None:
    explanation = explain(shown.trace, shown.client)
    return None if explanation is None else explanation.operation


def _mark(trace_id: str) -> str:
    """Return what the token of the form is good for."""
    return TRACES + trace_id
