"""GET and POST /playground/token: a token is taken apart, and forgotten."""

import msgspec
from falcon.asgi import Request, Response

from ostiary.pages.playground import TOKEN_PATH, TokenPage
from ostiary.playground.tokens import Expected, inspect
from ostiary.web.playground.resource import Playground

_HELD_AGAINST = ("client_id", "nonce", "access_token", "code")


class Tokens(Playground):
    """The panel."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask for a token."""
        guest = await self.admit(req, resp, TOKEN_PATH)
        page = TokenPage(site=self.around.site, form_token=self.token(guest))
        self.show(req, resp, page, guest)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take a token apart."""
        guest = await self.admit(req, resp, TOKEN_PATH)
        form = await self.read(req, guest)
        idp = self.idp
        token = form.get("token") or ""
        given = {name: form.get(name) or "" for name in _HELD_AGAINST}
        expected = Expected(issuer=idp.issuer, now=idp.clock.now(), **given)
        found = inspect(token, expected, await idp.keys.ring(), await idp.store.read_signing_keys())
        page = TokenPage(
            site=self.around.site,
            form_token=self.token(guest),
            token=token,
            found=found,
        )
        self.show(req, resp, msgspec.structs.replace(page, **given), guest)
