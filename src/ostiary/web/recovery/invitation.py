"""GET and POST /login/invitation: joining by invitation, behind a mailed link."""

from falcon.asgi import Request, Response

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.identity.tickets import TicketOver
from ostiary.login.invitations import Acceptance, Invitation, Invitations
from ostiary.login.recovery import PasswordRefused
from ostiary.pages.recovery_views import DonePage, NewPasswordPage
from ostiary.pages.text import shown_name
from ostiary.pages.views import Problem
from ostiary.web.idp import Idp
from ostiary.web.links import entrance_of
from ostiary.web.new_password import explain_refused
from ostiary.web.recovery.links import Links
from ostiary.web.recovery.paths import INVITATION
from ostiary.web.recovery.register import check_names
from ostiary.web.source import read_source


class InvitationResource:
    """The page behind an invitation."""

    def __init__(self, idp: Idp) -> None:
        self._links = Links(idp)
        self._invitations = Invitations(
            store=idp.store, pool=idp.passwords, clock=idp.clock, entropy=idp.entropy
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the form, and leave the link good."""
        links = self._links
        try:
            if links.move(req, resp):
                return
            invitation = await self._invitations.find(links.cookies.ticket(req))
        except TicketOver:
            await links.refuse(req, resp)
            return
        await self._show(req, resp, invitation)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Make the account ready; or show the form again, with what to do."""
        links = self._links
        token = links.cookies.ticket(req)
        try:
            invitation = await self._invitations.find(token)
            form = await links.read(req, invitation.ticket)
            given = Acceptance(
                password=form.get("new_password") or "",
                given_name=(form.get("given_name") or "").strip(),
                family_name=(form.get("family_name") or "").strip(),
            )
            problem = check_names(given.given_name, given.family_name)
            if problem is None:
                await self._invitations.accept(token, given, read_source(req))
        except TicketOver:
            await links.refuse(req, resp)
            return
        except (PasswordRefused, PasswordTooLong, Busy) as refusal:
            problem = explain_refused(refusal)
        if problem is not None:
            await self._show(req, resp, invitation, given, problem)
            return
        await self._finish(req, resp, invitation)

    async def _finish(self, req: Request, resp: Response, invitation: Invitation) -> None:
        """Tell that the account is ready, and lead to the application of the invitation."""
        links = self._links
        client_id = invitation.ticket.values.get("client_id")
        client = None if client_id is None else await links.idp.store.client(client_id)
        url = None if client is None else entrance_of(client, links.idp.issuer)
        if client is None or url is None:
            await links.finish(req, resp, invitation.organization.id, "invitation")
            return
        links.cookies.clear_ticket(resp)
        page = DonePage(site=links.site, key="invitation", url=url, client=shown_name(client))
        home = invitation.organization.id
        await links.show(req, resp, page, home, invitation.user.profile.locale)

    async def _show(
        self,
        req: Request,
        resp: Response,
        invitation: Invitation,
        given: Acceptance | None = None,
        problem: Problem | None = None,
    ) -> None:
        links, user = self._links, invitation.user
        policies = await links.idp.store.policies(user.organization_id)
        profile = user.profile
        names = (
            (profile.given_name or "", profile.family_name or "")
            if given is None
            else (given.given_name, given.family_name)
        )
        page = NewPasswordPage(
            site=links.site,
            kind="invitation",
            action=INVITATION,
            token=await links.make_token(invitation.ticket),
            username=user.username,
            min_length=policies.password.min_length,
            organization=invitation.organization.name,
            given_name=names[0],
            family_name=names[1],
            problem=problem,
        )
        home = invitation.organization.id
        await links.show(req, resp, page, home, profile.locale, failed=problem is not None)
