"""An instance that keeps traces, an application under development, and the developer's view."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec

from ostiary.oauth.token.pkce import challenge_of
from ostiary.web.asgi import make_app
from ostiary.web.recorder import Recorder
from support.instance import ISSUER, PASSWORD, Browser, Instance, hidden, open_instance
from support.management import API, World

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CALLBACK = "https://store.test/callback"
PROJECT = "store"
SECRET = "a-secret-that-store-web-was-made-with-0001"
_TRACE_ID = re.compile(r"<dd><code>([0-9A-Za-z_-]{16})</code></dd>")


class Integrator:
    """Somebody who makes the application `store-web` work, and administers it."""

    def __init__(self, instance: Instance) -> None:
        traces = Recorder(
            instance.store, instance.idp.keys, instance.clock, ISSUER, everything=True
        )
        instance.idp = msgspec.structs.replace(instance.idp, traces=traces)
        instance.app = make_app(instance.idp)
        self.instance = instance
        self.traces = traces
        self.world = World(instance)
        self.http = instance.program()
        self.browser = Browser(instance)
        self.token = ""

    async def prepare(self) -> Self:
        """Get an administrator's token and register the application."""
        self.token = await self.world.administrator("instance_owner", "acme", machine=True)
        await self.register("store-web", client_secret=SECRET)
        return self

    async def register(self, client_id: str, **metadata: Any) -> dict[str, Any]:
        """Register an application of the project by the API."""
        body = {
            "project": PROJECT,
            "client_id": client_id,
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "allowed_scopes": ["openid", "profile", "offline_access"],
            **metadata,
        }
        made = await self.world.call("POST", "/applications", self.token, body)
        assert made.status_code == 201, made.text
        return dict(made.json())

    async def sign_in(self) -> None:
        """Have Alice sign in at the browser."""
        answer = await self.browser.sign_in(password=PASSWORD)
        assert answer.status_code == 303, answer.text

    def request(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; None leaves one out."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "store-web",
            "redirect_uri": CALLBACK,
            "scope": "openid profile offline_access",
            "state": "state-of-the-application",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    async def authorize(self, **changes: str | None) -> httpx.Response:
        """Send the browser with an authorization request."""
        return await self.browser.http.get("/oauth/v2/authorize", params=self.request(**changes))

    async def code(self, **changes: str | None) -> str:
        """Get a code for Alice, who is signed in."""
        return answer_of(await self.authorize(**changes))["code"]

    async def redeem(self, code: str, **changes: str | None) -> httpx.Response:
        """Send the token request that goes with `authorize`."""
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.ask("/oauth/v2/token", **given)

    async def ask(
        self,
        path: str,
        *,
        auth: tuple[str, str] | None = ("store-web", SECRET),
        headers: dict[str, str] | None = None,
        **fields: str | None,
    ) -> httpx.Response:
        """Send a form as the application's server does."""
        data = {name: value for name, value in fields.items() if value is not None}
        sent = dict(headers or {})
        if auth is not None:
            pair = base64.b64encode(":".join(auth).encode()).decode()
            sent["Authorization"] = f"Basic {pair}"
        return await self.http.post(path, data=data, headers=sent)

    async def explain(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the trace that an answer refers to, by the API."""
        return await self.trace(reference_of(answer))

    async def trace(self, trace_id: str) -> dict[str, Any]:
        """Return a trace by the API."""
        shown = await self.world.call("GET", f"/traces/{trace_id}", self.token)
        assert shown.status_code == 200, shown.text
        return dict(shown.json())

    async def newest(self, **filters: str) -> dict[str, Any]:
        """Return the newest trace that fits."""
        listed = await self.world.call("GET", "/traces", self.token, **filters)
        assert listed.status_code == 200, listed.text
        return await self.trace(listed.json()["items"][0]["id"])

    async def mend(self, trace: dict[str, Any]) -> dict[str, Any]:
        """Perform the operation that mends a failure."""
        operation = trace["explanation"]["operation"]
        headers = {}
        if operation["version"] is not None:
            headers["If-Match"] = f'"{operation["version"]}"'
        done = await self.world.call(
            operation["method"], operation["path"], self.token, operation["body"], headers
        )
        assert done.status_code in {200, 201}, done.text
        return dict(done.json())


def answer_of(response: httpx.Response) -> dict[str, str]:
    """Return the parameters with which a redirect calls the application."""
    assert response.status_code == 303, response.text
    parts = urlsplit(response.headers["location"])
    return dict(parse_qsl(parts.fragment or parts.query))


def reference_of(answer: httpx.Response) -> str:
    """Return the trace id that an answer refers to: on its page, or at the end of `error_uri`."""
    if answer.headers.get("content-type", "").startswith("text/html"):
        found = _TRACE_ID.search(answer.text)
        assert found, answer.text
        return found[1]
    uri = (
        answer_of(answer)["error_uri"] if answer.status_code == 303 else answer.json()["error_uri"]
    )
    assert uri.startswith(f"{ISSUER}/console/traces/")
    return str(uri).rpartition("/")[2]


@asynccontextmanager
async def open_integrator(folder: Path) -> AsyncIterator[Integrator]:
    """Open an instance with the application registered."""
    async with open_instance(folder) as instance:
        integrator = await Integrator(instance).prepare()
        yield integrator
        await integrator.traces.aclose()
        await integrator.http.aclose()
        await integrator.world.http.aclose()
        await integrator.browser.http.aclose()


__all__ = ["API", "Integrator", "answer_of", "hidden", "open_integrator", "reference_of"]
