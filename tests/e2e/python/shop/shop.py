"""A shop that signs people in by OpenID Connect: what somebody tests with the test kit.

It knows nothing of the kit. `make_shop` makes it with what it is registered with.
"""

from typing import Any
from urllib.parse import parse_qs

from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route


class Shop:
    """The pages of the shop, and who is signed in."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        # What the provider called each sign-in; its back-channel logout names one of them.
        self.signed_in: dict[str, dict[str, Any]] = {}
        self.client_id = client_id
        self.provider: Any = OAuth().register(
            "ostiary",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email offline_access",
                "code_challenge_method": "S256",
            },
        )

    async def home(self, request: Request) -> Response:
        person = self.signed_in.get(request.session.get("sid", ""))
        if person is None:
            return PlainTextResponse("Who are you?", status_code=401)
        return PlainTextResponse(f"Hello, {person['name']}")

    async def login(self, request: Request) -> Response:
        return await self.provider.authorize_redirect(request, request.url_for("callback"))

    async def callback(self, request: Request) -> Response:
        try:
            token = await self.provider.authorize_access_token(request)
        except OAuthError as error:
            return PlainTextResponse(f"You are not signed in: {error.error}", status_code=403)
        claims = token["userinfo"]
        self.signed_in[claims["sid"]] = dict(await self.provider.userinfo(token=token))
        self.tokens = token
        request.session["sid"] = claims["sid"]
        return RedirectResponse(request.url_for("home"))

    async def refresh(self, _: Request) -> Response:
        refresh_token = self.tokens["refresh_token"]
        try:
            await self.provider.fetch_access_token(
                grant_type="refresh_token", refresh_token=refresh_token
            )
        except OAuthError as error:
            return PlainTextResponse(error.error, status_code=403)
        return PlainTextResponse("refreshed")

    async def back_channel_logout(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        keys = KeySet.import_key_set(await self.provider.fetch_jwk_set(force=True))
        claims = jwt.decode(form["logout_token"][0], keys, ["RS256", "ES256"]).claims
        if claims["aud"] != self.client_id:
            return PlainTextResponse("not for us", status_code=400)
        self.signed_in.pop(claims["sid"], None)
        return Response(status_code=200)

    async def orders(self, request: Request) -> Response:
        """Answer an API call by what the access token says (RFC 9068)."""
        token = request.headers["authorization"].removeprefix("Bearer ")
        keys = KeySet.import_key_set(await self.provider.fetch_jwk_set(force=True))
        return JSONResponse(jwt.decode(token, keys, ["RS256", "ES256"]).claims)


def make_shop(issuer: str, client_id: str, client_secret: str) -> Starlette:
    """Make the application."""
    shop = Shop(issuer, client_id, client_secret)
    return Starlette(
        routes=[
            Route("/", shop.home, name="home"),
            Route("/login", shop.login),
            Route("/callback", shop.callback, name="callback"),
            Route("/refresh", shop.refresh),
            Route("/bcl", shop.back_channel_logout, methods=["POST"]),
            Route("/orders", shop.orders),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key="signs the cookies of this test")],
    )
