"""GET and POST /login/reset: choosing a new password, behind a mailed link."""

from falcon.asgi import Request, Response

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.identity.tickets import TicketOver
from ostiary.login.recovery import PasswordRefused, Recovery
from ostiary.model.ticket import Ticket
from ostiary.model.user import User
from ostiary.pages.recovery_views import NewPasswordPage
from ostiary.pages.views import Problem
from ostiary.web.idp import Idp
from ostiary.web.new_password import explain_refused
from ostiary.web.recovery.links import Links
from ostiary.web.recovery.paths import RESET
from ostiary.web.source import read_source


class ResetResource:
    """The page for a new password."""

    def __init__(self, idp: Idp) -> None:
        self._links = Links(idp)
        self._recovery = Recovery(
            store=idp.store, pool=idp.passwords, clock=idp.clock, entropy=idp.entropy
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form, and leave the link good."""
        links = self._links
        try:
            if links.move(req, resp):
                return
            ticket, user = await self._recovery.find(links.cookies.ticket(req))
        except TicketOver:
            await links.refuse(req, resp)
            return
        await self._show(req, resp, ticket, user)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Change the password; or show the form again, with what to do."""
        links = self._links
        token = links.cookies.ticket(req)
        try:
            ticket, user = await self._recovery.find(token)
            form = await links.read(req, ticket)
            await self._recovery.reset(token, form.get("new_password") or "", read_source(req))
        except TicketOver:
            await links.refuse(req, resp)
        except (PasswordRefused, PasswordTooLong, Busy) as refusal:
            await self._show(req, resp, ticket, user, explain_refused(refusal))
        else:
            await links.finish(req, resp, user.organization_id, "reset")

    async def _show(
        self,
        req: Request,
        resp: Response,
        ticket: Ticket,
        user: User,
        problem: Problem | None = None,
    ) -> None:
        links = self._links
        policies = await links.idp.store.policies(user.organization_id)
        page = NewPasswordPage(
            site=links.site,
            kind="reset",
            action=RESET,
            token=await links.make_token(ticket),
            username=user.username,
            min_length=policies.password.min_length,
            problem=problem,
        )
        await links.show(
            req,
            resp,
            page,
            user.organization_id,
            user.profile.locale,
            failed=problem is not None,
        )
