"""GET and POST /setup: the account of the first administrator.

The link's token moves into a cookie at once, so that it stays in no history and no log of
what follows. Looking at the page uses nothing up; only making the account does.
"""

from urllib.parse import urlsplit

import falcon
from falcon.asgi import Request, Response

from ostiary.admin import setup
from ostiary.admin.actor import founder
from ostiary.admin.errors import AlreadyExists, Invalid
from ostiary.admin.organizations import DEFAULT_ID
from ostiary.admin.setup import LIFETIME, FirstAccount, LinkOver
from ostiary.admin.users import WeakPassword
from ostiary.identity.hashing import Busy
from ostiary.oauth.message import parse_form
from ostiary.pages.views import Problem, SetupPage
from ostiary.web.administration import make_admin
from ostiary.web.body import read_form
from ostiary.web.cookies import read_cookie
from ostiary.web.csrf import check_sender
from ostiary.web.errors import HTML, ErrorPages, Failure, read_language
from ostiary.web.idp import Idp
from ostiary.web.new_password import explain_fault
from ostiary.web.source import read_source

PATH = "/setup"
_BUSY_SECONDS = 3


class Setup:
    """The page behind the link that `ostiary setup` prints."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._errors = ErrorPages(idp)
        self._site = urlsplit(idp.issuer).netloc
        secure = idp.issuer.startswith("https:")
        self._cookie = "__Host-ostiary_setup" if secure else "ostiary_setup"
        self._attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        self._admin = make_admin(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Take the token out of the address, or show the form."""
        token = req.get_param("token")
        try:
            await setup.require_link(self._admin, token or self._token(req))
        except LinkOver:
            await self._refuse(req, resp)
            return
        if token is not None:
            resp.append_header(
                "Set-Cookie", f"{self._cookie}={token}; {self._attributes}; Max-Age={LIFETIME}"
            )
            resp.status = falcon.HTTP_303
            resp.location = PATH
            return
        await self._show(req, resp, FirstAccount())

    async def on_post(self, req: Request, resp: Response) -> None:
        """Make the account; or show the form again, with what to do."""
        check_sender(req, self._idp.issuer)
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        given = FirstAccount(
            username=(form.get("username") or "").strip(),
            email=(form.get("email") or "").strip(),
            password=form.get("new_password") or "",
        )
        actor = founder(read_source(req))
        try:
            await setup.complete(self._admin, actor, self._token(req), given)
        except LinkOver:
            await self._refuse(req, resp)
        except (Invalid, AlreadyExists, Busy) as error:
            await self._show(req, resp, given, _explain(error))
        else:
            resp.append_header("Set-Cookie", f"{self._cookie}=; {self._attributes}; Max-Age=0")
            await self._show(req, resp, given, done=True)

    def _token(self, request: Request) -> str | None:
        return read_cookie(request, self._cookie)

    async def _refuse(self, request: Request, response: Response) -> None:
        await self._errors.show(request, response, Failure(status=404, reason="setup_over"))

    async def _show(
        self,
        request: Request,
        response: Response,
        given: FirstAccount,
        problem: Problem | None = None,
        *,
        done: bool = False,
    ) -> None:
        policies = await self._idp.store.policies(DEFAULT_ID)
        page = SetupPage(
            site=self._site,
            action=PATH,
            min_length=policies.password.min_length,
            username=given.username,
            email=given.email,
            done=done,
            problem=problem,
        )
        response.content_type = HTML
        response.data = self._idp.pages.render(page, read_language(request))
        if problem is not None:
            response.status = falcon.HTTP_422


def _explain(error: Invalid | AlreadyExists | Busy) -> Problem:
    if isinstance(error, Busy):
        return Problem(key="busy", wait=_BUSY_SECONDS)
    if isinstance(error, AlreadyExists):
        field = "email" if error.path.startswith("email") else "username"
        return Problem(key="username_taken", fields=(field,))
    if isinstance(error, WeakPassword):
        return explain_fault(error.fault)
    path = error.problems[0].path
    if path.startswith("email"):
        return Problem(key="email_invalid", fields=("email",))
    return Problem(key="username_invalid", fields=("username",))
