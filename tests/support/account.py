"""A person on the pages of their own account, and the applications that they connect."""

import re
from base64 import b64encode
from html import unescape
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from ostiary.model.client import Client, ClientSecret
from ostiary.oauth.handle import digest
from support.instance import PASSWORD, SHOP

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SECRET = "a client secret for tests, and for nothing else"
MAX_HOPS = 10


class Place(Protocol):
    """An instance, in this process or another."""

    def program(self) -> httpx.AsyncClient:
        """Return what a program of an application sends requests by."""
        ...


class Browser(Protocol):
    """A browser without JavaScript at such a place."""

    @property
    def place(self) -> Place:
        """Where it is."""
        ...

    async def get(self, path: str) -> httpx.Response:
        """Follow a link of ours."""
        ...

    async def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form as a browser does from one of our pages."""
        ...


def application(client_id: str, **fields: Any) -> Client:
    """Return an application of ACME that can authenticate, and needs no consent."""
    values: dict[str, Any] = {
        "client_id": client_id,
        "client_name": client_id.capitalize(),
        "project_id": "store",
        "redirect_uris": (f"https://{client_id}.test/cb",),
        "secrets": (ClientSecret(digest=digest(SECRET), created_at=0),),
        "require_consent": False,
        "client_uri": None,
    }
    return msgspec.structs.replace(SHOP, **(values | fields))


async def follow(browser: Browser, response: httpx.Response) -> httpx.Response:
    """Follow redirects for as long as they stay with us."""
    for _ in range(MAX_HOPS):
        location = response.headers.get("location", "")
        if response.status_code != 303 or not location.startswith("/"):
            return response
        response = await browser.get(location)
    raise AssertionError("too many redirects")


async def visit(browser: Browser, path: str = "/account") -> httpx.Response:
    """Go to a page, wherever that leads."""
    return await follow(browser, await browser.get(path))


async def enter(
    browser: Browser, path: str = "/account", username: str = "alice", password: str = PASSWORD
) -> httpx.Response:
    """Go to a page of the account, and sign in on the way where that is asked for."""
    page = await visit(browser, path)
    if page.url.path == "/login":
        fields = {**fields_of(page, "password"), "username": username, "password": password}
        page = await follow(browser, await browser.post(str(page.url), fields))
    return page


def fields_of(page: httpx.Response, name: str, value: str | None = None) -> dict[str, str]:
    """Return the fields, as they stand, of the form that has one of this name (and value)."""
    for form in re.findall(r"<form(.*?)</form>", page.text, re.DOTALL):
        fields = {}
        for tag in re.findall(r"<input [^>]*>", form):
            given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            ticked = given.get("type") != "checkbox" or re.search(r"\schecked\b", tag)
            if "name" in given and ticked:
                fields[given["name"]] = unescape(given.get("value", ""))
        if f' name="{name}"' in form and value in (None, fields.get(name)):
            return fields
    raise AssertionError(f"no form with {name}={value}:\n{page.text}")


async def send(
    browser: Browser, page: httpx.Response, field: str, value: str | None = None, **filled: str
) -> httpx.Response:
    """Fill in and send the form with this field; return the answer itself."""
    fields = {**fields_of(page, field, value), **filled}
    return await browser.post(page.url.path, fields)


async def connect(
    browser: Browser, client_id: str, scope: str = "openid offline_access", **asked: str
) -> dict[str, Any]:
    """Sign in to an application by a code, and return its tokens."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": f"https://{client_id}.test/cb",
        "scope": scope,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **asked,
    }
    url = f"/oauth/v2/authorize?{urlencode(parameters)}"
    response = await enter(browser, url)
    if response.url.path == "/consent":
        fields = {**fields_of(response, "form_token"), "decision": "allow"}
        response = await follow(browser, await browser.post(str(response.url), fields))
    code = parse_qs(urlsplit(response.headers["location"]).query)["code"][0]
    answer = await token(
        browser.place,
        client_id,
        grant_type="authorization_code",
        code=code,
        redirect_uri=f"https://{client_id}.test/cb",
        code_verifier=VERIFIER,
    )
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def token(place: Place, client_id: str, **fields: str) -> httpx.Response:
    """Ask the token endpoint, as an application."""
    return await as_client(place, client_id, "/oauth/v2/token", **fields)


async def as_client(place: Place, client_id: str, path: str, **fields: str) -> httpx.Response:
    """Ask an endpoint that authenticates applications."""
    basic = b64encode(f"{client_id}:{SECRET.replace(' ', '+').replace(',', '%2C')}".encode())
    async with place.program() as http:
        headers = {"Authorization": f"Basic {basic.decode()}"}
        return await http.post(path, data=fields, headers=headers)


async def refresh(place: Place, client_id: str, tokens: dict[str, Any]) -> httpx.Response:
    """Refresh an application's tokens."""
    given = tokens["refresh_token"]
    return await token(place, client_id, grant_type="refresh_token", refresh_token=given)


async def userinfo(place: Place, tokens: dict[str, Any]) -> httpx.Response:
    """Ask for the claims of a token's user."""
    async with place.program() as http:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        return await http.get("/oidc/v1/userinfo", headers=headers)
