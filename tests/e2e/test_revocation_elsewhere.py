"""What is revoked in one server process is refused by another, on each engine.

Two servers on one database, as two nodes behind one address. Nobody waits in between: a
grant, a session and a person are read from the database at each use.
"""

import base64
import os
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from support import acme, postgres
from support.account import SECRET, application, enter, send, visit
from support.revocation import (
    ENDPOINTS,
    GRANT_TYPES,
    OF_SESSIONS,
    SCOPES,
    collect,
    taken,
)
from support.server import Server

APP = application("everything").client_id
REVOKED = {"app": OF_SESSIONS, "session": set(), "user": set(), "nothing": ENDPOINTS}

pytestmark = pytest.mark.xdist_group("revocation")


class Node:
    """One of the two servers, which answers under the address of both."""

    def __init__(self, server: Server, issuer: str) -> None:
        self.url = f"http://127.0.0.1:{server.port}"
        self.headers = {"Host": urlsplit(issuer).netloc}
        self._browsers: list[httpx.AsyncClient] = []

    def keep(self, http: httpx.AsyncClient) -> httpx.AsyncClient:
        """Close a browser's connections with the end of the test."""
        self._browsers.append(http)
        return http

    async def close(self) -> None:
        for http in self._browsers:
            await http.aclose()

    def program(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=30)

    def browser(self, other: "LiveBrowser | None" = None) -> "LiveBrowser":
        return LiveBrowser(self, other)


class LiveBrowser:
    """A browser without JavaScript; `other` is the same browser, at the other server."""

    def __init__(self, place: Node, other: "LiveBrowser | None" = None) -> None:
        self.place = place
        headers = {**place.headers, "Accept": "text/html", "User-Agent": "Tests"}
        self.http = place.keep(httpx.AsyncClient(base_url=place.url, headers=headers, timeout=30))
        if other is not None:
            self.http.cookies = other.http.cookies

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers={"Sec-Fetch-Site": "same-origin"})

    async def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
        return await self.http.post(path, data=fields, headers=headers)


def organization() -> dict:
    """Describe ACME with one person for each case, and an application that does everything."""
    everything = acme.web_application(
        APP,
        client_secret=SECRET,
        redirect_uris=[f"https://{APP}.test/cb"],
        grant_types=list(GRANT_TYPES),
        allowed_scopes=list(SCOPES),
        require_consent=True,
        refresh_token_always=True,
    )
    document = acme.organization(everything)
    password = {"plain": acme.PASSWORD}
    people = [{"username": name, "password": password} for name in REVOKED]
    document["organizations"][0]["users"] = people
    return document


@contextmanager
def database(engine: str, folder):
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'ostiary.db'}"
    else:
        with postgres.cluster() as cluster:
            yield cluster.url(cluster.create())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def servers(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("servers")
    key = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    with database(request.param, folder) as url:
        shared = {"database_url": url, "key_encryption_key": key}
        first = Server(folder / "first", **shared)
        second = Server(folder / "second", **shared, public_url=first.issuer)
        with first, second:
            first.apply(organization())
            yield first, second


@pytest.fixture
async def nodes(servers):
    first, _ = servers
    both = [Node(server, first.issuer) for server in servers]
    yield both
    for one in both:
        await one.close()


async def revoke(server: Server, browser: LiveBrowser, what: str) -> None:
    if what == "app":
        page = await visit(browser, "/account/apps")
        assert (await send(browser, page, "client", APP)).status_code == 303
    elif what == "session":
        phone = browser.place.browser()
        page = await enter(phone, "/account/sessions", what, acme.PASSWORD)
        assert (await send(phone, page, "others")).status_code == 303
    elif what == "user":
        server.run("user", "lock", what)


@pytest.mark.parametrize("what", REVOKED)
async def test_se_04_a_revocation_is_seen_in_another_process(servers, nodes, what) -> None:
    first, second = servers
    here, there = nodes
    browser = here.browser()
    await enter(browser, "/account", what, acme.PASSWORD)
    holdings = await collect(browser, APP)
    elsewhere = there.browser(browser)
    assert (await visit(elsewhere, "/account")).url.path == "/account"
    await revoke(first, browser, what)
    assert await taken(elsewhere, there, holdings) == REVOKED[what]
    for server in (first, second):
        assert "Traceback" not in server.output()
