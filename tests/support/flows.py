"""Token requests and code flows as bytes on the wire, for clients that send a great many."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from support.browser import Browser, Form, read_page
from support.keepalive import Answer, basic, write_form, write_request
from support.server import Server

AUTHORIZE = "/oauth/v2/authorize"
TOKEN = "/oauth/v2/token"
PUSH = "/oauth/v2/par"
DEVICE_AUTHORIZATION = "/oauth/v2/device_authorization"
INTROSPECT = "/oauth/v2/introspect"
USERINFO = "/oidc/v1/userinfo"
DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Application:
    """A confidential client, as its own programs know it. Nobody listens at its redirect URI."""

    client_id: str
    secret: str
    scope: str = ""
    redirect_uri: str = "https://application.test/callback"

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates its token requests."""
        return {"Authorization": basic(self.client_id, self.secret)}


@dataclass(frozen=True)
class Attempt:
    """An authorization request about to be sent: the request and what will redeem its code."""

    request: bytes
    verifier: str
    state: str


def authorization_parameters(application: Application, verifier: str, state: str) -> dict[str, str]:
    """Return the parameters of an authorization request with PKCE."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": application.redirect_uri,
        "scope": application.scope,
        "state": state,
        "nonce": state,
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
    }


def authorization_url(application: Application, verifier: str, state: str) -> str:
    """Return path and query of an authorization request with PKCE."""
    return f"{AUTHORIZE}?{urlencode(authorization_parameters(application, verifier, state))}"


def push(application: Application, host: str) -> bytes:
    """Write an authorization request that its application pushes."""
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(12)
    parameters = authorization_parameters(application, verifier, state)
    return write_form(PUSH, host, parameters, application.headers)


def attempt(application: Application, host: str, cookie: str) -> Attempt:
    """Prepare an authorization request of a browser that is signed in."""
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(12)
    path = authorization_url(application, verifier, state)
    request = write_request("GET", path, host, {"Cookie": cookie} if cookie else {})
    return Attempt(request, verifier, state)


def read_response(answer: Answer) -> dict[str, str]:
    """Return the parameters with which a redirect calls the application."""
    location = answer.header("location") or ""
    return dict(parse_qsl(urlsplit(location).query))


def read_form(url: str, answer: Answer, field: str) -> Form:
    """Return the form of a page that has a field of this name."""
    html = {"Content-Type": answer.header("content-type") or ""}
    page = read_page(url, httpx.Response(answer.status, headers=html, content=answer.body))
    return page.form(**{field: ""})


def client_credentials(application: Application, host: str) -> bytes:
    """Write a token request in which the client acts for itself."""
    fields = {"grant_type": "client_credentials"}
    if application.scope:
        fields["scope"] = application.scope
    return write_form(TOKEN, host, fields, application.headers)


def by_password(application: Application, host: str, username: str, password: str) -> bytes:
    """Write the token request that brings a password (RFC 6749, 4.3.2)."""
    fields = {"grant_type": "password", "username": username, "password": password}
    return write_form(TOKEN, host, fields | {"scope": application.scope}, application.headers)


def exchange(application: Application, host: str, token: str, audience: str) -> bytes:
    """Write the token request that exchanges an access token (RFC 8693, 2.1)."""
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": audience,
    }
    return write_form(TOKEN, host, fields, application.headers)


def by_assertion(host: str, assertion: str, scope: str) -> bytes:
    """Write the token request of a service account that signs for itself (RFC 7523, 2.1)."""
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion,
        "scope": scope,
    }
    return write_form(TOKEN, host, fields, {})


def redeem(application: Application, host: str, code: str, verifier: str) -> bytes:
    """Write the token request that redeems a code."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": application.redirect_uri,
        "code_verifier": verifier,
    }
    return write_form(TOKEN, host, fields, application.headers)


def refresh(application: Application, host: str, token: str) -> bytes:
    """Write the token request that rotates a refresh token."""
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    return write_form(TOKEN, host, fields, application.headers)


def introspect(application: Application, host: str, token: str) -> bytes:
    """Write an application's question about a token of its own."""
    return write_form(INTROSPECT, host, {"token": token}, application.headers)


def begin_device(application: Application, host: str) -> bytes:
    """Write the request of a device for its codes."""
    return write_form(DEVICE_AUTHORIZATION, host, {"scope": "openid"}, application.headers)


def poll(application: Application, host: str, device_code: str) -> bytes:
    """Write a device's question whether somebody has answered."""
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": device_code,
    }
    return write_form(TOKEN, host, fields, application.headers)


def userinfo(host: str, token: str) -> bytes:
    """Write a request for the claims of a token's user."""
    return write_request("GET", USERINFO, host, {"Authorization": f"Bearer {token}"})


def sign_in(server: Server, application: Application, username: str, password: str) -> str:
    """Sign a person in as a browser does, and return the Cookie header that it sends from then."""
    with Browser(application.redirect_uri) as browser:
        path = authorization_url(application, secrets.token_urlsafe(32), "first")
        arrived = browser.sign_in(server.issuer + path, username, password).url
        assert "code=" in arrived, f"no code came of signing in: {arrived}"
        request = browser.http.build_request("GET", server.issuer + AUTHORIZE)
        return request.headers["cookie"]
