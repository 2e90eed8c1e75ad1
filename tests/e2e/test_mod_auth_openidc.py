"""mod_auth_openidc in a real Apache, with a real Chromium, against a running server."""

import asyncio
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import httpx
import pytest

from support import acme
from support.chromium import chromium
from support.process import Process, free_port
from support.server import Server

HERE = Path(__file__).parent / "apache"
MODULES = Path("/usr/lib/apache2/modules")

pytestmark = pytest.mark.interop


class Apache:
    """An Apache of its own, with one site that mod_auth_openidc protects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.redirect_uri = f"{self.url}/callback"
        program = shutil.which("apache2") or "/usr/sbin/apache2"
        self.process = Process(
            [program, "-DFOREGROUND", "-f", folder / "httpd.conf"], folder=folder, name="apache"
        )

    def start(self, issuer: str, client_id: str, authentication: str) -> None:
        """Write the configuration and start; the provider has to be there already."""
        site = self.folder / "site"
        site.mkdir()
        shutil.copy(HERE / "index.html", site)
        (self.folder / "httpd.conf").write_text(
            Template((HERE / "httpd.conf").read_text()).substitute(
                FOLDER=self.folder,
                MODULES=MODULES,
                PORT=self.url.rpartition(":")[2],
                URL=self.url,
                # Apache's children leave root, who may be running the tests.
                USER="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
                ISSUER=issuer,
                CLIENT_ID=client_id,
                AUTHENTICATION=authentication,
                PASSPHRASE=secrets.token_urlsafe(24),
            )
        )
        self.process.start()
        deadline = time.monotonic() + 15
        while not self._answers():
            stopped = self.process.exit_code is not None
            assert not stopped, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            httpx.get(self.url)
        except httpx.TransportError:
            return False
        return True

    def output(self) -> str:
        """Return what Apache has logged."""
        log = self.folder / "error.log"
        return self.process.output() + (log.read_text() if log.exists() else "")


@pytest.fixture
def apache():
    if not (MODULES / "mod_auth_openidc.so").exists():
        pytest.skip("Apache with mod_auth_openidc is not installed (scripts/set-up apache)")
    # Not in pytest's own folder: Apache's children must be able to read it.
    with TemporaryDirectory(prefix="ostiary-apache-") as folder:
        Path(folder).chmod(0o755)
        server = Apache(Path(folder))
        try:
            yield server
        finally:
            server.process.stop()


async def session_of(page, apache) -> dict:
    """Read what the module knows of this session, through its own endpoint."""
    response = await page.request.get(f"{apache.redirect_uri}?info=json")
    assert response.ok, apache.output()
    return json.loads(await response.text())


async def test_mod_auth_openidc_signs_in_refreshes_and_reads_userinfo(server, register, apache):
    application = register(
        acme.web_application(
            "apache-basic",
            redirect_uris=[apache.redirect_uri],
            token_endpoint_auth_method="client_secret_basic",
        )
    )
    secret = f"OIDCClientSecret {application['client_secret']}"
    apache.start(server.issuer, application["client_id"], secret)

    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{apache.url}/index.html")
        assert page.url.startswith(server.issuer), apache.output()
        await page.fill('input[name="username"]', acme.USERNAME)
        await page.fill('input[name="password"]', acme.PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{apache.url}/index.html")
        assert await page.text_content("h1") == "Protected", apache.output()
        assert await page.text_content("#name") == "Alice Adams"

        session = await session_of(page, apache)
        assert session["id_token"]["iss"] == server.issuer
        assert session["userinfo"]["email"] == "alice@acme.test"
        assert session["userinfo"]["sub"] == session["id_token"]["sub"]
        user = await page.text_content("#user")
        assert user is not None
        assert session["id_token"]["sub"] in user

        await page.goto(
            f"{apache.redirect_uri}?refresh={apache.url}/index.html"
            f"&access_token={session['access_token']}"
        )
        assert page.url == f"{apache.url}/index.html", apache.output()
        refreshed = await session_of(page, apache)
    assert refreshed["access_token"] != session["access_token"]
    assert refreshed["refresh_token"] != session["refresh_token"]
    assert refreshed["userinfo"]["sub"] == session["userinfo"]["sub"]


@pytest.fixture
def telling_server(tmp_path, apache):
    """A server that may reach Apache, which is on an address of this machine."""
    port = apache.url.rpartition(":")[2]
    with Server(tmp_path / "server", egress={"allow": [f"127.0.0.1:{port}"]}) as running:
        yield running


async def test_s1_46_mod_auth_openidc_is_told_of_a_logout(telling_server, apache):
    """OpenID Connect Back-Channel Logout 1.0, received by a real relying party."""
    server = telling_server
    application = acme.web_application(
        "apache-logout",
        redirect_uris=[apache.redirect_uri],
        # The name that ZITADEL's documentation has for backchannel_logout_uri.
        back_channel_logout_uri=f"{apache.redirect_uri}?logout=backchannel",
    )
    server.apply(acme.organization(application))
    secret = f"OIDCClientSecret {application['client_secret']}"
    apache.start(server.issuer, application["client_id"], secret)

    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{apache.url}/index.html")
        await page.fill('input[name="username"]', acme.USERNAME)
        await page.fill('input[name="password"]', acme.PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{apache.url}/index.html")
        assert await page.text_content("#name") == "Alice Adams"

        await page.goto(f"{server.issuer}/oidc/v1/end_session")
        await page.click('button[name="decision"][value="yes"]')
        deadline = time.monotonic() + 20
        while not server.run("events", "list", "--type", "backchannel_logout.delivered"):
            assert time.monotonic() < deadline, apache.output()
            await asyncio.sleep(0.2)
        # Its own session is over, too: it sends the browser to sign in again.
        await page.goto(f"{apache.url}/index.html")
        assert page.url.startswith(f"{server.issuer}/login"), apache.output()
