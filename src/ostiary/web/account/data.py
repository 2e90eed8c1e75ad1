"""GET and POST /account/data: a copy of one's own data, to take away."""

from datetime import UTC, datetime

from falcon.asgi import Request, Response

from ostiary.login.account.copy import write_copy
from ostiary.oauth.effects import Conflict, Count, Emit
from ostiary.pages.account import DataPage
from ostiary.pages.views import Problem
from ostiary.web.account.activity import SEEN
from ostiary.web.account.page import AccountResource
from ostiary.web.entrance import Guest

_SECTION = DataPage.section
_COPIES = 10
_DAY = 86400


class Data(AccountResource):
    """What is kept about a person."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Offer the copy, to somebody who signed in just now."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        self._show(req, resp, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Give the copy, ten times a day."""
        guest = await self.enter(req, resp, _SECTION, fresh=True)
        await self.read(req, guest, _SECTION)
        person = guest.person
        counted = Count(f"copy:{person.user.id}", limit=_COPIES, window=_DAY, at=person.now)
        try:
            await self.idp.store.apply((counted, Emit(person.event("account.exported"))))
        except Conflict:
            resp.set_header("Retry-After", str(_DAY))
            self._show(req, resp, guest, Problem(key="account_export_limit"), 429)
            return
        day = datetime.fromtimestamp(person.now, UTC).strftime("%Y-%m-%d")
        resp.content_type = "application/json"
        resp.set_header("Content-Disposition", f'attachment; filename="account-{day}.json"')
        resp.stream = write_copy(self.idp.store, person, SEEN)

    def _show(
        self,
        req: Request,
        resp: Response,
        guest: Guest,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        page = DataPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            problem=problem,
            token=self.token(guest, _SECTION),
        )
        self.show(resp, page, self.language(req, guest), status)
