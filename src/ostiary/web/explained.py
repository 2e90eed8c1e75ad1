"""Whether an error page leads on to its explanation: only for whoever administers what failed."""

from urllib.parse import urlsplit

from falcon.asgi import Request

from ostiary.admin.actor import Actor
from ostiary.admin.holdings import holding_of
from ostiary.admin.traces import may_see
from ostiary.oauth.authorization.loading import Visit, find_browser, usable_sessions
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.paths import TRACES
from ostiary.web.cookies import Cookies
from ostiary.web.idp import Idp
from ostiary.web.source import read_source


async def find_explanation(idp: Idp, req: Request) -> str | None:
    """Return where a request that failed is explained, if somebody in the browser may see it.

    A POST may come from any site: no cookie of it is read.
    """
    if not idp.traces.kept or req.method == "POST":
        return None
    cookie = Cookies(secure=urlsplit(idp.issuer).scheme == "https").browser(req)
    source = read_source(req)
    visit = Visit(cookie=cookie, source=source, now=idp.clock.now())
    try:
        browser = await find_browser(visit, idp.store)
        for signed in await usable_sessions(browser, visit.now, idp.store):
            held = tuple(map(holding_of, await idp.store.administrators_of(signed.user.id)))
            if held and await _sees(
                idp, Actor(type="user", id=signed.user.id, holds=held), source.trace_id
            ):
                return TRACES + source.trace_id
    except Unavailable:
        return None  # the page is shown nevertheless
    return None


async def _sees(idp: Idp, actor: Actor, trace_id: str) -> bool:
    await idp.traces.flush()
    trace = await idp.store.read_trace(trace_id)
    return trace is not None and may_see(actor, trace)
