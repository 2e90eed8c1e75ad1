"""A FastAPI application that people sign in to by OpenID Connect, with Authlib."""

import os
from html import escape
from urllib.parse import urlencode, urlsplit

from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

REDIRECT_URI = os.environ["OIDC_REDIRECT_URI"]

oauth = OAuth()
oauth.register(
    "ostiary",
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    server_metadata_url=f"{os.environ['OIDC_ISSUER']}/.well-known/openid-configuration",
    client_kwargs={"scope": os.environ["OIDC_SCOPE"], "code_challenge_method": "S256"},
)

app = FastAPI(docs_url=None, redoc_url=None)
# Signs the cookie that the session is kept in.
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_SECRET"])


@app.get("/")
async def home(request: Request) -> HTMLResponse:
    """Greet whoever is signed in."""
    user = request.session.get("user")
    if user is None:
        return HTMLResponse('<a href="/login">Sign in</a>')
    return HTMLResponse(f'<p>Hello, {escape(user["name"])}</p><a href="/logout">Sign out</a>')


@app.get("/login")
async def login(request: Request) -> RedirectResponse:
    """Send the browser to the provider."""
    return await oauth.ostiary.authorize_redirect(request, REDIRECT_URI)


@app.get(urlsplit(REDIRECT_URI).path)
async def callback(request: Request) -> RedirectResponse:
    """Take the browser back: check the answer, and find out who it is."""
    token = await oauth.ostiary.authorize_access_token(request)
    claims = await oauth.ostiary.userinfo(token=token)
    request.session["user"] = {"sub": claims["sub"], "name": claims.get("name", claims["sub"])}
    request.session["id_token"] = token["id_token"]
    return RedirectResponse("/")


@app.get("/logout")
async def logout(request: Request) -> RedirectResponse:
    """End the session here, then at the provider."""
    hint = urlencode({"id_token_hint": request.session.get("id_token", "")})
    request.session.clear()
    metadata = await oauth.ostiary.load_server_metadata()
    return RedirectResponse(f"{metadata['end_session_endpoint']}?{hint}")


@app.exception_handler(OAuthError)
async def show_error(_: Request, error: OAuthError) -> HTMLResponse:
    """Say what the provider said: it names what to change."""
    return HTMLResponse(f"<p>{escape(str(error))}</p>", status_code=400)
