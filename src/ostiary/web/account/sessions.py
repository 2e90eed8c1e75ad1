"""GET and POST /account/sessions: where a person is signed in, and signing out elsewhere."""

import falcon
from falcon.asgi import Request, Response

from ostiary.login.account.person import NotYours
from ostiary.login.account.sessions import sign_out, sign_out_others
from ostiary.model.session import Session
from ostiary.pages.account import DeviceRow, SessionsPage
from ostiary.pages.agents import summarize
from ostiary.web.account.page import AccountResource, go_to_page, network_of

_SECTION = SessionsPage.section


class Sessions(AccountResource):
    """The devices of a person."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show them, the present one first."""
        guest = await self.enter(req, resp, _SECTION)
        sessions = await self.idp.store.live_sessions(guest.user, guest.visit.now)
        present = guest.session.id
        page = SessionsPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            token=self.token(guest, _SECTION),
            devices=tuple(
                _row(one, present) for one in sorted(sessions, key=lambda one: one.id != present)
            ),
        )
        self.show(resp, page, self.language(req, guest))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Sign one of them out, or all but the present one."""
        guest = await self.enter(req, resp, _SECTION)
        form = await self.read(req, guest, _SECTION)
        store, person = self.idp.store, guest.person
        if form.get("others") is not None:
            await sign_out_others(store, person)
            self.say(resp, guest, "sessions_ended")
            go_to_page(_SECTION)
        session_id = form.get("session") or ""
        if session_id == guest.session.id:
            await self.leave(req, resp, guest)
            return
        try:
            await sign_out(store, person, session_id)
        except NotYours:
            raise falcon.HTTPNotFound from None
        self.say(resp, guest, "session_ended")
        go_to_page(_SECTION)


def _row(session: Session, present: str) -> DeviceRow:
    return DeviceRow(
        session_id=session.id,
        agent=summarize(session.user_agent),
        network=network_of(session.ip),
        since=session.created_at,
        seen=session.last_seen_at,
        present=session.id == present,
        remembered=session.remembered,
    )
