"""The audit log as it grows, and as a file: for the page of the list of events."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import events
from ostiary.model.event import Result
from ostiary.oauth.message import parse_form
from ostiary.pages.console import Cell
from ostiary.pages.languages import Language
from ostiary.store.reads.events import EventFilter
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.api.resources.events import view
from ostiary.web.console.calls import call_list, explain
from ostiary.web.console.cells import cell_of
from ostiary.web.console.listing import PAGE, UNFIT, Listing
from ostiary.web.console.page import answering

_JSON = "application/json"
_LINES = "application/x-ndjson"
_encode = msgspec.json.Encoder().encode


class Latest(Listing):
    """The newest events, for a page that is watched."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Return the rows of the first page, as the page itself shows them."""
        admitted = await self.enter(req, resp, right=self.route.right, by_itself=True)
        given = parse_form(bytes(req.scope["query_string"])).values
        wanted = await self.settle(admitted, given)
        if wanted.unfit:
            resp.status = UNFIT
            return
        try:
            found = await call_list(
                self.service, self.route, admitted.actor, {}, wanted.query, limit=PAGE
            )
        except EXPECTED as error:
            resp.status, _ = explain(error)
            return
        language = self.language(req, admitted.guest)
        zone = admitted.guest.user.profile.zoneinfo
        rows = [
            [
                {"text": _plain(cell, language, zone), "url": cell.url}
                for cell in (
                    cell_of(name, item.get(name), admitted.actor) for name in self.kind.columns
                )
            ]
            for item in found.items
        ]
        resp.content_type = _JSON
        resp.data = _encode({"rows": rows})


class Export(Listing):
    """All events that fit the filters, as a file: for whoever signed in just now."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Return one event a line, oldest first, as `ostiary events export` writes them."""
        admitted = await self.enter(req, resp, right=self.route.right, fresh=True)
        given = parse_form(bytes(req.scope["query_string"])).values
        wanted = await self.settle(admitted, given)
        if wanted.unfit:
            resp.status = UNFIT
            return
        filters = filter_of(wanted.query)
        pages = events.export(self.admin, self.idp.store, admitted.actor, filters)
        try:
            # No tuple as the default: CPython 3.11 answers SystemError in its place.
            first = await anext(pages, None)
        except EXPECTED as error:
            resp.status, _ = explain(error)
            return
        resp.content_type = _LINES
        resp.set_header("Content-Disposition", 'attachment; filename="events.ndjson"')
        resp.stream = _lines(first or (), pages)


async def _lines(first: Any, pages: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """Write events, page by page: nobody has to hold all of them."""
    yield _write(first)
    async for page in pages:
        yield _write(page)


def _write(page: Any) -> bytes:
    return b"".join(_encode(view(one)) + b"\n" for one in page)


def filter_of(query: dict[str, Any]) -> EventFilter:
    """Return what the filters of the list mean."""
    return EventFilter(
        types=query.get("type", ()),
        user_id=query.get("user"),
        client_id=query.get("client_id"),
        organization_id=query.get("organization"),
        session_id=query.get("session"),
        actor_id=query.get("actor"),
        result=Result(query["result"]) if "result" in query else None,
        trace_id=query.get("trace_id"),
        ip=query.get("ip"),
        since=query.get("since"),
        before=query.get("before"),
    )


def _plain(cell: Cell, language: Language, zone: str | None) -> str:
    """Return a cell as text."""
    match cell.kind:
        case "none":
            return "-"
        case "time":
            return language.moment(cell.value, zone)
        case "word" if language.has(f"console.word.{cell.value}"):
            return language.plain(f"console.word.{cell.value}")
    return str(cell.value)
