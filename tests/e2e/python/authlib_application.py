"""An application on Starlette that signs people in with Authlib's client.

It binds a free port, says its address, is told its client, and then serves until it is
stopped. Everything about the provider comes from discovery.
"""

import json
import socket
import sys
from typing import Any

import httpx
import uvicorn
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


class Application:
    """The application's routes, and the tokens of the one person who uses it."""

    def __init__(self, told: dict[str, Any]) -> None:
        client_kwargs: dict[str, Any] = {
            "scope": told["scope"],
            "code_challenge_method": "S256",
        }
        if "private_key" in told:
            client_kwargs["token_endpoint_auth_method"] = PrivateKeyJWT()
        self.tokens: dict[str, Any] = {}
        self.provider: StarletteOAuth2App = OAuth().register(
            "ostiary",
            client_id=told["client_id"],
            client_secret=told.get("private_key") or told["client_secret"],
            server_metadata_url=f"{told['issuer']}/.well-known/openid-configuration",
            client_kwargs=client_kwargs,
            update_token=self.keep,
        )

    async def keep(self, token: dict[str, Any], **_: str) -> None:
        """Keep the tokens that Authlib got by refreshing."""
        self.tokens.update(token)

    async def sign_in(self, request: Request) -> Response:
        return await self.provider.authorize_redirect(request, request.url_for("callback"))

    async def callback(self, request: Request) -> Response:
        token = await self.provider.authorize_access_token(request)
        self.tokens.update(token)
        request.session["user"] = token["userinfo"]
        return RedirectResponse(request.url_for("home"))

    async def home(self, request: Request) -> Response:
        userinfo = await self.provider.userinfo(token=self.tokens)
        claims = request.session.get("user")
        return JSONResponse({"claims": claims, "userinfo": userinfo, "tokens": self.tokens})

    async def expire(self, request: Request) -> Response:
        """Let the access token be old, so that its next use makes Authlib refresh."""
        self.tokens["expires_at"] = 1
        return RedirectResponse(request.url_for("home"), status_code=303)

    async def show_error(self, _: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status_code=400)

    def asgi(self) -> Starlette:
        """Make the ASGI application."""
        session = Middleware(
            SessionMiddleware, secret_key="signs this test's cookies", session_cookie="app"
        )
        return Starlette(
            routes=[
                Route("/", self.home, name="home"),
                Route("/login", self.sign_in),
                Route("/callback", self.callback, name="callback"),
                Route("/expire", self.expire),
            ],
            middleware=[session],
            exception_handlers={
                OAuthError: self.show_error,
                httpx.HTTPStatusError: self.show_error,
            },
        )


def main() -> None:
    """Say the address, hear the client, serve."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
    application = Application(json.loads(sys.stdin.readline())).asgi()
    print(json.dumps({"ready": True}), flush=True)
    uvicorn.Server(uvicorn.Config(application, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
