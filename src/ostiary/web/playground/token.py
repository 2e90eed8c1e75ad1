"""GET and POST /playground/token: a token is taken apart, and forgotten."""

from falcon.asgi import Request, Response

from ostiary.pages.playground import TOKEN_PATH, TokenPage
from ostiary.playground.tokens import Expected, inspect
from ostiary.web.playground.resource import Playground


class Tokens(Playground):
    """The panel."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask for a token."""
        guest = await self.admit(req, resp, TOKEN_PATH)
        page = TokenPage(site=self.around.site, form_token=self.token(guest))
        self.show(resp, page, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take a token apart."""
        guest = await self.admit(req, resp, TOKEN_PATH)
        form = await self.read(req, guest)
        idp = self.idp
        token = form.get("token") or ""
        client_id, nonce = form.get("client_id") or "", form.get("nonce") or ""
        access_token = form.get("access_token") or ""
        expected = Expected(
            issuer=idp.issuer,
            now=idp.clock.now(),
            client_id=client_id,
            nonce=nonce,
            access_token=access_token,
        )
        found = inspect(token, expected, await idp.keys.ring(), await idp.store.read_signing_keys())
        page = TokenPage(
            site=self.around.site,
            form_token=self.token(guest),
            token=token,
            client_id=client_id,
            nonce=nonce,
            access_token=access_token,
            found=found,
        )
        self.show(resp, page, guest)
