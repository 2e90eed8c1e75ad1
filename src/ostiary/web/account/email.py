"""GET and POST /account/email: another e-mail address, once its owner has followed a link.

The answer is the same whoever has the address: nobody can find out here who has an account.
"""

from falcon.asgi import Request, Response

from ostiary.admin.texts import check_email
from ostiary.identity.users import canonical_name
from ostiary.login.addresses import Addresses
from ostiary.login.rations import Asker
from ostiary.oauth.built_in import ACCOUNT
from ostiary.pages.account import EmailPage
from ostiary.pages.views import Problem
from ostiary.web.account.page import AccountResource, go_to_page
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp

_SECTION = EmailPage.section
_FIELDS = ("email",)


class Email(AccountResource):
    """A person's e-mail address."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._can_mail = bool(idp.settings.smtp.host) or idp.settings.dev
        self._addresses = Addresses(store=idp.store, clock=idp.clock, entropy=idp.entropy)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show it, to somebody who signed in just now: they may change it."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        self._show(req, resp, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Mail a link to a new address, or to the present one that is not confirmed yet."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        form = await self.read(req, guest, _SECTION)
        user = guest.user
        if not self._can_mail:
            self._show(req, resp, guest, status=409)
            return
        if form.get("verify") is not None:
            await self._addresses.request_verification(user, self._asker(guest), guest.keys)
            self.say(resp, guest, "email_sent")
            go_to_page(_SECTION)
        typed = (form.get("email") or "").strip()
        if check_email(typed) is not None:
            self._refuse(req, resp, guest, typed, "account_email_invalid")
        elif canonical_name(typed) == canonical_name(user.email or ""):
            self._refuse(req, resp, guest, typed, "account_email_same")
        else:
            await self._addresses.request_email_change(user, typed, self._asker(guest), guest.keys)
            self.say(resp, guest, "email_requested")
            go_to_page(_SECTION)

    def _asker(self, guest: Guest) -> Asker:
        return Asker(
            source=guest.visit.source,
            organization_id=guest.user.organization_id,
            client_id=ACCOUNT.client_id,
            flow=None,
        )

    def _refuse(self, req: Request, resp: Response, guest: Guest, typed: str, key: str) -> None:
        self._show(req, resp, guest, typed, Problem(key=key, fields=_FIELDS), 422)

    def _show(  # noqa: PLR0913, PLR0917 - what the page is made of
        self,
        req: Request,
        resp: Response,
        guest: Guest,
        typed: str = "",
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        page = EmailPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
            email=guest.user.email,
            verified=guest.user.email_verified,
            changeable=self._can_mail,
            typed=typed,
        )
        self.show(resp, page, self.language(req, guest), status)
