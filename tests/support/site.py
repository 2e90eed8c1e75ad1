"""The application in this process, called as a server calls it, and a person's browser."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import msgspec
from falcon.asgi import App

from ostiary.clock import SystemEntropy
from ostiary.identity.hashing import HashPool
from ostiary.jose.keyring import KeyRing
from ostiary.model.grant import Interaction
from ostiary.model.record import Record
from ostiary.model.session import Browser
from ostiary.oauth.effects import Insert, Unavailable, Update
from ostiary.oauth.handle import digest, random_text
from ostiary.pages.render import Pages
from ostiary.settings import Settings
from ostiary.web import login
from ostiary.web.asgi import Front
from ostiary.web.assets import Assets
from ostiary.web.errors import ErrorPages
from ostiary.web.headers import SecurityHeaders
from ostiary.web.idp import Idp
from ostiary.web.oauth import authorize, discovery, keys
from support.authorization import (
    APIS,
    CLIENTS,
    ISSUER,
    ORGANIZATION,
    key_ring,
    make_consent,
    make_session,
    make_user,
    query,
)
from support.jose import NOW
from support.memory import MemoryStore

AUTHORIZE = "/oauth/v2/authorize"
CONTINUE = "/oauth/v2/authorize/continue"
FORM = "application/x-www-form-urlencoded"
COOKIE = "__Host-ostiary_browser"


class Answer(msgspec.Struct, frozen=True):
    """A response. Header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        return dict(self.headers).get(name)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def location(self) -> str:
        """Where the browser is sent."""
        assert self.status == 303, (self.status, self.text)
        return self.header("location") or ""

    @property
    def flow(self) -> str:
        """The flow whose page is shown next."""
        return parse_qs(urlsplit(self.location).query)["flow"][0]

    @property
    def reply(self) -> dict[str, str]:
        """What the client is told by a redirect."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.fragment or parts.query, strict_parsing=True))

    def json(self) -> Any:
        """Return the body as JSON."""
        return msgspec.json.decode(self.body)


class StillClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        """Return the time."""
        return self.time


class FixedKeys:
    """A source of one ring."""

    def __init__(self) -> None:
        self.current: KeyRing | None = key_ring()

    async def ring(self) -> KeyRing:
        """Return the ring, if there is one."""
        if self.current is None:
            raise Unavailable
        return self.current


class NoRemoteKeys:
    """Nobody publishes keys here."""

    async def key_set(self, client_id: str, jwks_uri: str, kid: str | None) -> Any:
        """Fail."""
        raise AssertionError(jwks_uri)


@cache
def _hash_pool() -> HashPool:
    return HashPool(SystemEntropy(), threads=1)


def _make_app(idp: Idp) -> App[Any, Any]:
    app: App[Any, Any] = App(middleware=[Front(idp), SecurityHeaders(https=True)])
    ErrorPages(idp).install(app)
    metadata = discovery.Discovery(idp)
    for path, resource in (
        ("/.well-known/openid-configuration", metadata),
        ("/.well-known/oauth-authorization-server", metadata),
        (keys.PATH, keys.Keys(idp)),
        *authorize.routes(idp),
        *login.routes(idp),
    ):
        app.add_route(path, resource)
    return app


class Site:
    """An instance over a store in memory, and one browser with its cookies."""

    def __init__(self, *records: Record) -> None:
        self.store = MemoryStore(ORGANIZATION, *APIS, *CLIENTS.values(), *records)
        self.clock = StillClock()
        self.keys = FixedKeys()
        self.cookies: dict[str, str] = {}
        self.ip = "192.0.2.1"
        idp = Idp(
            issuer=ISSUER,
            settings=Settings(public_url=ISSUER),
            store=self.store,
            keys=self.keys,
            remote_keys=NoRemoteKeys(),
            passwords=_hash_pool(),
            pages=Pages(Assets().url),
            clock=self.clock,
            entropy=SystemEntropy(),
        )
        self.app = _make_app(idp)

    async def send(
        self,
        method: str,
        path: str,
        raw: bytes = b"",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with the browser's cookies, and keep those of the answer."""
        given = {"host": urlsplit(ISSUER).netloc, **(headers or {})}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await call(self.app, method, path, raw=raw, body=body, headers=given, ip=self.ip)
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, content = cookie.partition("=")
                assert key.startswith("__Host-")
                assert "HttpOnly" in rest
                self.cookies[key] = content
        return answer

    async def authorize(self, **changes: str | None) -> Answer:
        """Send an authorization request by GET."""
        return await self.send("GET", AUTHORIZE, query(**changes))

    async def authorize_raw(self, raw: bytes) -> Answer:
        """Send an authorization request as it stands."""
        return await self.send("GET", AUTHORIZE, raw)

    async def post(self, body: bytes, content_type: str | None = FORM) -> Answer:
        """Send an authorization request by POST."""
        headers = {} if content_type is None else {"content-type": content_type}
        headers["content-length"] = str(len(body))
        return await self.send("POST", AUTHORIZE, b"", body, headers)

    async def resume(self, flow: str) -> Answer:
        """Come back from a page."""
        return await self.send("GET", CONTINUE, urlencode({"flow": flow}).encode())

    @property
    def browser(self) -> Browser:
        """What is known about the browser."""
        wanted = digest(self.cookies[COOKIE])
        return next(one for one in self.store.all(Browser) if one.digest == wanted)

    def interaction(self, flow: str) -> Interaction:
        """Return the record of a flow."""
        found: Interaction = self.store.tables[Interaction][digest(flow)]
        return found

    def know(self) -> Browser:
        """Give the browser a cookie, as at a visit before."""
        cookie = random_text(SystemEntropy())
        now = self.clock.now()
        browser = Browser(
            id=f"browser-{cookie[:6]}",
            digest=digest(cookie),
            created_at=now - 1000,
            expires_at=now + 100_000,
        )
        self.store.put(browser)
        self.cookies[COOKIE] = cookie
        return browser

    def sign_in(self, user_id: str = "alice", at: int | None = None, **fields: Any) -> str:
        """Have somebody signed in already; return the session's id."""
        browser = self.browser if COOKIE in self.cookies else self.know()
        when = self.clock.now() - 100 if at is None else at
        session = make_session(user_id, when, browser_id=browser.id, **fields)
        self.store.put(make_user(user_id))
        self.store.put(session)
        return session.id

    async def do(self, flow: str, step: str, session_id: str) -> None:
        """Do what a page of a flow does when it is completed."""
        interaction = self.interaction(flow)
        done = (*interaction.done, step)
        await self.store.apply((Update(interaction, {"session_id": session_id, "done": done}),))

    async def log_in(self, flow: str, user_id: str = "alice") -> str:
        """Complete the login page."""
        session_id = self.sign_in(user_id, self.clock.now())
        await self.do(flow, "login", session_id)
        return session_id

    async def consent(self, flow: str, session_id: str, **fields: Any) -> None:
        """Complete the consent page."""
        interaction = self.interaction(flow)
        user_id = session_id.removeprefix("session-")
        values = {"granted_at": self.clock.now(), "scopes": interaction.request["scopes"]} | fields
        await self.store.apply((Insert(make_consent(user_id, **values)),))
        await self.do(flow, "consent", session_id)


async def call(
    app: Any,
    method: str,
    path: str,
    *,
    raw: bytes,
    body: bytes,
    headers: Mapping[str, str],
    ip: str,
) -> Answer:
    """Call an ASGI application with a query and a body as they stand."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": raw,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": (ip, 40000) if ip else None,
        "server": ("id.test", 443),
    }
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    given = tuple((name.decode().lower(), value.decode()) for name, value in start["headers"])
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], given, content)


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page, without undoing any escape."""
    pattern = r'<input type="hidden" name="([^"]*)" value="([^"]*)">'
    return dict(re.findall(pattern, page))
