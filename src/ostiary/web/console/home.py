"""GET /console: where it begins, with pictures of what happened in the last days."""

from falcon.asgi import Request, Response

from ostiary.pages.console import HomePage
from ostiary.web.console.page import ConsoleResource, answering
from ostiary.web.console.pictures import draw_all


class Home(ConsoleResource):
    """The first page."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what there is to administer, and what happened."""
        admitted = await self.enter(req, resp)
        language = self.language(req, admitted.guest)
        page = HomePage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            charts=await draw_all(self.idp, self.admin, admitted, language),
        )
        self.show(resp, page, language)
