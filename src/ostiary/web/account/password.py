"""GET and POST /account/password: another password, by somebody who has just proven the old."""

from falcon.asgi import Request, Response

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.login.account.password import PasswordChange, Unfit, Wish
from ostiary.login.device import remember_visit
from ostiary.login.errors import Throttled, WrongCredentials
from ostiary.login.factors.password import PasswordFactor, Visitor
from ostiary.oauth.built_in import ACCOUNT
from ostiary.pages.account import PasswordPage
from ostiary.pages.views import Problem
from ostiary.web.account.page import AccountResource, go_to_page
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp
from ostiary.web.new_password import explain_fault

_SECTION = PasswordPage.section
_BUSY_SECONDS = 3
_OLD, _NEW = ("password",), ("new_password",)


class _Missing(Exception):
    """A field is empty."""


_REFUSALS = (_Missing, Unfit, PasswordTooLong, WrongCredentials, Throttled, Busy)


class Password(AccountResource):
    """A person's password."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._change = PasswordChange(
            site=self.site,
            store=idp.store,
            factor=PasswordFactor(idp.store, idp.passwords, idp.clock),
            entropy=idp.entropy,
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form, to somebody who signed in just now."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        self._show(req, resp, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Change the password; or show the form again, with what to do."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        form = await self.read(req, guest, _SECTION)
        wish = Wish(
            old=form.get("password") or "",
            new=form.get("new_password") or "",
            sign_out_others=form.get("others") is not None,
        )
        visitor = Visitor(
            source=guest.visit.source,
            device=self.cookies.device(req),
            client_id=ACCOUNT.client_id,
            organization_id=guest.user.organization_id,
            exempt_loopback=self.idp.settings.dev,
        )
        try:
            if not wish.new or (guest.user.password_hash is not None and not wish.old):
                raise _Missing
            changed = await self._change.change(
                guest.person, guest.browser, wish, visitor, guest.keys
            )
        except _REFUSALS as refusal:
            status, problem = _explain(refusal)
            if problem.wait is not None:
                resp.set_header("Retry-After", str(problem.wait))
            self._show(req, resp, guest, problem, status, others=wish.sign_out_others)
            return
        self.renew_browser(resp, guest, changed.browser, changed.cookie)
        device = remember_visit(
            visitor.device, guest.keys, guest.user.id, guest.visit.now, self.idp.entropy
        )
        self.cookies.set_device(resp, device)
        self.say(resp, guest, "password_changed")
        go_to_page("overview")

    def _show(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        guest: Guest,
        problem: Problem | None = None,
        status: int = 200,
        *,
        others: bool = True,
    ) -> None:
        page = PasswordPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
            username=guest.user.username,
            has_password=guest.user.password_hash is not None,
            min_length=guest.policies.password.min_length,
            others=others,
        )
        self.show(resp, page, self.language(req, guest), status)


def _explain(refusal: Exception) -> tuple[int, Problem]:
    """Word a refusal."""
    match refusal:
        case Unfit(refusal=found):
            return 422, explain_fault(found.fault)
        case _Missing() | PasswordTooLong():
            missing = isinstance(refusal, _Missing)
            return 400, Problem(key="account_missing" if missing else "too_long", fields=_OLD)
        case Throttled(seconds=None):
            return 429, Problem(key="blocked")
        case Throttled(seconds=seconds, address=address):
            return 429, Problem(key="throttled_address" if address else "throttled", wait=seconds)
        case Busy():
            return 503, Problem(key="busy", wait=_BUSY_SECONDS)
        case _:
            return 403, Problem(key="account_old_password", fields=_OLD)
