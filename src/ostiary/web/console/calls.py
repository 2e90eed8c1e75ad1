"""Calls of the management API's operations by the console, and what they refuse."""

from typing import Any

import msgspec

from ostiary.admin.actor import Actor
from ostiary.admin.decode import decode
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed
from ostiary.pages.console import Trouble
from ostiary.web.api import paging
from ostiary.web.api.endpoint import Service, word
from ostiary.web.api.route import Call, Listed, Reply, Route
from ostiary.web.api.stores import Changed, Conditional

_TIME_OUT = 503


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list, as it is shown, and the cursor of the next."""

    items: tuple[dict[str, Any], ...]
    cursor: str | None


async def call_list(  # noqa: PLR0913 - who, what, where and which page
    service: Service,
    route: Route,
    actor: Actor,
    path: dict[str, str],
    query: dict[str, Any],
    *,
    cursor: str | None = None,
    limit: int,
) -> Answered:
    """Return a page of a list.

    Raises:
        AdminError, Refused: the operation refuses it.
    """
    address = route.path.format(**path)
    call = Call(
        idp=service.idp,
        admin=service.admin,
        actor=actor,
        path=path,
        query=query,
        after=paging.read_cursor(address, query, cursor),
        limit=limit + 1,
    )
    found = await route.operation(call)
    assert isinstance(found, Listed), route.name  # noqa: S101 - the table says so
    shown = found.records[:limit]
    further = None
    if len(found.records) > limit:
        further = paging.write_cursor(address, query, found.key(shown[-1]))
    items = tuple(msgspec.to_builtins(found.view(one)) for one in shown)
    return Answered(items=items, cursor=further)


async def call_one(  # noqa: PLR0913 - who, what, on what and with what
    service: Service,
    route: Route,
    actor: Actor,
    path: dict[str, str],
    *,
    body: Any = None,
    version: int | None = None,
) -> Reply:
    """Do an operation; with `version`, only on that version of its record.

    Raises:
        AdminError, Refused: the operation refuses it.
        Changed: the record is of another version.
    """
    admin = service.admin
    if version is not None and route.record is not None:
        guarded = Conditional(admin.store, route.record, version)
        admin = msgspec.structs.replace(admin, store=guarded.store)
    read = None if route.body is None else decode(route.body, {} if body is None else body)
    call = Call(idp=service.idp, admin=admin, actor=actor, path=path, query={}, body=read)
    reply = await route.operation(call)
    assert isinstance(reply, Reply), route.name  # noqa: S101 - the table says so
    return reply


def explain(error: Exception) -> tuple[int, Trouble]:
    """Word a refusal for a page, with its status; the error is one of `endpoint.EXPECTED`."""
    refused = word(error)
    match error:
        case Changed():
            return 409, Trouble(key="outdated")
        case Invalid():
            items = tuple((one.path, one.message) for one in error.problems)
            return 422, Trouble(key="invalid", message=error.hint or "", items=items)
        case AlreadyExists() if error.path:
            found = Trouble(key="refused", items=((error.path, refused.detail),))
        case _ if refused.status == _TIME_OUT:
            found = Trouble(key="unavailable")
        case _:
            key = "not_allowed" if isinstance(error, NotAllowed) else "refused"
            found = Trouble(key=key, message=refused.detail)
    return refused.status, found
