"""The demo's resources, and their routes."""

from urllib.parse import urlsplit

import falcon
from falcon.asgi import Request, Response

from ostiary.egress.fetcher import Egress
from ostiary.web.assets import open_assets
from ostiary.web.csrf import check_sender
from ostiary.web.demo.client import Client, Session, SignInFailed
from ostiary.web.demo.cookies import DemoCookies
from ostiary.web.demo.page import DemoPage, DemoPages, list_claims, list_tokens
from ostiary.web.demo.registration import CALLBACK, PATH, Registration, read_registration
from ostiary.web.errors import HTML
from ostiary.web.idp import Idp

_PROMPTS = frozenset({"login", "consent", "select_account"})
_MAX_SHOWN = 300


class _Demo:
    """What the resources share."""

    def __init__(self, idp: Idp, pages: DemoPages) -> None:
        self.issuer = idp.issuer
        self._idp = idp
        self._pages = pages
        # The demo reaches the one server that it is a demo of.
        self._egress = Egress((_authority(idp.issuer),), idp.settings.egress.ca_file)

    def open(self) -> tuple[Registration, Client, DemoCookies]:
        """Return the registration and what goes with it.

        Raises:
            falcon.HTTPNotFound: the demo has not been made.
        """
        idp, registration = self._idp, read_registration()
        if registration is None or registration.issuer != idp.issuer:
            raise falcon.HTTPNotFound
        client = Client(registration, self._egress, idp.clock, idp.entropy)
        return registration, client, DemoCookies(registration, idp.entropy)

    def show(
        self,
        response: Response,
        registration: Registration,
        session: Session | None = None,
        *,
        userinfo: dict[str, object] | None = None,
        problem: SignInFailed | None = None,
    ) -> None:
        """Answer with the page."""
        page = DemoPage(
            site=urlsplit(registration.issuer).netloc,
            username=registration.username,
            problem="" if problem is None else problem.message[:_MAX_SHOWN],
            code="" if problem is None else (problem.code or "")[:_MAX_SHOWN],
        )
        if session is not None:
            claims = userinfo or session.claims
            page = DemoPage(
                site=page.site,
                username=page.username,
                problem=page.problem,
                code=page.code,
                signed_in=True,
                can_refresh=session.refresh_token is not None,
                name=str(claims.get("name") or claims["sub"]),
                header=list_claims(session.header),
                claims=list_claims(session.claims),
                userinfo=list_claims(userinfo or {}),
                tokens=list_tokens(session),
            )
        response.content_type = HTML
        response.data = self._pages.render(page)


def _authority(issuer: str) -> str:
    parts = urlsplit(issuer)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Home:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show who is signed in, and what the application knows of them."""
        registration, client, cookies = self._demo.open()
        session = cookies.session(req)
        if session is None:
            self._demo.show(resp, registration)
            return
        try:
            userinfo = await client.userinfo(session)
        except SignInFailed as error:
            self._demo.show(resp, registration, session, problem=error)
            return
        self._demo.show(resp, registration, session, userinfo=userinfo)


class _SignIn:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_get(self, req: Request, resp: Response) -> None:
        """Send the browser to the provider."""
        registration, client, cookies = self._demo.open()
        prompt = req.get_param("prompt")
        try:
            target, pending = await client.begin(prompt if prompt in _PROMPTS else None)
        except SignInFailed as error:
            self._demo.show(resp, registration, problem=error)
            return
        cookies.set_pending(resp, pending)
        see_other(resp, target)


class _Callback:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_get(self, req: Request, resp: Response) -> None:
        """Take the provider's answer."""
        registration, client, cookies = self._demo.open()
        answer = {name: value for name, value in req.params.items() if isinstance(value, str)}
        pending = cookies.pending(req)
        cookies.set_pending(resp, None)
        try:
            session = await client.finish(answer, pending)
            _keep(cookies, resp, session)
        except SignInFailed as error:
            resp.status = falcon.HTTP_400
            self._demo.show(resp, registration, problem=error)
            return
        see_other(resp, PATH)


class _Refresh:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_post(self, req: Request, resp: Response) -> None:
        """Get new tokens."""
        check_sender(req, self._demo.issuer)
        registration, client, cookies = self._demo.open()
        session = cookies.session(req)
        if session is not None:
            try:
                _keep(cookies, resp, await client.refresh(session))
            except SignInFailed as error:
                self._demo.show(resp, registration, session, problem=error)
                return
        see_other(resp, PATH)


class _SignOut:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_post(self, req: Request, resp: Response) -> None:
        """Forget who is signed in, here alone."""
        check_sender(req, self._demo.issuer)
        _, _, cookies = self._demo.open()
        cookies.set_session(resp, None)
        see_other(resp, PATH)


class _SignOutEverywhere:
    def __init__(self, demo: _Demo) -> None:
        self._demo = demo

    async def on_post(self, req: Request, resp: Response) -> None:
        """Forget who is signed in, and have the provider forget it as well."""
        check_sender(req, self._demo.issuer)
        registration, client, cookies = self._demo.open()
        session = cookies.session(req)
        target = PATH
        if session is not None:
            try:
                target = await client.leave(session)
            except SignInFailed as error:
                self._demo.show(resp, registration, session, problem=error)
                return
        cookies.set_session(resp, None)
        see_other(resp, target)


def _keep(cookies: DemoCookies, response: Response, session: Session) -> None:
    if not cookies.set_session(response, session):
        raise SignInFailed("The tokens are too large for this demo's cookie.")


def see_other(response: Response, target: str) -> None:
    """Send the browser on, as after a form (303)."""
    response.status = falcon.HTTP_303
    response.location = target


def routes(idp: Idp) -> list[tuple[str, object]]:
    """List the routes of the demo."""
    demo = _Demo(idp, DemoPages(open_assets().url))
    return [
        (PATH, _Home(demo)),
        (f"{PATH}/sign-in", _SignIn(demo)),
        (CALLBACK, _Callback(demo)),
        (f"{PATH}/refresh", _Refresh(demo)),
        (f"{PATH}/sign-out", _SignOut(demo)),
        (f"{PATH}/sign-out-everywhere", _SignOutEverywhere(demo)),
    ]
