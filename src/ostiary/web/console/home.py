"""GET /console: where it begins: what is left to do, and what happened in the last days."""

from falcon.asgi import Request, Response

from ostiary.pages.console import HomePage
from ostiary.web.console.checklist import list_tasks
from ostiary.web.console.page import ConsoleResource, answering
from ostiary.web.console.pictures import draw_events, draw_latency, last_failures, read_traces


class Home(ConsoleResource):
    """The first page."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what there is to administer, and what happened."""
        admitted = await self.enter(req, resp)
        language = self.language(req, admitted.guest)
        shown = await read_traces(self.idp, self.admin, admitted)
        charts = await draw_events(self.idp, self.admin, admitted, language)
        if shown is not None:
            charts = (*charts, draw_latency(shown, self.idp.clock.now(), language))
        page = HomePage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            tasks=await list_tasks(self.idp.settings, self.admin, admitted.actor, admitted.place),
            charts=charts,
            failures=last_failures(shown or ()),
        )
        self.show(resp, page, language)
