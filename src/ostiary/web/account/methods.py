"""GET and POST /account/methods: what a person signs in with, and /account/methods/add."""

import falcon
from falcon.asgi import Request, Response

from ostiary.identity.factors import FactorRefused
from ostiary.login.account.methods import Methods, NotStrong
from ostiary.login.account.person import NotYours
from ostiary.model.factor import PASSKEYS, Factor, RecoveryCodes
from ostiary.oauth.message import Form
from ostiary.pages.account import MethodRow, MethodsPage, path_of
from ostiary.pages.views import Problem
from ostiary.web.account.page import AccountResource, go_to_page
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp

_SECTION = MethodsPage.section
ADD_PATH = f"{path_of(_SECTION)}/add"


class MethodsResource(AccountResource):
    """A person's factors."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._methods = Methods(store=idp.store)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show them, to somebody who has just proven the strongest that they have."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        await self._show(req, resp, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Rename or remove one, or trust no device any more."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        form = await self.read(req, guest, _SECTION)
        try:
            notice = await self._change(guest, form)
        except NotYours:
            raise falcon.HTTPNotFound from None
        except NotStrong:
            go_to_page(_SECTION)  # where it is asked for
        except FactorRefused as refusal:
            await self._show(req, resp, guest, Problem(key=f"account_{refusal.reason}"), 409)
            return
        self.say(resp, guest, notice)
        go_to_page(_SECTION)

    async def _change(self, guest: Guest, form: Form) -> str:
        person, methods = guest.person, self._methods
        if form.get("distrust") is not None:
            await methods.distrust(person)
            return "devices_distrusted"
        renamed = form.get("rename")
        if renamed is not None:
            await methods.rename(person, renamed, form.get("name") or "")
            return "method_renamed"
        await methods.remove(person, form.get("remove") or "")
        return "method_removed"

    async def _show(
        self,
        req: Request,
        resp: Response,
        guest: Guest,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        found = await self._methods.load(guest.person)
        now = guest.visit.now
        page = MethodsPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
            methods=tuple(map(_row, found.present)),
            trusted=sum(one.expires_at > now for one in found.trusted),
        )
        self.show(resp, page, self.language(req, guest), status)


class AddMethod(AccountResource):
    """The way to a further factor."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Begin setting one up, which ends back at the list."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        await self.entrance.enrol(resp, guest, path_of(_SECTION))


def _row(factor: Factor) -> MethodRow:
    codes = factor.credential
    passkey = factor.kind in PASSKEYS
    return MethodRow(
        factor_id=factor.id,
        kind="passkey" if passkey else factor.kind.value,
        name=factor.name,
        since=factor.created_at,
        used=factor.last_used_at,
        named=passkey,
        left=len(codes.digests) if isinstance(codes, RecoveryCodes) else None,
    )
