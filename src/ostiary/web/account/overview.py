"""GET /account: what there is, and how it stands."""

from falcon.asgi import Request, Response

from ostiary.login.account.apps import list_apps
from ostiary.pages.account import OverviewPage, path_of
from ostiary.web.account.page import AccountResource


class Overview(AccountResource):
    """The entrance of the account pages."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the pages that there are."""
        guest = await self.enter(req, resp, OverviewPage.section)
        user, store = guest.user, self.idp.store
        page = OverviewPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            email=user.email,
            email_verified=user.email_verified,
            has_password=user.password_hash is not None,
            methods=len(await store.factors(user.id)),
            sessions=len(await store.live_sessions(user, guest.visit.now)),
            apps=len(await list_apps(store, guest.person)),
        )
        self.show(resp, page, self.language(req, guest))


class Front:
    """The address of the server itself, as people type it: it leads to their account."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Lead on."""
        resp.status = 303
        resp.set_header("Location", path_of("overview"))
        resp.content_type = "text/plain; charset=utf-8"
