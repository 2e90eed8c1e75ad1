"""The page of a list: filters, a table, and the way on."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.errors import AdminError
from ostiary.oauth.message import parse_form
from ostiary.pages.console import FilterField, ListPage, Table, Trouble
from ostiary.web.api.endpoint import EXPECTED, Service
from ostiary.web.api.route import Filter
from ostiary.web.console.calls import call_list, explain
from ostiary.web.console.cells import url_of
from ostiary.web.console.choices import choose_project
from ostiary.web.console.crumbs import crumbs_of
from ostiary.web.console.kind import OPERATIONS, Kind
from ostiary.web.console.moments import TIMES, is_seconds, read_moment, write_moment
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.tables import make_table
from ostiary.web.idp import Idp

PAGE = 25
_CURSOR = "cursor"
_PLACES: tuple[str, ...] = ("organization", "project")
_MAX_VALUE = 1024
_MAX_SHOWN = 100
_MINUTE = 60
_MAX_NUMBER = 12
UNFIT = 422


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The filters that hold, as the operation takes them.

    `unfit` is what was given for times and is none, by the names of their filters. `worded`:
    a time was given as people type it, so that it depends on who asks.
    """

    query: dict[str, Any]
    unfit: dict[str, str] = {}
    worded: bool = False


class Listing(ConsoleResource):
    """The list of one kind."""

    def __init__(self, idp: Idp, service: Service, kind: Kind) -> None:
        super().__init__(idp, service)
        assert kind.listing is not None, kind.name  # noqa: S101 - the catalog says so
        self.kind = kind
        self.route = OPERATIONS[kind.listing]

    @answering
    async def on_get(self, req: Request, resp: Response, **path: str) -> None:
        """Show a page of it."""
        admitted = await self.enter(req, resp, right=self.route.right)
        language = self.language(req, admitted.guest)
        given = parse_form(bytes(req.scope["query_string"])).values
        wanted = await self.settle(admitted, given)
        query = wanted.query
        if wanted.worded and not wanted.unfit:
            # Whoever is sent the address sees the same, wherever they live.
            go_to(_address(url_of(self.route.name, path), query))
        filters = await self._filters(admitted, wanted)
        table, trouble, status = None, None, 200
        if wanted.unfit:
            status, trouble = UNFIT, Trouble(key="no_time")
        elif not any(one.required and not one.value for one in filters):
            try:
                table = await self._read(admitted, path, query, given.get(_CURSOR))
            except EXPECTED as error:
                if isinstance(error, AdminError) and error.code == "not_found" and path:
                    raise
                status, trouble = explain(error)
        page = ListPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=trouble,
            nav=self.kind.entry,
            name=self.kind.name,
            crumbs=crumbs_of(self.route.path, path),
            action=url_of(self.route.name, path),
            table=table,
            filters=filters,
            selections=self._selections(url_of(self.route.name, path)),
            live_url=_beside(self.kind, "latest", query),
            export_url=_beside(self.kind, "export", query),
            filtered=any(one.value for one in filters if not one.required),
        )
        self.show(resp, await self.complete(admitted, page), language, status)

    def _selections(self, here: str) -> tuple[tuple[str, str], ...]:
        """Return the ways to what people look for often, by whole minutes."""
        now = self.idp.clock.now() // _MINUTE * _MINUTE
        return tuple(
            (
                one.name,
                _address(here, one.filters | ({} if one.ago is None else {"since": now - one.ago})),
            )
            for one in self.kind.selections
        )

    async def complete(self, _admitted: Admitted, page: ListPage) -> ListPage:
        """Return the page with what only the list of this kind has."""
        return page

    async def _read(
        self, admitted: Admitted, path: dict[str, str], query: dict[str, Any], cursor: str | None
    ) -> Table:
        route = self.route
        found = await call_list(
            self.service, route, admitted.actor, path, query, cursor=cursor, limit=PAGE
        )
        given = {name: str(query[name]) for name in _PLACES if name in query}
        table = make_table(
            self.kind,
            found,
            admitted.actor,
            admitted.place,
            path=path,
            given=given,
            without=await self.needless(admitted, self.kind),
        )
        here = url_of(route.name, path)
        return msgspec.structs.replace(
            table,
            more_url=_address(here, {**query, _CURSOR: found.cursor}) if found.cursor else None,
            first_url=_address(here, query) if cursor else None,
        )

    async def settle(self, admitted: Admitted, given: dict[str, str]) -> Wanted:
        """Return the filters that hold: those that were given, and the organization chosen."""
        query: dict[str, Any] = {}
        unfit: dict[str, str] = {}
        worded = False
        for one in self.route.filters:
            value = given.get(one.name)
            if one.name == "organization":
                if admitted.place is not None:
                    query[one.name] = admitted.place
                elif one.required and admitted.places:
                    query[one.name] = admitted.places[0][0]
            elif value and one.name in TIMES:
                try:
                    query[one.name] = read_moment(value, admitted.guest.user.profile.zoneinfo)
                except ValueError:
                    unfit[one.name] = value
                worded = worded or not is_seconds(value)
            elif value is not None and _fits(one, value):
                read = int(value) if one.kind is int else value
                query[one.name] = (read,) if one.several else read
        return Wanted(query=query, unfit=unfit, worded=worded)

    async def _filters(self, admitted: Admitted, wanted: Wanted) -> tuple[FilterField, ...]:
        """Return the fields of the filter; of a project that is needed, the first is chosen."""
        query, zone = wanted.query, admitted.guest.user.profile.zoneinfo
        fields = []
        for one in self.route.filters:
            if one.name in {"organization", "sort"}:
                continue
            if one.name == "project":
                choices = await choose_project(self.admin, admitted)
                area, level, _ = self.route.right
                whole = admitted.actor.may(area, level, admitted.place)
                needed = one.required or not whole
                if needed and one.name not in query and choices:
                    query[one.name] = choices[0][0]
                if one.name in query:
                    # A project is in one organization: what else is asked for is in all.
                    query.pop("organization", None)
                if len(choices) == 1 and query.get(one.name, choices[0][0]) == choices[0][0]:
                    continue  # there is no other
                fields.append(_field(one, query, choices, required=needed))
            elif one.name in TIMES:
                fields.append(_time_field(one, wanted, zone))
            else:
                words = tuple((word, word) for word in one.choices)
                fields.append(_field(one, query, words, required=one.required))
        return tuple(fields)


def _field(
    one: Filter, query: dict[str, Any], choices: tuple[tuple[str, str], ...], *, required: bool
) -> FilterField:
    return FilterField(
        name=one.name,
        value=_text(query.get(one.name, "")),
        choices=choices,
        number=one.kind is int,
        required=required,
    )


def _time_field(one: Filter, wanted: Wanted, zone: str | None) -> FilterField:
    at = wanted.query.get(one.name)
    given = wanted.unfit.get(one.name, "")[:_MAX_SHOWN]
    return FilterField(
        name=one.name,
        value=given if at is None else write_moment(at, zone),
        time=True,
        unfit=one.name in wanted.unfit,
    )


def _address(here: str, query: dict[str, Any]) -> str:
    """Return the address of a list with filters; the organization is chosen elsewhere."""
    kept = {name: value for name, value in query.items() if name != "organization"}
    return f"{here}?{urlencode(kept, doseq=True)}" if kept else here


def _beside(kind: Kind, name: str, query: dict[str, Any]) -> str | None:
    """Return the address of a list as it grows, or as a file, where it is such a list."""
    if not kind.live or kind.listing is None:
        return None
    return _address(f"{url_of(kind.listing, {})}/{name}", query)


def _text(value: Any) -> str:
    return str(value[0]) if isinstance(value, tuple) else str(value)


def _fits(one: Filter, value: str) -> bool:
    """Tell whether a value can be that of a filter; what cannot is left out."""
    if len(value) > _MAX_VALUE or not value.isprintable():
        return False
    if one.kind is int:
        return value.isascii() and value.isdigit() and len(value) <= _MAX_NUMBER
    return not one.choices or value in one.choices
