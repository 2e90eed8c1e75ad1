"""GET and POST /account/apps: which applications can use the account, and the end of one."""

import falcon
from falcon.asgi import Request, Response

from ostiary.login.account.apps import App, disconnect, list_apps
from ostiary.login.account.person import NotYours
from ostiary.pages.account import AppRow, AppsPage
from ostiary.pages.text import in_language, shown_name
from ostiary.pages.views import ConsentItem
from ostiary.web.account.page import AccountResource, go_to_page
from ostiary.web.links import safe_link
from ostiary.web.login.wishes import name_wishes

_SECTION = AppsPage.section


class Apps(AccountResource):
    """The connected applications of a person."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show each, with what it may do."""
        guest = await self.enter(req, resp, _SECTION)
        apps = await list_apps(self.idp.store, guest.person)
        language = self.language(req, guest)
        rows = [_row(app, language.tag) for app in apps]
        page = AppsPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            token=self.token(guest, _SECTION),
            apps=tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.client_id))),
        )
        self.show(resp, page, language)

    async def on_post(self, req: Request, resp: Response) -> None:
        """End what one of them can do; others go on."""
        guest = await self.enter(req, resp, _SECTION)
        form = await self.read(req, guest, _SECTION)
        client_id = form.get("client") or ""
        try:
            await disconnect(self.idp.store, self.idp.keys, guest.person, client_id)
        except NotYours:
            raise falcon.HTTPNotFound from None
        self.say(resp, guest, "app_removed")
        go_to_page(_SECTION)


def _row(app: App, tag: str) -> AppRow:
    claims = () if app.consent is None else app.consent.claims
    return AppRow(
        client_id=app.client.client_id,
        name=shown_name(app.client, tag),
        url=safe_link(in_language(app.client, "client_uri", tag)),
        items=name_wishes(app.scopes)
        + tuple(ConsentItem(name=name, key=f"claim.{name}") for name in claims),
        since=app.since,
        used=None if app.access is None else app.access.last_used_at,
        offline=app.access is not None and app.access.offline,
    )
