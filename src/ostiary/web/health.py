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
    """The process can do its work: the store answers and the keys are there."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer 200, or 503 while the store cannot be used."""
        try:
            await self._idp.store.revalidate()
            await self._idp.keys.ring()
        except Unavailable:
            resp.status = 503
            resp.set_header("Retry-After", "5")
            resp.media = {"status": "unavailable"}
        else:
            resp.media = {"status": "ok"}
