"""The page of one thing: what is known of it, what can be done, what belongs to it."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.errors import NotFound
from ostiary.pages.console import Action, Fact, ShowPage, Table
from ostiary.web.api.endpoint import EXPECTED, Service
from ostiary.web.console.calls import call_list, call_one, explain
from ostiary.web.console.catalog import BY_NAME
from ostiary.web.console.cells import facts_of, name_of, url_of
from ostiary.web.console.crumbs import crumbs_of
from ostiary.web.console.kind import OPERATIONS, Kind, Related, parameters_of
from ostiary.web.console.navigation import holds
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.tables import action_of, allowed, make_table
from ostiary.web.idp import Idp

_FEW = 10
# Pages of their own below that of a thing, by the operation that they show the answer of.
_BELOW = {
    "applications": ("show_application_quickstart", "lint_application"),
    "organizations": ("lint_organization_policies",),
}


class Details(ConsoleResource):
    """One thing of a kind."""

    def __init__(self, idp: Idp, service: Service, kind: Kind) -> None:
        super().__init__(idp, service)
        assert kind.show is not None, kind.name  # noqa: S101 - the catalog says so
        self._kind = kind
        self._route = OPERATIONS[kind.show]

    @answering
    async def on_get(self, req: Request, resp: Response, **path: str) -> None:
        """Show it."""
        admitted = await self.enter(req, resp, right=self._route.right)
        kind, actor = self._kind, admitted.actor
        try:
            reply = await call_one(self.service, self._route, actor, path)
        except NotFound:
            await self._look_beside(admitted, path)
            raise
        item: dict[str, Any] = msgspec.to_builtins(reply.body)
        needless = await self.needless(admitted, kind)
        facts = facts_of(item, actor)
        first = tuple(
            one
            for one in facts
            if one.name not in needless and (not kind.facts or one.name in kind.facts)
        )
        page = ShowPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            nav=kind.entry,
            name=kind.name,
            title=name_of(kind, item) if path else "",
            crumbs=crumbs_of(self._route.path, path),
            facts=_ordered(first, kind),
            further=tuple(one for one in facts if one not in first),
            actions=tuple(
                action_of(name, {one: path[one] for one in wanted})
                for name in allowed(kind.changes, actor, None)
                if set(wanted := parameters_of(OPERATIONS[name].path)) <= set(path)
            )
            + tuple(Action(name=one, url=url_of(one, path)) for one in _BELOW.get(kind.name, ())),
            tables=tuple(
                [
                    table
                    for one in kind.related
                    if (table := await self._related(admitted, one, path, item))
                ]
            ),
        )
        self.show(resp, page, self.language(req, admitted.guest))

    async def _look_beside(self, admitted: Admitted, path: dict[str, str]) -> None:
        """Go to the thing of another kind that has the id, where there may be one.

        Raises:
            NotFound: there is none.
        """
        if self._kind.sibling is None:
            return
        name = BY_NAME[self._kind.sibling].show
        assert name is not None, self._kind.sibling  # noqa: S101 - the catalog says so
        route = OPERATIONS[name]
        own = dict(zip(parameters_of(route.path), path.values(), strict=True))
        await call_one(self.service, route, admitted.actor, own)
        go_to(url_of(name, own))

    async def _related(
        self, admitted: Admitted, related: Related, path: dict[str, str], item: dict[str, Any]
    ) -> Table | None:
        """Return the first few things of another kind that belong to this one."""
        kind = BY_NAME[related.kind]
        assert kind.listing is not None, kind.name  # noqa: S101 - only lists are related
        route = OPERATIONS[kind.listing]
        if not holds(admitted.actor, route.right):
            return None
        own = {key: path[key] for key in parameters_of(route.path)}
        query = {name: str(item[member]) for name, member in related.filters.items()}
        filled = {name: str(item[member]) for name, member in related.fills.items()}
        try:
            found = await call_list(self.service, route, admitted.actor, own, query, limit=_FEW)
        except EXPECTED as error:
            status, _ = explain(error)
            if status in {403, 404}:
                return None  # theirs to see elsewhere, but not here
            raise
        without = await self.needless(admitted, kind) | (set(related.filters) & set(kind.within))
        table = make_table(
            kind,
            found,
            admitted.actor,
            None,
            path=own,
            given=query | filled,
            without=frozenset(without),
        )
        if found.cursor is None:
            return table
        here = url_of(route.name, own)
        return msgspec.structs.replace(
            table, more_url=f"{here}?{urlencode(query)}" if query else here
        )


def _ordered(facts: tuple[Fact, ...], kind: Kind) -> tuple[Fact, ...]:
    """Return the facts in the order that the kind names them in."""
    if not kind.facts:
        return facts
    return tuple(sorted(facts, key=lambda one: kind.facts.index(one.name)))
