"""GET /health/live and /health/ready: for whoever starts, restarts and balances servers."""

from falcon.asgi import Request, Response

from ostiary.oauth.effects import Unavailable
from ostiary.web.idp import Idp


class Live:
    """The process answers."""

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer 200 as long as the event loop turns."""
        resp.media = {"status": "ok"}


class Ready:
    """The process can do its work: the store answers, the keys are there, and it may go on."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer 200, or 503 while the store cannot be used or the server is stopping."""
        if await self._can_work(req):
            resp.media = {"status": "ok"}
        else:
            resp.status = 503
            resp.set_header("Retry-After", "5")
            resp.media = {"status": "unavailable"}

    async def _can_work(self, req: Request) -> bool:
        # The server process tells the applications that it runs how it stands.
        server = req.scope.get("state", {}).get("server")
        if server is not None and server.draining:
            return False
        try:
            await self._idp.store.revalidate()
            await self._idp.keys.ring()
        except Unavailable:
            return False
        return True
