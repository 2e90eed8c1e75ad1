"""From a request to an operation and back: what all operations of the API have in common."""

import re
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.actor import Actor
from ostiary.admin.decode import decode
from ostiary.admin.errors import AdminError
from ostiary.admin.store import Admin, Store
from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import hash_password
from ostiary.oauth import management
from ostiary.oauth.authorization.authentication import ACR_2FA
from ostiary.oauth.effects import Conflict, Unavailable
from ostiary.oauth.errors import OAuthError
from ostiary.web.api import idempotency, paging
from ostiary.web.api.authentication import REALM, authenticate
from ostiary.web.api.body import JSON, parse, read_query, read_raw
from ostiary.web.api.idempotency import Answer, Keeper
from ostiary.web.api.paging import PAGING, Page
from ostiary.web.api.problems import RETRY_AFTER, Refused, refuse, show
from ostiary.web.api.route import Call, Listed, Reply, Route
from ostiary.web.api.stores import Conditional
from ostiary.web.idp import Idp
from ostiary.web.ration import Ration
from ostiary.web.source import read_source

FAILURES_PER_MINUTE = 60
_MAX_ID = 255
_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')
_KEEP = "public, max-age=300"
_NOT_MODIFIED = 304
_encode = msgspec.json.Encoder().encode

Responder = Callable[..., Awaitable[None]]


class Service:
    """What the operations of one instance work with."""

    def __init__(self, idp: Idp) -> None:
        self.idp = idp
        self._failures = Ration(FAILURES_PER_MINUTE)
        self.admin = Admin(
            issuer=idp.issuer,
            store=idp.store,
            clock=idp.clock,
            entropy=idp.entropy,
            hash_password=self._hash,
            check_address=idp.check_address,
            read_sector=idp.read_sector,
            find_domain_proof=idp.find_domain_proof,
            keys=idp.keys,
        )

    def fail(self, ip: str) -> Refused | None:
        """Count a failed authentication; return what to answer where there were too many."""
        if self._failures("", ip, self.idp.clock.now()):
            return None
        return Refused(
            429,
            "too_many_requests",
            "Too many requests from your address were refused.",
            headers={"Retry-After": "60"},
        )

    async def _hash(self, password: bytes) -> str:
        pool = self.idp.passwords
        async with pool.slot():
            return await pool.run(lambda: hash_password(password, pool.entropy, pool.parameters))


class Resource:
    """The operations at one path, for the router: a method of it is `on_get` and its like."""

    def __init__(self, service: Service, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        for route in self.routes:
            responder = _responder(service, route)
            setattr(self, f"on_{route.method.lower()}", responder)
            if route.method == "GET":
                self.on_head = responder


def _responder(service: Service, route: Route) -> Responder:
    async def respond(req: Request, resp: Response, **path: str) -> None:
        try:
            answer = await _answer(service, route, req, path)
        except EXPECTED as error:
            show(resp, word(error), req.context.trace_id)
            return
        resp.status = answer.status
        resp.set_headers(answer.headers)
        if answer.body:
            resp.content_type = JSON
            resp.data = answer.body

    return respond


async def _answer(service: Service, route: Route, req: Request, path: dict[str, str]) -> Answer:
    idp, source = service.idp, read_source(req)
    try:
        actor = (
            Actor(type="anonymous", id="", holds=(), source=source)
            if route.public
            else await authenticate(idp, req.get_header("Authorization"), source)
        )
    except (OAuthError, Refused) as error:
        refused = word(error)
        if refused.status == 401:  # noqa: PLR2004 - nobody is known yet
            raise service.fail(source.ip) or refused from None
        raise refused from None
    _check_path(path)
    query = read_query(req, (*route.filters, *(PAGING if route.listing else ())))
    raw = await read_raw(req)
    if raw and route.body is None:
        raise Refused(400, "invalid_request", "This operation takes no body: leave it out.")
    body = None if route.body is None else decode(route.body, parse(raw))
    call = Call(
        idp=idp,
        admin=service.admin,
        actor=actor,
        path=path,
        query=query,
        body=body,
    )
    if route.listing:
        return await _list(route, call, req.path)
    if route.public and route.method == "GET":
        return _revalidate(await _do(route, call, None), req.get_header("If-None-Match"))
    if route.method == "POST":
        key = idempotency.read_key(req.get_header(idempotency.HEADER))
        if key is not None and not route.repeatable:
            raise Refused.header(
                idempotency.HEADER, "is not taken by this operation: look at what it did instead"
            )
        if key is not None:
            return await _once(route, call, req.path, raw, key)
    return await _do(route, call, _read_condition(route, req))


def _check_path(path: dict[str, str]) -> None:
    """Hold ids in the path to what an id can be: all else names nothing, in any database."""
    for value in path.values():
        if len(value) > _MAX_ID or not value.isprintable():
            raise Refused(404, "not_found", "There is nothing under such an id.")


async def _list(route: Route, call: Call, path: str) -> Answer:
    limit = paging.read_limit(call.query)
    after = paging.read_cursor(path, call.query, call.query.get(paging.CURSOR))
    # One more than wanted tells whether there is another page.
    call = msgspec.structs.replace(call, after=after, limit=limit + 1)
    found = await route.operation(call)
    assert isinstance(found, Listed), route.name  # noqa: S101 - the table says so
    shown = found.records[:limit]
    cursor = None
    if len(found.records) > limit:
        cursor = paging.write_cursor(path, call.query, found.key(shown[-1]))
    page = Page(items=tuple(map(found.view, shown)), next_cursor=cursor)
    return Answer(status=route.status, headers={}, body=_encode(page))


async def _once(route: Route, call: Call, path: str, raw: bytes, key: str) -> Answer:
    async def do(store: Store) -> Answer:
        admin = msgspec.structs.replace(call.admin, store=store)
        return await _do(route, msgspec.structs.replace(call, admin=admin), None)

    idp = call.idp
    keeper = Keeper(idp.store, await idp.keys.ring(), idp.entropy, idp.clock.now())
    request = idempotency.Request(key=key, actor=call.actor, path=path, raw=raw)
    answer, kept = await keeper.once(request, do)
    if kept:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


async def _do(route: Route, call: Call, version: int | None) -> Answer:
    if version is not None and route.record is not None:
        guarded = Conditional(call.admin.store, route.record, version)
        admin = msgspec.structs.replace(call.admin, store=guarded.store)
        call = msgspec.structs.replace(call, admin=admin)
    reply = await route.operation(call)
    assert isinstance(reply, Reply), route.name  # noqa: S101 - the table says so
    return _render(route, reply)


def _revalidate(answer: Answer, known: str | None) -> Answer:
    """Let anybody keep an answer, and say so where they have it already (RFC 9110, 13.1.2)."""
    headers = {**answer.headers, "Cache-Control": _KEEP}
    if known is not None and known == headers.get("ETag"):
        return Answer(status=_NOT_MODIFIED, headers=headers, body=b"")
    return Answer(status=answer.status, headers=headers, body=answer.body)


def _render(route: Route, reply: Reply) -> Answer:
    headers = {}
    if reply.version is not None and reply.body is not None:
        headers["ETag"] = f'"{reply.version}"'
    if reply.etag is not None:
        headers["ETag"] = f'"{reply.etag}"'
    if reply.location is not None:
        headers["Location"] = management.PATH + reply.location
    body = b"" if reply.body is None else _encode(reply.body)
    return Answer(status=route.status, headers=headers, body=body)


def _read_condition(route: Route, req: Request) -> int | None:
    """Return the version that a change is tied to, if it is tied to one.

    A change of a record that has versions has to say which one it is about, so that
    nobody undoes unknowingly what somebody else did (RFC 6585, 3).
    """
    given = req.get_header("If-Match")
    if route.record is None or route.method == "GET":
        return None
    if given is None:
        if route.method == "DELETE":
            return None
        raise Refused(
            428,
            "precondition_required",
            'Send If-Match with the ETag that you have read, such as "3", or * to change '
            "whatever is there.",
        )
    if given.strip() == "*":
        return None
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise Refused.header("If-Match", 'must be one ETag as it was given, such as "3", or *')
    return int(match.group(1))


EXPECTED = (AdminError, OAuthError, Refused, Unavailable, Conflict, Busy)


def word(error: Exception) -> Refused:
    """Word what went wrong; the error is one of `EXPECTED`."""
    match error:
        case Refused():
            return error
        case AdminError():
            return refuse(error)
        case OAuthError() if error.status < 500:  # noqa: PLR2004 - the caller's to change
            return _refuse_token(error)
        case Conflict():
            return Refused(409, "conflict", "Somebody else changed the same at the same time.")
    return Refused(
        503,
        "unavailable",
        "The server cannot answer now; send the same request again.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def _refuse_token(error: OAuthError) -> Refused:
    """Word what is wrong with an access token, with its challenge (RFC 6750, 3)."""
    challenge = f'{REALM}, error="{error.error}", error_description="{error.description}"'
    if error.error == "insufficient_scope":
        challenge += f', scope="{management.SCOPE}"'
    if error.error == "insufficient_user_authentication":
        challenge += f', acr_values="{ACR_2FA}"'
    return Refused(
        error.status, error.error, error.description, headers={"WWW-Authenticate": challenge}
    )


def serve(idp: Idp, table: Iterable[Route]) -> list[tuple[str, object]]:
    """Return the routes of the table as the router wants them."""
    service = Service(idp)
    paths: dict[str, list[Route]] = {}
    for route in table:
        paths.setdefault(route.path, []).append(route)
    return [(management.PATH + path, Resource(service, routes)) for path, routes in paths.items()]
