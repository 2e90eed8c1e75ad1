"""GET /console: where it begins, with pictures of what happened in the last days."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from falcon.asgi import Request, Response

from ostiary.admin import events
from ostiary.admin.actor import Area, Level
from ostiary.model.event import Event, Result
from ostiary.pages.charts import Chart, draw_columns, draw_lines
from ostiary.pages.console import HomePage
from ostiary.store.reads.events import EventFilter
from ostiary.web.console.page import Admitted, ConsoleResource, answering

DAYS = 7
# Of each kind, so many of the newest are counted: a bounded read, whatever there is.
MOST = 2000
_DAY = 86400
_GRANTS = 8
_SUCCESS, _FAILURE = "auth.login.success", "auth.login.failure"


class Home(ConsoleResource):
    """The first page."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what there is to administer, and what happened."""
        admitted = await self.enter(req, resp)
        page = HomePage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            charts=await self._charts(admitted),
        )
        self.show(resp, page, self.language(req, admitted.guest))

    async def _charts(self, admitted: Admitted) -> tuple[Chart, ...]:
        """Return the pictures, for whoever may see the audit trail of the place."""
        if not admitted.actor.may(Area.EVENT, Level.READ, admitted.place):
            return ()
        now = self.idp.clock.now()
        since = now - now % _DAY - (DAYS - 1) * _DAY
        good = await self._events(admitted, _SUCCESS, since)
        bad = await self._events(admitted, _FAILURE, since)
        issued = await self._events(admitted, "token.issued", since)
        days = [
            datetime.fromtimestamp(since, UTC).date() + timedelta(days=number)
            for number in range(DAYS)
        ]
        counted = [
            Counter(datetime.fromtimestamp(one.at, UTC).date() for one in found)
            for found in (good, bad)
        ]
        rows = tuple(
            (day.strftime("%m-%d"), tuple(found[day] for found in counted)) for day in days
        )
        grants = Counter(one.reason or "-" for one in issued if one.result is Result.SUCCESS)
        return (
            draw_columns(
                "sign_ins",
                ("success", "failure"),
                rows,
                cut=MOST in {len(good), len(bad)},
            ),
            draw_lines(
                "tokens",
                tuple(
                    (name.rpartition(":")[2], number)
                    for name, number in grants.most_common(_GRANTS)
                ),
                cut=len(issued) == MOST,
            ),
        )

    async def _events(self, admitted: Admitted, kind: str, since: int) -> tuple[Event, ...]:
        filters = EventFilter(types=(kind,), organization_id=admitted.place, since=since)
        found = await events.list_all(
            self.admin, self.idp.store, admitted.actor, filters, limit=MOST
        )
        return tuple(event for _, event in found)
