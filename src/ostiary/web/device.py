"""GET and POST /device: the code that a device shows is typed here (RFC 8628, 3.3).

From here a flow begins as from an authorization request: sign-in, account, consent. The
consent page says what device it is about; only its answer gives anything away.
"""

from urllib.parse import urlsplit

from falcon.asgi import Request, Response

from ostiary.model.client import Client
from ostiary.model.event import Event, Result, Source
from ostiary.model.grant import DeviceCode, DeviceStatus
from ostiary.oauth.authorization.endpoint import Ask
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.device import user_code
from ostiary.oauth.effects import Conflict, Count, Emit
from ostiary.oauth.message import parse_form
from ostiary.oauth.paths import DEVICE, DEVICE_DONE
from ostiary.oauth.peer import peer_of
from ostiary.oauth.usable import client_refusal, read_owners
from ostiary.pages.views import DeviceDonePage, DevicePage, Problem, View
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.csrf import check_sender
from ostiary.web.errors import HTML, read_language
from ostiary.web.idp import Idp
from ostiary.web.login.paths import CONTINUE, of_flow
from ostiary.web.login.stage import go_to
from ostiary.web.oauth.authorization import make_authorization_endpoint
from ostiary.web.source import read_source

# Wrong codes that one network, and all of them together, may try within ten minutes:
# twenty letters to the power of eight are too many to find one that way.
MAX_WRONG = 5
MAX_WRONG_IN_ALL = 500
WINDOW = 600


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the device page by their paths."""
    return [(DEVICE, DeviceResource(idp)), (DEVICE_DONE, DeviceDone(idp))]


class _Pages:
    """Renders the pages of devices."""

    def __init__(self, idp: Idp) -> None:
        parts = urlsplit(idp.issuer)
        self._idp = idp
        self._site = parts.netloc
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def _render(self, req: Request, resp: Response, view: View, status: int = 200) -> None:
        resp.status = status
        resp.content_type = HTML
        resp.data = self._idp.pages.render(view, read_language(req))


class DeviceResource(_Pages):
    """Where people type the code of their device."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._cookies = Cookies(secure=idp.issuer.startswith("https:"))
        self._endpoint = make_authorization_endpoint(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form; a code in the address fills it in, to be compared."""
        query = parse_form(bytes(req.scope["query_string"]))
        query.refuse_duplicates()
        code = user_code.read(query.get("user_code") or "")
        self._show(req, resp, "" if code is None else user_code.show(code))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Begin a flow for the device, or say what is wrong with the code."""
        check_sender(req, self._origin)
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        now, source = self._idp.clock.now(), read_source(req)
        typed = form.get("user_code") or ""
        if not typed.strip():
            self._show(req, resp, "", "device_missing")
            return
        keys = (f"device-code:{peer_of(source.ip)}", "device-code")
        if await self._exhausted(keys, now):
            self._show(req, resp, "", "device_throttled", 429)
            return
        found = await self._find(typed, now)
        if found is None:
            await self._count(keys, source, now)
            self._show(req, resp, typed[:MAX_SHOWN], "device_unknown", 404)
            return
        client, record = found
        request = AuthorizationRequest(
            client_id=client.client_id,
            redirect_uri="",
            response_mode="query",
            response_type="code",
            scopes=record.scopes,
            resources=record.resources,
            # Whatever was allowed before: this is about another device.
            prompts=("consent",),
            device=record.digest.hex(),
        )
        visit = Visit(cookie=self._cookies.browser(req), source=source, now=now)
        outcome = await self._endpoint.open(request, client, visit)
        if isinstance(outcome, Ask):
            if outcome.cookie is not None:
                self._cookies.set_browser(resp, outcome.cookie)
            go_to(resp, of_flow(CONTINUE, outcome.flow))

    async def _find(self, typed: str, now: int) -> tuple[Client, DeviceCode] | None:
        code = user_code.read(typed)
        record = None
        if code is not None:
            record = await self._idp.store.device_by_user_code(code, now)
        if record is None or record.status is not DeviceStatus.PENDING:
            return None
        client = await self._idp.store.client(record.client_id)
        owners = await read_owners(client, self._idp.store)
        if client is None or client_refusal(client, owners) is not None:
            return None
        return client, record

    async def _exhausted(self, keys: tuple[str, str], now: int) -> bool:
        usage = await self._idp.store.usage(keys)
        limits = zip(keys, (MAX_WRONG, MAX_WRONG_IN_ALL), strict=True)
        return any(
            key in usage and usage[key].expires_at > now and usage[key].count >= limit
            for key, limit in limits
        )

    async def _count(self, keys: tuple[str, str], source: Source, now: int) -> None:
        of_peer, of_all = keys
        event = Event(
            type="device.code_unknown",
            at=now,
            result=Result.FAILURE,
            actor_type="browser",
            ip=source.ip,
            user_agent=source.user_agent,
            trace_id=source.trace_id,
        )
        try:
            await self._idp.store.apply(
                (
                    Count(of_peer, MAX_WRONG, WINDOW, now),
                    Count(of_all, MAX_WRONG_IN_ALL, WINDOW, now),
                    Emit(event),
                )
            )
        except Conflict:
            return  # the limit was reached at the same time: the next attempt is refused

    def _show(
        self,
        req: Request,
        resp: Response,
        code: str,
        problem: str | None = None,
        status: int | None = None,
    ) -> None:
        page = DevicePage(
            site=self._site,
            action=DEVICE,
            user_code=code,
            problem=None if problem is None else Problem(key=problem, fields=("user_code",)),
        )
        self._render(req, resp, page, status or (200 if problem is None else 400))


MAX_SHOWN = 20


class DeviceDone(_Pages):
    """What to do next: look at the device again."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show that the answer was noted."""
        query = parse_form(bytes(req.scope["query_string"]))
        allowed = query.get("answer") == "approved"
        self._render(req, resp, DeviceDonePage(site=self._site, allowed=allowed))
