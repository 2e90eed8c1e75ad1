"""GET and POST /device: the code that a device shows is typed here (RFC 8628, 3.3).

From here a flow begins as from an authorization request: sign-in, account, consent. The
consent page says what device it is about; only its answer gives anything away.

The playground's device is one that every administrator can speak for: its code is taken only
in the browser that the playground showed it to, so that nobody is asked by a stranger.
"""

from urllib.parse import urlsplit

import msgspec
from falcon.asgi import Request, Response

from ostiary.login.device_entry import (
    AnsweredCode,
    CodeEntry,
    ExpiredCode,
    MalformedCode,
    Waiting,
)
from ostiary.login.errors import Refused, Throttled
from ostiary.oauth.authorization.loading import Visit
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.device import user_code
from ostiary.oauth.message import parse_form
from ostiary.oauth.paths import DEVICE, DEVICE_DONE
from ostiary.pages.branding import find_brand
from ostiary.pages.views import DeviceDonePage, DevicePage, Problem, View
from ostiary.web.body import read_form
from ostiary.web.cookies import Cookies
from ostiary.web.csrf import check_sender
from ostiary.web.errors import HTML, read_language
from ostiary.web.idp import Idp
from ostiary.web.login.paths import CONTINUE, of_flow
from ostiary.web.login.stage import go_to
from ostiary.web.oauth.authorization import make_authorization_endpoint
from ostiary.web.playground.keeping import Keeping
from ostiary.web.source import read_source

MAX_SHOWN = 20
_FIELDS = ("user_code",)


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

    async def _render(self, req: Request, resp: Response, view: View, status: int = 200) -> None:
        language = read_language(req)
        # Nobody learns by the look of it whether a code exists.
        brand = await find_brand(self._idp.store, None, None, language.tag)
        resp.status = status
        resp.content_type = HTML
        branded = msgspec.structs.replace(view, brand=brand)
        resp.data = self._idp.pages.render(branded, language)


class DeviceResource(_Pages):
    """Where people type the code of their device."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._cookies = Cookies(secure=idp.issuer.startswith("https:"))
        self._entry = CodeEntry(idp.store)
        self._endpoint = make_authorization_endpoint(idp)
        self._sandbox = idp.sandbox

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form; a code in the address fills it in, to be compared."""
        query = parse_form(bytes(req.scope["query_string"]))
        query.refuse_duplicates()
        code = user_code.read(query.get("user_code") or "")
        await self._show(req, resp, "" if code is None else user_code.show(code))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Begin a flow for the device, or say what is wrong with the code."""
        check_sender(req, self._origin)
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        typed = form.get("user_code") or ""
        if not typed.strip():
            await self._show(req, resp, "", Problem(key="device_missing", fields=_FIELDS), 400)
            return
        visit = Visit(
            cookie=self._cookies.browser(req), source=read_source(req), now=self._idp.clock.now()
        )
        try:
            waiting = await self._entry.find(typed, visit)
        except Refused as refusal:
            status, problem = _explain(refusal)
            if problem.wait is not None:
                resp.set_header("Retry-After", str(problem.wait))
            await self._show(req, resp, typed[:MAX_SHOWN], problem, status)
            return
        if self._is_elsewhere(req, waiting, visit.now):
            problem = Problem(key="device_elsewhere", fields=_FIELDS)
            await self._show(req, resp, typed[:MAX_SHOWN], problem, 403)
            return
        ask = await self._endpoint.open(_request(waiting), waiting.client, visit)
        if ask.cookie is not None:
            self._cookies.set_browser(resp, ask.cookie)
        go_to(resp, of_flow(CONTINUE, ask.flow))

    def _is_elsewhere(self, req: Request, waiting: Waiting, now: int) -> bool:
        """Tell whether the playground showed this code to another browser."""
        if self._sandbox is None:
            return False
        if waiting.client.client_id not in self._sandbox.furnished.clients:
            return False
        keeping = Keeping(self._sandbox.seal, self._idp.entropy, self._cookies.secure)
        return keeping.read_code(req, now) != waiting.record.user_code

    async def _show(
        self,
        req: Request,
        resp: Response,
        code: str,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        page = DevicePage(site=self._site, action=DEVICE, user_code=code, problem=problem)
        await self._render(req, resp, page, status)


def _request(waiting: Waiting) -> AuthorizationRequest:
    """Return what the device asks for as an authorization request.

    What the application has registered for all its requests holds here as well.
    """
    client, record = waiting.client, waiting.record
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri="",
        response_mode="query",
        response_type="code",
        scopes=record.scopes,
        resources=record.resources,
        organization=record.organization_id,
        # Whatever was allowed before: this is about another device.
        prompts=("consent",),
        max_age=client.default_max_age,
        acr_values=client.default_acr_values,
        device=record.digest.hex(),
    )


def _explain(refusal: Refused) -> tuple[int, Problem]:
    """Word a refusal, so that the person knows what to do next."""
    match refusal:
        case Throttled(seconds=seconds):
            return 429, Problem(key="device_throttled", wait=seconds)
        case MalformedCode():
            return 400, Problem(key="device_malformed", fields=_FIELDS)
        case ExpiredCode():
            return 410, Problem(key="device_expired", fields=_FIELDS)
        case AnsweredCode():
            return 410, Problem(key="device_answered", fields=_FIELDS)
        case _:
            return 404, Problem(key="device_unknown", fields=_FIELDS)


class DeviceDone(_Pages):
    """What to do next: look at the device again."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show that the answer was noted."""
        query = parse_form(bytes(req.scope["query_string"]))
        allowed = query.get("answer") == "approved"
        await self._render(req, resp, DeviceDonePage(site=self._site, allowed=allowed))
