"""GET /console: where it begins."""

from falcon.asgi import Request, Response

from ostiary.pages.console import HomePage
from ostiary.web.console.page import ConsoleResource, answering


class Home(ConsoleResource):
    """The first page."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what there is to administer."""
        admitted = await self.enter(req, resp)
        page = HomePage(site=self.site, frame=self.frame_of(req, resp, admitted))
        self.show(resp, page, self.language(req, admitted.guest))
