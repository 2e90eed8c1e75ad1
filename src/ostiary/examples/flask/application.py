"""A Flask application that people sign in to by OpenID Connect, with Authlib."""

import os
from urllib.parse import urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session
from markupsafe import Markup
from werkzeug.wrappers import Response

REDIRECT_URI = os.environ["OIDC_REDIRECT_URI"]

app = Flask(__name__)
# Signs the cookie that the session is kept in.
app.secret_key = os.environ["SESSION_SECRET"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

oauth = OAuth(app)
oauth.register(
    "ostiary",
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    server_metadata_url=f"{os.environ['OIDC_ISSUER']}/.well-known/openid-configuration",
    client_kwargs={"scope": os.environ["OIDC_SCOPE"], "code_challenge_method": "S256"},
)


@app.get("/")
def home() -> str:
    """Greet whoever is signed in."""
    user = session.get("user")
    if user is None:
        return '<a href="/login">Sign in</a>'
    greeting = Markup('<p>Hello, {}</p><a href="/logout">Sign out</a>')
    return greeting.format(user["name"])


@app.get("/login")
def login() -> Response:
    """Send the browser to the provider."""
    return oauth.ostiary.authorize_redirect(REDIRECT_URI)


@app.get(urlsplit(REDIRECT_URI).path)
def callback() -> Response:
    """Take the browser back: check the answer, and find out who it is."""
    token = oauth.ostiary.authorize_access_token()
    claims = oauth.ostiary.userinfo(token=token)
    session["user"] = {"sub": claims["sub"], "name": claims.get("name", claims["sub"])}
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout() -> Response:
    """End the session here, then at the provider."""
    hint = urlencode({"id_token_hint": session.get("id_token", "")})
    session.clear()
    metadata = oauth.ostiary.load_server_metadata()
    return redirect(f"{metadata['end_session_endpoint']}?{hint}")


@app.errorhandler(OAuthError)
def show_error(error: OAuthError) -> tuple[str, int]:
    """Say what the provider said: it names what to change."""
    return Markup("<p>{}</p>").format(error), 400
