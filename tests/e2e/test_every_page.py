"""Every page that is served: by axe in the dark at 320 pixels, and once more without JavaScript.

Which pages there are is what the routes table says, so that a new one fails here until it is
shown as well.
"""

import asyncio
import re
import time
from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from ostiary.identity import totp
from ostiary.pages.account import SECTIONS, path_of
from ostiary.web.routes import routes
from support import acme, devices
from support.app_site import serve_application
from support.chromium import chromium
from support.factors import read_secret
from support.instance import open_instance
from support.server import Server
from support.smtp import MailServer

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WORDS = "entirely different words of mine"
# What answers a GET and is no page of its own, or only leads to one.
NO_PAGES = {
    "/",
    *("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
    *("/oauth/v2/keys", "/oauth/v2/authorize", "/oauth/v2/authorize/continue"),
    *("/oauth/v2/register/{client_id}", "/oidc/v1/userinfo", "/oidc/v1/check_session"),
    *("/oidc/v1/end_session", "/login/factor", "/login/passkey/options"),
    *("/login/enrol/passkey/options", "/account/methods/add", "/account/switch"),
    *("/branding/{name}", "/images/{name}"),
    *("/api/v1/openapi.json", "/static/{name}", "/health/live", "/health/ready"),
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> set[str]:
    """The paths of all pages."""

    async def read() -> set[str]:
        async with open_instance(tmp_path_factory.mktemp("routes")) as instance:
            served = routes(instance.idp)
            found = {path for path, one in served if hasattr(one, "on_get")}
            # The console's pages are visited as each kind of administrator, by a test of their own.
            others = ("/api/v1/", "/console")
            return {path for path in found - NO_PAGES if not path.startswith(others)}

    return asyncio.run(read())


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailServer(tmp_path_factory.mktemp("mail")) as mail:
        yield mail


@pytest.fixture(scope="module")
def application():
    with serve_application() as application:
        yield application


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory, mail, application):
    with Server(tmp_path_factory.mktemp("server"), smtp=mail.settings) as running:
        shop = acme.public_application(
            "shop",
            "OIDC_APP_TYPE_USER_AGENT",
            client_name="Shop",
            redirect_uris=[f"{application.origin}/callback"],
        )
        portal = shop | {"client_id": "portal", "organization_assertion": True}
        declared = acme.organization(shop, portal, devices.television("tv"))
        declared["instance"]["policies"] = {"user_registration": {"mode": "open"}}
        running.apply(declared)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


class Tour:
    """A walk past all pages in one tab, which looks at each."""

    def __init__(self, page: Page, server: Server, mail: MailServer, *, script: bool) -> None:
        self.page, self.server, self.mail, self.script = page, server, mail, script
        self.address = f"tour-{'script' if script else 'plain'}@acme.test"
        self.seen: set[str] = set()
        self.callback = ""

    async def look(self, path: str) -> None:
        """This page is shown, fits, and has no fault that axe finds."""
        assert urlsplit(self.page.url).path == path
        await expect(self.page.locator("h1").first).to_be_visible()
        self.seen.add(path)
        if not self.script:
            return
        spill = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, path
        await self.page.wait_for_timeout(600)  # transitions, and the guard of the consent
        found = await Axe().run(self.page, options={"runOnly": STANDARDS})
        assert found.violations_count == 0, (path, found.generate_report())

    async def begin(self, **parameters: str) -> None:
        asked = {
            "response_type": "code",
            "client_id": "shop",
            "redirect_uri": self.callback,
            "scope": "openid",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        query = urlencode({**asked, **parameters})
        await self.page.goto(f"{self.server.issuer}/oauth/v2/authorize?{query}")

    async def open(self, path: str) -> None:
        """Open another page, of the same flow where there is one, and look at it."""
        flow = re.search(r"flow=\w+", self.page.url)
        await self.page.goto(f"{self.server.issuer}{path}{f'?{flow[0]}' if flow else ''}")
        await self.look(path)

    async def send(self, **fields: str) -> None:
        for name, value in fields.items():
            await self.page.fill(f"#{name}", value)
        await self.page.click("main form:has(input:not([type=hidden])) button[type=submit]")

    async def sign_in(self) -> None:
        await self.send(username=self.address, password=WORDS)

    def mailed_code(self, number: int) -> str:
        found = re.search(r"\b[0-9]{6}\b", self.mail.wait(number, to=self.address).part("plain"))
        assert found is not None
        return found[0]

    async def join(self) -> None:
        await self.begin()
        await self.look("/login")
        await self.open("/login/forgot")
        await self.open("/login/register")
        await self.send(email=self.address, new_password=WORDS)
        await self.look("/login/verify")
        await self.send(code=self.mailed_code(1))
        await self.page.wait_for_url("**/callback?**")

    async def set_up(self) -> bytes:
        """Set up an app and codes by mail; return the app's secret."""
        await self.begin(prompt="enrol")
        for path in ("/login/enrol", "/login/enrol/passkey", "/login/enrol/totp"):
            await self.open(path)
        secret = read_secret(await self.page.content())
        await self.send(otp=totp.make_code(secret, int(time.time()) // totp.STEP))
        await self.page.click("text=I have kept them")
        await self.page.wait_for_url("**/callback?**")
        await self.begin(prompt="enrol")
        await self.open("/login/enrol/email-code")
        await self.page.click("button:has-text('Send the code')")
        await expect(self.page.locator("#code")).to_be_visible()
        # The mail that a factor was added came in between.
        await self.send(code=self.mailed_code(3))
        await self.page.wait_for_url("**/callback?**")
        return secret

    async def prove(self, secret: bytes) -> None:
        await self.page.context.clear_cookies()
        await self.begin(prompt="consent")
        await self.sign_in()
        for way in ("email-code", "recovery-code", "passkey", "other-way", "totp"):
            await self.open(f"/login/{way}")
        await self.send(otp=totp.make_code(secret, int(time.time()) // totp.STEP + 1))
        await self.look("/consent")
        await self.page.click('button[value="allow"]')
        await self.page.wait_for_url("**/callback?**")
        await self.begin(prompt="select_account")
        await self.look("/login/select")

    async def act_for_an_organization(self) -> None:
        name = f"globex-{'script' if self.script else 'plain'}"
        self.server.run("org", "create", "--id", name)
        self.server.run("org", "add-member", name, self.address)
        await self.begin(client_id="portal")
        await self.look("/login/organization")
        self.server.run(
            *("policy", "update", "--organization", name, "--set", "login.identifier_first=true")
        )
        await self.begin(scope=f"openid urn:ostiary:iam:org:id:{name}", prompt="select_account")
        await self.page.click(".accounts a")
        await self.send(username=self.address)
        await self.look("/login/password")

    async def look_after_the_account(self) -> None:
        await self.page.goto("about:blank")
        for path in map(path_of, SECTIONS):
            await self.open(path)

    async def connect_a_device(self) -> None:
        await self.page.goto("about:blank")
        await self.open("/device")
        answer = await self.page.request.post(
            f"{self.server.issuer}/oauth/v2/device_authorization",
            form={"client_id": "tv", "scope": "openid"},
        )
        await self.send(user_code=(await answer.json())["user_code"])
        await self.page.wait_for_timeout(600)
        await self.page.click('button[value="allow"]')
        await self.look("/device/done")

    async def follow_links(self) -> None:
        invited = f"invited-{self.address}"
        self.server.run("user", "invite", invited, "--organization", "acme")
        await self.page.goto(self.mail.wait(to=invited).link)
        await self.look("/login/invitation")
        before = sum("alice@acme.test" in one.recipients for one in self.mail.mails())
        self.server.run("user", "send-reset-link", acme.USERNAME)
        await self.page.goto(self.mail.wait(before + 1, to="alice@acme.test").link)
        await self.look("/login/reset")
        await self.page.goto(self.server.run("setup")["url"])
        await self.look("/setup")
        await self.page.goto("about:blank")
        await self.open("/advisor")
        await self.page.goto("about:blank")
        await self.open("/api/docs")

    async def leave(self) -> None:
        await self.page.goto(f"{self.server.issuer}/oidc/v1/end_session")
        await self.look("/logout")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_every_page_is_shown(*, browser, mail_server, mail, application, pages, script):
    context = await browser.new_context(
        color_scheme="dark",
        viewport={"width": 320, "height": 640},
        java_script_enabled=script,
        locale="en",
    )
    tour = Tour(await context.new_page(), mail_server, mail, script=script)
    tour.callback = f"{application.origin}/callback"
    await tour.join()
    await tour.prove(await tour.set_up())
    await tour.act_for_an_organization()
    await tour.look_after_the_account()
    await tour.connect_a_device()
    await tour.follow_links()
    await tour.leave()
    assert tour.seen == pages
    await context.close()
