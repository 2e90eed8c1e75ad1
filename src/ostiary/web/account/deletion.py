"""GET and POST /account/delete: the end of the account, by its owner."""

from falcon.asgi import Request, Response

from ostiary.admin import users
from ostiary.admin.holdings import holdings_of
from ostiary.identity.users import canonical_name
from ostiary.pages.account import DeletedPage, DeletePage
from ostiary.pages.views import Problem
from ostiary.web.account.page import AccountResource, author_of
from ostiary.web.administration import make_admin
from ostiary.web.entrance import Guest
from ostiary.web.idp import Idp

_SECTION = DeletePage.section


class Deletion(AccountResource):
    """The account, for the last time."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._admin = make_admin(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Say what goes, and ask, somebody who signed in just now."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        self._show(req, resp, guest, obstacle=await self._obstacle(guest))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Delete the account of whoever typed their own name."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        form = await self.read(req, guest, _SECTION)
        user = guest.user
        obstacle = await self._obstacle(guest)
        if obstacle is not None:
            self._show(req, resp, guest, status=403, obstacle=obstacle)
            return
        if canonical_name(form.get("confirmation") or "") != canonical_name(user.username):
            self._show(req, resp, guest, Problem(key="account_name_wrong"), 422)
            return
        language = self.language(req, guest)
        await users.delete(self._admin, author_of(guest), user.id)
        left = tuple(one for one in guest.live if one.user.id != user.id)
        self.tell_state(resp, guest, left)
        self.show(resp, DeletedPage(site=self.site, brand=guest.brand), language)

    async def _obstacle(self, guest: Guest) -> str | None:
        """Name what keeps somebody from deleting their account, or nothing.

        An administrator is let go by another one first: nobody leaves an organization, or the
        instance, without its last owner by accident.
        """
        if not guest.policies.account.self_deletion:
            return "off"
        return "keeper" if await holdings_of(self._admin, guest.user.id) else None

    def _show(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        guest: Guest,
        problem: Problem | None = None,
        status: int = 200,
        *,
        obstacle: str | None = None,
    ) -> None:
        page = DeletePage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
            username=guest.user.username,
            obstacle=obstacle,
        )
        self.show(resp, page, self.language(req, guest), status)
