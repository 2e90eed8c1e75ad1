"""POST /account/sign-out and GET /account/switch: out of the pages, or in to another account."""

from falcon.asgi import Request, Response

from ostiary.pages.account import ROOT
from ostiary.web.account.page import AccountResource
from ostiary.web.own_page import SIGN_OUT

SIGN_OUT_PATH = f"{ROOT}/{SIGN_OUT}"
SWITCH_PATH = f"{ROOT}/switch"


class SignOut(AccountResource):
    """The form that every page has."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """End the present session."""
        guest = await self.enter(req, resp, "overview")
        await self.read(req, guest, SIGN_OUT)
        await self.leave(req, resp, guest)


class Switch(AccountResource):
    """The way to another account."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Let the person choose among their accounts."""
        await self.entrance.choose(req, resp, ROOT)
