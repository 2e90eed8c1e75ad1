"""From joining to leaving one app, in a real Chromium with real mail and real apps, on each engine.

An administrator invites somebody; somebody else registers, recovers a forgotten password, sets
up a passkey, connects two apps and removes one of them, while the other one goes on.
"""

import json
import re
import sys
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from ostiary.oauth import management
from support import acme, postgres
from support.chromium import chromium
from support.process import Conversation, Process
from support.server import Server
from support.smtp import MailServer
from support.virtual_authenticator import plug_in

PROGRAM = Path(__file__).parent / "python/authlib_application.py"
SCOPES = {
    "photos": "openid email offline_access",
    "notes": "openid profile offline_access",
    "desk": f"openid {management.SCOPE}",
}
CHOSEN = "entirely different words of mine"
RECOVERED = "words that come after the others"
WITHOUT_SUGGESTIONS = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("joining"),
]


class App:
    """An application on Authlib, whose pages show what it knows of the person, or its error."""

    def __init__(self, name: str, program: Conversation) -> None:
        self.program = program
        self.url = program.hear()["url"]
        self.scope = SCOPES[name]
        self.metadata = acme.web_application(
            name,
            redirect_uris=[f"{self.url}/callback"],
            allowed_scopes=self.scope.split(),
            require_consent=name != "desk",
        )

    def connect(self, server: Server) -> None:
        """Tell the application of its provider."""
        self.program.ask({"issuer": server.issuer, "scope": self.scope} | self.metadata)

    async def sign_in(self, page: Page) -> None:
        """Click through to where somebody signs in, or has agreed before."""
        await page.goto(f"{self.url}/login")

    async def arrive(self, page: Page) -> dict[str, Any]:
        """Agree where that is asked for; return what the application knows of the person."""
        await page.wait_for_url(lambda url: "/consent?" in url or url == f"{self.url}/")
        if "/consent?" in page.url:
            await page.wait_for_timeout(600)  # the guard against a click that was not meant
            await page.click('button[name="decision"][value="allow"]')
            await page.wait_for_url(f"{self.url}/")
        return await read(page)

    async def look(self, page: Page) -> dict[str, Any]:
        """Have the application ask for the claims of the person."""
        await page.goto(f"{self.url}/")
        return await read(page)

    async def refresh(self, page: Page) -> dict[str, Any]:
        """Have the application refresh its tokens, and ask again."""
        await page.goto(f"{self.url}/expire")
        return await read(page)


async def read(page: Page) -> dict[str, Any]:
    """Return the JSON that a page shows."""
    found: dict[str, Any] = json.loads(await page.inner_text("body"))
    return found


@contextmanager
def database(engine: str, folder: Path):
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'ostiary.db'}"
    else:
        with postgres.cluster() as cluster:
            yield cluster.url(cluster.create())


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailServer(tmp_path_factory.mktemp("mail")) as mail:
        yield mail


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def apps_and_server(request, tmp_path_factory, mail):
    """The applications, and a server of two processes on which people can register."""
    folder = tmp_path_factory.mktemp("joining")
    with ExitStack() as stack:
        apps = {}
        for name in SCOPES:
            process = Process([sys.executable, PROGRAM], folder=folder, name=name)
            apps[name] = App(name, stack.enter_context(Conversation(process)))
        settings = {"database_url": stack.enter_context(database(request.param, folder))}
        running = Server(folder / "server", smtp=mail.settings, workers=2, **settings)
        stack.enter_context(running)
        declared = acme.organization(*(app.metadata for app in apps.values()))
        declared["instance"]["policies"] = {"user_registration": {"mode": "open"}}
        owner = {"user": acme.USERNAME, "role": "org_owner", "organization": "acme"}
        running.apply(declared | {"administrators": [owner]})
        for app in apps.values():
            app.connect(running)
        yield apps, running


@pytest.fixture
def apps(apps_and_server) -> dict[str, App]:
    return apps_and_server[0]


@pytest.fixture
def mail_server(apps_and_server) -> Server:
    return apps_and_server[1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@asynccontextmanager
async def person(browser: Browser):
    """Somebody at a browser of their own."""
    context = await browser.new_context(locale="en")
    yield await context.new_page()
    await context.close()


async def sign_in(page: Page, username: str, password: str) -> None:
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.click("form[data-once] button[type=submit]")


async def enter(page: Page, **fields: str) -> None:
    """Fill in the one form of a page, and send it."""
    for name, value in fields.items():
        await page.fill(f"#{name}", value)
    await page.click("form button[type=submit]")


async def invite(browser: Browser, apps: dict[str, App], server: Server, address: str) -> None:
    """Have Alice sign in to the tool of ACME's administrators, which invites somebody for her."""
    async with person(browser) as page:
        await apps["desk"].sign_in(page)
        await sign_in(page, acme.USERNAME, acme.PASSWORD)
        known = await apps["desk"].arrive(page)
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{server.issuer}{management.PATH}/invitations",
            json={"organization": "acme", "email": address, "client_id": "photos"},
            headers={"Authorization": f"Bearer {known['tokens']['access_token']}"},
        )
    assert answer.status_code == 201, answer.text


async def test_an_invited_person_joins_by_the_mailed_link(browser, apps, mail_server, mail):
    address = f"guest-{mail_server.port}@acme.test"
    await invite(browser, apps, mail_server, address)
    received = mail.wait(to=address)
    assert "ACME invites you" in received.message["Subject"]
    async with person(browser) as page:
        await page.goto(received.link)
        await enter(page, given_name="Gus", new_password=CHOSEN)
        await expect(page.locator("h1")).to_have_text("Your account is ready")
        await apps["photos"].sign_in(page)
        await sign_in(page, address, CHOSEN)
        known = await apps["photos"].arrive(page)
        assert (known["userinfo"]["email"], known["userinfo"]["email_verified"]) == (address, True)
        await page.goto(received.link)
        await expect(page.locator("h1")).to_have_text("This link no longer works")


async def test_from_registering_to_removing_one_of_two_apps(browser, apps, mail_server, mail):
    address = f"nora-{mail_server.port}@acme.test"
    photos, notes = apps["photos"], apps["notes"]
    async with person(browser) as page:
        joined = await register(page, photos, mail, address)
        assert joined["userinfo"]["email"] == address
        assert joined["userinfo"]["email_verified"] is True
        assert joined["claims"]["acr"] == "urn:ostiary:acr:1fa"
        await recover(page, photos, mail, address)
        await plug_in(page)
        await enrol_passkey(page, mail_server)

        # The passkey alone is enough for the one app, and its session for the other one.
        await page.context.clear_cookies()
        await page.add_init_script(WITHOUT_SUGGESTIONS)
        await photos.sign_in(page)
        await page.click("button:has-text('Sign in with a passkey')")
        strong = await photos.arrive(page)
        assert (strong["claims"]["sub"], strong["claims"]["acr"]) == (
            joined["claims"]["sub"],
            "phr",
        )
        await notes.sign_in(page)
        assert (await notes.arrive(page))["userinfo"]["given_name"] == "Nora"
        await remove_app(page, mail_server, "Photos", "Notes")
        await expect_refused(page, photos)
        for _ in range(2):
            before = await notes.look(page)
            after = await notes.refresh(page)
            assert after["userinfo"] == before["userinfo"]
            assert after["tokens"]["access_token"] != before["tokens"]["access_token"]
            assert after["tokens"]["refresh_token"] != before["tokens"]["refresh_token"]
        # Whoever removed an app may come back to it, and is asked again.
        await photos.sign_in(page)
        await page.wait_for_url("**/consent?**")
        assert (await photos.arrive(page))["userinfo"]["email"] == address


async def register(page: Page, app: App, mail: MailServer, address: str) -> dict[str, Any]:
    """Make an account on the way to an app, by the code that is mailed."""
    await app.sign_in(page)
    await page.get_by_role("link", name="Create an account").click()
    await enter(page, email=address, given_name="Nora", new_password=CHOSEN)
    await expect(page.locator("#code")).to_be_visible()
    found = re.search(r"\b[0-9]{6}\b", mail.wait(to=address).part("plain"))
    assert found is not None
    await enter(page, code=found[0])
    return await app.arrive(page)


async def recover(page: Page, app: App, mail: MailServer, address: str) -> None:
    """Forget the password, later and signed out, and choose another one by the mailed link."""
    await page.context.clear_cookies()
    await app.sign_in(page)
    await sign_in(page, address, "what was it")
    await expect(page.locator("[role=alert]")).to_contain_text("do not match")
    await page.get_by_role("link", name="Forgot your password?").click()
    await enter(page, username=address)
    await expect(page.locator("h1")).to_have_text("Look into your mail")
    await page.goto(mail.wait(2, to=address).link)
    await enter(page, new_password=RECOVERED)
    await expect(page.locator("h1")).to_have_text("Your password is changed")
    # What the app had of the person ended with the old password.
    other_tab = await page.context.new_page()
    await expect_refused(other_tab, app)
    await other_tab.close()
    await page.get_by_role("link", name="Go on to Photos").click()
    await sign_in(page, address, CHOSEN)
    await expect(page.locator("[role=alert]")).to_contain_text("do not match")
    await sign_in(page, address, RECOVERED)
    assert (await app.arrive(page))["userinfo"]["email"] == address


async def enrol_passkey(page: Page, server: Server) -> None:
    """Set up a passkey on the account pages."""
    await page.goto(f"{server.issuer}/account")
    await page.click("main >> text=Ways to sign in")
    await page.click("a.primary")
    await page.click("text=Passkey")
    await page.fill("#name", "Laptop")
    await page.click("button:has-text('Create passkey')")
    await expect(page.locator("h1")).to_have_text("Keep your recovery codes")
    await page.click("text=I have kept them")
    await page.wait_for_url(f"{server.issuer}/account/methods")
    await expect(page.locator("main h2", has_text="Laptop")).to_have_count(1)


async def remove_app(page: Page, server: Server, gone: str, left: str) -> None:
    """Remove one of the connected apps, each of which is shown."""
    await page.goto(f"{server.issuer}/account")
    await page.click("main >> text=Connected apps")
    row = page.locator("li", has=page.locator("h2", has_text=gone))
    await row.locator("summary").click()
    await row.locator("button").click()
    await expect(page.locator("[role=status]")).to_contain_text("can no longer use")
    await expect(page.locator("main h2", has_text=gone)).to_have_count(0)
    await expect(page.locator("main h2", has_text=left)).to_have_count(1)


async def expect_refused(page: Page, app: App) -> None:
    """An app gets nothing by its access token, and nothing by its refresh token."""
    assert "401 Unauthorized" in (await app.look(page))["error"]
    assert "invalid_grant" in (await app.refresh(page))["error"]
