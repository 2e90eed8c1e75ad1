"""GET /account/email: the address that messages go to."""

from falcon.asgi import Request, Response

from ostiary.pages.account import EmailPage
from ostiary.web.account.page import AccountResource


class Email(AccountResource):
    """A person's e-mail address."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show it."""
        guest = await self.enter(req, resp, EmailPage.section)
        page = EmailPage(
            site=self.site,
            frame=self.frame(req, resp, guest),
            email=guest.user.email,
            verified=guest.user.email_verified,
        )
        self.show(resp, page, self.language(req, guest))
