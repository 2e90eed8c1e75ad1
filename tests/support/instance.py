"""An instance in this process: the real application over a real SQLite store, and browsers.

Passwords are hashed with parameters that cost next to nothing; no setting can reach them.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from ostiary.admin.store import read_no_sector
from ostiary.clock import SystemEntropy
from ostiary.identity import passwords
from ostiary.identity.current_keys import CurrentKeys
from ostiary.identity.hashing import HashPool
from ostiary.identity.passwords import CURRENT, Parameters
from ostiary.identity.users import login_names
from ostiary.model.client import Client
from ostiary.model.event import Event
from ostiary.model.organization import Api, Organization, Project
from ostiary.model.record import Record, Versioned
from ostiary.model.session import Session
from ostiary.model.user import Profile, User
from ostiary.oauth.authorization import pending
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.effects import Effects, Insert, Update
from ostiary.oauth.handle import digest
from ostiary.pages.render import Pages
from ostiary.playground.sandbox import Sandbox, make_sandbox
from ostiary.settings import Settings, Smtp
from ostiary.store import Store
from ostiary.store.sqlite.engine import SqliteEngine
from ostiary.web.asgi import make_app
from ostiary.web.assets import Assets
from ostiary.web.idp import Idp
from support.jose import KEKS, NOW, make_instance_key, make_signing_key
from support.site import check_address

CHEAP = Parameters(memory=64, passes=1)
ENTROPY = SystemEntropy()
PASSWORD = "correct horse battery staple"
ISSUER = "https://id.test"
PLAYGROUND_SECRET = b"\5" * 32

# Nobody connects to it: what would, is called by tests that want to.
SMTP = Smtp(host="mail.test", port=25, security="none", sender="Login <login@id.test>")

ACME = Organization(id="acme", name="ACME", domains=("acme.test",))
SHOP = Client(
    client_id="shop",
    organization_id="acme",
    client_name="Shop",
    client_uri="https://shop.test/",
    redirect_uris=("https://shop.test/cb",),
    grant_types=("authorization_code", "refresh_token"),
    allowed_scopes=("openid", "profile", "email", "offline_access", "orders.read"),
    require_consent=True,
)
BLOG = msgspec.structs.replace(
    SHOP,
    client_id="blog",
    client_name="Blog",
    client_uri=None,
    redirect_uris=("https://blog.test/cb",),
    require_consent=False,
)
RECORDS: tuple[Record, ...] = (
    ACME,
    Project(id="store", organization_id="acme", name="Store"),
    Api(
        id="orders",
        organization_id="acme",
        project_id="store",
        audience="https://orders.test",
        scopes=("orders.read",),
    ),
    msgspec.structs.replace(SHOP, project_id="store"),
    msgspec.structs.replace(BLOG, project_id="store"),
    make_signing_key("RS256"),
    make_signing_key("ES256"),
    *(
        make_instance_key(purpose)
        for purpose in ("browser", "sid", "refresh", "pairwise", "webhook", "ticket")
    ),
)


class StillClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        """Return the time."""
        return self.time


class _NoRemoteKeys:
    async def key_set(self, client_id: str, jwks_uri: str, kid: str | None) -> Any:
        raise AssertionError(jwks_uri)


class _NoRemoteRequests:
    async def fetch(self, client_id: str, request_uri: str) -> str:
        raise AssertionError((client_id, request_uri))


class Instance:
    """One instance and what tests ask of it."""

    def __init__(
        self,
        store: Store,
        parameters: Parameters,
        *,
        dev: bool,
        threads: int,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.store = store
        self.clock = StillClock()
        self.parameters = parameters
        self.pool = HashPool(ENTROPY, threads=threads, parameters=parameters)
        self.idp = Idp(
            issuer=ISSUER,
            settings=Settings(public_url=ISSUER, dev=dev, smtp=SMTP),
            store=store,
            keys=CurrentKeys(store, KEKS),
            keks=KEKS,
            remote_keys=_NoRemoteKeys(),
            remote_requests=_NoRemoteRequests(),
            check_address=check_address,
            read_sector=read_no_sector,
            passwords=self.pool,
            pages=Pages(Assets().url),
            sandbox=sandbox,
            clock=self.clock,
            entropy=ENTROPY,
        )
        self.app = make_app(self.idp)

    async def add(self, *records: Record) -> None:
        """Insert records."""
        await self.store.apply(tuple(Insert(record) for record in records))

    async def change(self, record: Versioned, **changes: Any) -> None:
        """Update a record as it was read."""
        await self.store.apply((Update(record, changes),))

    async def apply(self, *effects: Any) -> None:
        """Apply effects."""
        await self.store.apply(effects)

    async def add_user(self, username: str, password: str | None = PASSWORD, **fields: Any) -> User:
        """Add a person of ACME, with login names."""
        encoded = None
        if password is not None:
            secret = passwords.normalize(password)
            encoded = passwords.hash_password(secret, ENTROPY, self.parameters)
        user = User(
            **{
                "id": f"user-{username}",
                "organization_id": "acme",
                "username": username,
                "password_hash": encoded,
                "profile": Profile(given_name=username.capitalize()),
                # Somebody who has just joined is not told of each new device.
                "created_at": self.clock.time,
                **fields,
            }
        )
        await self.add(user, *login_names(user))
        return user

    async def user(self, username: str) -> User:
        """Return a person as stored."""
        found = await self.store.user(f"user-{username}")
        assert found is not None
        return found

    async def events(self, *types: str) -> list[Event]:
        """Return the events of these types, oldest first."""
        return [event for _, event in reversed(await self.store.list_events(types, None, 100))]

    def program(self) -> httpx.AsyncClient:
        """Return what a program of an application sends requests by."""
        transport = httpx.ASGITransport(self.app, client=("192.0.2.9", 40000))
        return httpx.AsyncClient(transport=transport, base_url=ISSUER)

    def browser(self, **fields: Any) -> "Browser":
        """Open a browser without cookies."""
        return Browser(self, **fields)


@asynccontextmanager
async def open_instance(
    folder: Path,
    *,
    parameters: Parameters = CHEAP,
    dev: bool = False,
    threads: int = 2,
    playground: bool = False,
) -> AsyncIterator[Instance]:
    """Run an instance with ACME, its applications Shop and Blog, and Alice."""
    sandbox = make_sandbox(ISSUER, PLAYGROUND_SECRET, old=dev) if playground else None
    furnished = None if sandbox is None else sandbox.furnished
    clock = StillClock()
    engine = await SqliteEngine(folder / "ostiary.db").open()
    async with Store(engine, clock, "sqlite", furnished) as store:
        await store.migrate()
        instance = Instance(store, parameters, dev=dev, threads=threads, sandbox=sandbox)
        await instance.add(*RECORDS)
        await instance.add_user("alice", email="alice@acme.test")
        yield instance
        instance.pool.close()


class Recorder:
    """Wraps a store, and notes what is asked of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._store, name)

    async def apply(self, effects: Effects) -> None:
        """Note the kinds of the effects."""
        self.calls.append("apply " + " ".join(type(effect).__name__ for effect in effects))
        await self._store.apply(effects)


class Browser:
    """A browser without JavaScript: cookies, headers and forms."""

    def __init__(self, instance: Instance, *, ip: str = "192.0.2.1", language: str = "en") -> None:
        self.instance = instance
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(instance.app, client=(ip, 40000)),
            base_url=ISSUER,
            headers={"Accept": "text/html", "Accept-Language": language, "User-Agent": "Tests"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    @property
    def place(self) -> Instance:
        """Where it is."""
        return self.instance

    @property
    def cookie(self) -> str | None:
        """The value of the browser cookie."""
        return self.http.cookies.get("__Host-ostiary_browser")

    async def open_flow(self, client_id: str = "shop", **request: Any) -> str:
        """Have an authorization request wait for the person at this browser."""
        instance, now = self.instance, self.instance.clock.now()
        browser = None
        if self.cookie is not None:
            browser = await instance.store.browser(digest(self.cookie))
        if browser is None or browser.expires_at <= now:
            browser, cookie = pending.new_browser(now, ENTROPY)
            await instance.add(browser)
            self.http.cookies.set("__Host-ostiary_browser", cookie, domain="id.test", path="/")
        asked = AuthorizationRequest(
            **{
                "client_id": client_id,
                "redirect_uri": f"https://{client_id}.test/cb",
                "response_mode": "query",
                "response_type": "code",
                "scopes": ("openid", "profile"),
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                **request,
            }
        )
        flow, interaction = pending.open_flow(asked, "192.0.2.1", now, ENTROPY)
        await instance.add(msgspec.structs.replace(interaction, browser_id=browser.id))
        return flow

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Follow a link of ours."""
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        return await self.http.get(path, headers=sent)

    async def post(
        self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a form as a browser does from one of our pages."""
        sent = {"Sec-Fetch-Site": "same-origin", "Origin": "null"} if headers is None else headers
        return await self.http.post(path, data=fields, headers=sent)

    async def sign_in(
        self,
        username: str = "alice",
        password: str = PASSWORD,
        *,
        flow: str | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Open the sign-in page of a flow and send its form."""
        flow = flow or await self.open_flow()
        page = await self.get(f"/login?flow={flow}")
        filled = {**hidden(page), "username": username, "password": password, **fields}
        return await self.post(f"/login?flow={flow}", filled)

    async def sessions(self) -> list[Session]:
        """Return the sessions that are not ended in this browser."""
        assert self.cookie is not None
        browser = await self.instance.store.browser(digest(self.cookie))
        assert browser is not None
        return [signed.session for signed in await self.instance.store.sessions(browser.id)]


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the first form of a page."""
    form = page.text.partition("<form")[2].partition("</form>")[0]
    pattern = r'<input type="hidden" name="([^"]*)" value="([^"]*)">'
    return {name: unescape(value) for name, value in re.findall(pattern, form)}


def flow_of(response: httpx.Response) -> str:
    """Return the flow that a redirect leads on with."""
    assert response.status_code == 303, response.text
    return parse_qs(urlsplit(response.headers["location"]).query)["flow"][0]


__all__ = ["CURRENT", "Browser", "Instance", "Recorder", "flow_of", "hidden", "open_instance"]
