"""The application in this process, over a real SQLite store, and a person's browser.

It is called as the server calls it, so that a query or a body can be any octets.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from ostiary.clock import SystemEntropy
from ostiary.identity.current_keys import CurrentKeys
from ostiary.identity.hashing import HashPool
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.grant import AuthorizationCode, Grant, Interaction
from ostiary.model.organization import Organization
from ostiary.model.record import Record, Versioned
from ostiary.model.session import Browser, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.request_object import Unreachable
from ostiary.oauth.effects import Effect, Effects, Emit, Insert, Unavailable, Update
from ostiary.oauth.handle import digest, random_text
from ostiary.pages.render import Pages
from ostiary.settings import Settings
from ostiary.store import Store
from ostiary.store.sqlite.engine import SqliteEngine
from ostiary.web.asgi import make_app
from ostiary.web.assets import Assets
from ostiary.web.idp import Idp
from support.authorization import (
    APIS,
    CLIENTS,
    ISSUER,
    ORGANIZATION,
    PROJECT,
    SIGNING_KEYS,
    make_consent,
    make_session,
    make_user,
    query,
)
from support.jose import KEKS, NOW

AUTHORIZE = "/oauth/v2/authorize"
CONTINUE = "/oauth/v2/authorize/continue"
FORM = "application/x-www-form-urlencoded"
COOKIE = "__Host-ostiary_browser"
STATE = "__Host-ostiary_state"


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


class SwitchableKeys:
    """The keys of the store, until others are put in, or none."""

    def __init__(self, keys: CurrentKeys) -> None:
        self._keys = keys
        self.current: KeyRing | None = None
        self.gone = False

    async def ring(self) -> KeyRing:
        """Return the ring, if there is one."""
        if self.gone:
            raise Unavailable
        return self.current or await self._keys.ring()


async def check_address(address: str) -> str | None:
    """Let the server fetch from wherever it does not say `internal`."""
    return "is not public" if "internal" in address or "//127." in address else None


class NoRemoteKeys:
    """Nobody publishes keys here."""

    async def key_set(self, client_id: str, jwks_uri: str, kid: str | None) -> Any:
        """Fail."""
        raise AssertionError(jwks_uri)


class Published:
    """What clients publish: request objects and sectors by their address. Notes what is fetched."""

    def __init__(self) -> None:
        self.requests: dict[str, str] = {}
        self.sectors: dict[str, tuple[str, ...]] = {}
        self.fetched: list[str] = []

    async def fetch(self, client_id: str, request_uri: str) -> str:
        """Return what is published."""
        self.fetched.append(request_uri)
        if request_uri not in self.requests:
            raise Unreachable
        return self.requests[request_uri]

    async def read_sector(self, address: str) -> tuple[str, ...] | None:
        """Return the redirect URIs that are published there."""
        self.fetched.append(address)
        return self.sectors.get(address)


class Recorder:
    """A real store that notes what was committed, and lets others come first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.steps: list[Effects] = []
        # Awaited before each step, so that somebody else can act in between.
        self.before: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def apply(self, effects: Effects) -> None:
        """Commit effects, and note them."""
        if self.before is not None:
            await self.before()
        await self._store.apply(effects)
        self.steps.append(effects)

    def inserted(self, kind: type[Any]) -> list[Any]:
        """Return the records of a kind that were added."""
        effects = [effect for step in self.steps for effect in step]
        records = [effect.record for effect in effects if isinstance(effect, Insert)]
        return [record for record in records if isinstance(record, kind)]

    @property
    def events(self) -> list[Event]:
        """The events that were written."""
        effects = [effect for step in self.steps for effect in step]
        return [effect.event for effect in effects if isinstance(effect, Emit)]


@cache
def _hash_pool() -> HashPool:
    return HashPool(SystemEntropy(), threads=1)


# Where the sites of the running test are, and what closes them.
_places: list[tuple[AsyncExitStack, Path]] = []


@pytest.fixture
async def sites(tmp_path: Path) -> AsyncIterator[None]:
    """Let a test open sites, and close them after it."""
    async with AsyncExitStack() as stack:
        _places.append((stack, tmp_path))
        yield
        _places.pop()


async def open_site(*records: Record) -> "Site":
    """Open an instance with T1 and its clients; records of the same key replace those."""
    stack, folder = _places[-1]
    count = len(list(folder.iterdir()))
    clock = StillClock()
    engine = await SqliteEngine(folder / f"{count}.db").open()
    store = await stack.enter_async_context(Store(engine, clock, "sqlite"))
    await store.migrate()
    usual = (ORGANIZATION, PROJECT, *APIS, *CLIENTS.values(), *SIGNING_KEYS)
    given = {key_of(record) for record in records}
    wanted = [record for record in usual if key_of(record) not in given]
    # Organizations first, which others name.
    wanted = sorted((*wanted, *records), key=lambda record: not isinstance(record, Organization))
    await store.apply(tuple(Insert(record) for record in wanted))
    return Site(store, clock)


def key_of(record: Any) -> Any:
    """Return what a record is found by."""
    names = ("digest", "client_id", "kid", "id")
    return type(record), next(getattr(record, name) for name in names if hasattr(record, name))


class Site:
    """An instance, and one browser with its cookies."""

    def __init__(self, store: Store, clock: StillClock) -> None:
        self.store = Recorder(store)
        self.clock = clock
        self.keys = SwitchableKeys(CurrentKeys(store, KEKS))
        self.cookies: dict[str, str] = {}
        self.ip = "192.0.2.1"
        self.published = Published()
        idp = Idp(
            issuer=ISSUER,
            settings=Settings(public_url=ISSUER),
            store=self.store,
            keys=self.keys,
            keks=KEKS,
            remote_keys=NoRemoteKeys(),
            remote_requests=self.published,
            check_address=check_address,
            read_sector=self.published.read_sector,
            passwords=_hash_pool(),
            pages=Pages(Assets().url),
            clock=clock,
            entropy=SystemEntropy(),
        )
        self.app = make_app(idp)

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
                # The one that a page of ours reads in a frame of any site says nothing.
                assert ("HttpOnly" in rest) is (key != STATE), name
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
    def grants(self) -> list[Grant]:
        """The grants that were made."""
        return self.store.inserted(Grant)

    @property
    def codes(self) -> list[AuthorizationCode]:
        """The codes that were made."""
        return self.store.inserted(AuthorizationCode)

    @property
    def events(self) -> list[Event]:
        """The events that were written."""
        return self.store.events

    async def browser(self) -> Browser:
        """Return what is known about the browser."""
        found: Browser | None = await self.store.browser(digest(self.cookies[COOKIE]))
        assert found is not None
        return found

    async def interaction(self, flow: str) -> Interaction:
        """Return the record of a flow."""
        found: Interaction | None = await self.store.interaction(digest(flow))
        assert found is not None
        return found

    async def quietly(self, *effects: Effect) -> None:
        """Have somebody else commit effects, unnoticed."""
        await self.store._store.apply(effects)

    async def change(self, record: Versioned, **changes: Any) -> None:
        """Have somebody else change a record."""
        await self.quietly(Update(record, changes))

    async def change_client(self, **changes: Any) -> None:
        """Have an administrator change the client."""
        client: Client | None = await self.store.client("web")
        assert client is not None
        await self.change(client, **changes)
        await self.store.revalidate()

    async def know(self, **fields: Any) -> Browser:
        """Give the browser a cookie, as at a visit before."""
        cookie = random_text(SystemEntropy())
        now = self.clock.now()
        values = {"created_at": now - 1000, "expires_at": now + 100_000} | fields
        browser = Browser(id=f"browser-{cookie[:6]}", digest=digest(cookie), **values)
        await self.quietly(Insert(browser))
        self.cookies[COOKIE] = cookie
        return browser

    async def sign_in(self, user_id: str = "alice", at: int | None = None, **fields: Any) -> str:
        """Have somebody signed in; return the session's id."""
        browser = await self.browser() if COOKIE in self.cookies else await self.know()
        when = self.clock.now() - 100 if at is None else at
        if await self.store.user(user_id) is None:
            await self.quietly(Insert(make_user(user_id)))
        session = make_session(user_id, when, browser_id=browser.id, **fields)
        for signed_in in await self.store.sessions(browser.id):
            if signed_in.user.id == user_id:
                changes = {"proofs": session.proofs, "idle_expires_at": session.idle_expires_at}
                await self.change(signed_in.session, **changes)
                return session.id
        await self.quietly(Insert(session))
        return session.id

    async def change_user(self, **changes: Any) -> None:
        """Have an administrator change Alice."""
        user: User | None = await self.store.user("alice")
        assert user is not None
        await self.change(user, **changes)

    async def session(self, user_id: str = "alice") -> Session:
        """Return somebody's session in the browser."""
        for signed_in in await self.store.sessions((await self.browser()).id):
            if signed_in.user.id == user_id:
                found: Session = signed_in.session
                return found
        raise AssertionError(user_id)

    async def do(self, flow: str, step: str, session_id: str) -> None:
        """Do what a page of a flow does when it is completed."""
        interaction = await self.interaction(flow)
        done = (*interaction.done, step)
        await self.change(interaction, session_id=session_id, done=done)

    async def log_in(self, flow: str, user_id: str = "alice") -> str:
        """Complete the login page."""
        session_id = await self.sign_in(user_id, self.clock.now())
        await self.do(flow, "login", session_id)
        return session_id

    async def consent(self, flow: str, session_id: str) -> None:
        """Complete the consent page."""
        interaction = await self.interaction(flow)
        user_id = session_id.removeprefix("session-")
        scopes = tuple(interaction.request["scopes"])
        consent = make_consent(user_id, granted_at=self.clock.now(), scopes=scopes)
        await self.quietly(Insert(consent))
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
