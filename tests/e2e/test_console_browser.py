"""The console in a real Chromium, as three kinds of administrators: every page by every link.

No page breaks its own policy, writes to the browser's console, fails, has a fault that axe
finds, spills over at 320 pixels, weighs more than 60 kB, or lacks a text.
"""

import re
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Response, expect

from support import acme
from support.chromium import chromium, tab
from support.server import Server

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MAX_BYTES = 60 * 1024
# Role, where it is held, and what a walk has to come past at least.
ROLES = {
    "instance_owner": ({}, {"/console/keys", "/console/policies", "/console/organizations"}),
    "org_owner": ({"organization": "acme"}, {"/console/users", "/console/invitations"}),
    "project_owner": ({"project": "shop"}, {"/console/applications", "/console/roles"}),
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def console_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("console")) as running:
        shop = acme.web_application("shop-web", redirect_uris=["https://shop.test/callback"])
        declared = acme.organization(shop)
        (organization,) = declared["organizations"]
        names = {role: role.replace("_", "-") for role in ROLES}
        people = [
            {"username": name, "password": {"plain": acme.PASSWORD}} for name in names.values()
        ]
        organization["users"] = [*organization["users"], *people]
        declared["administrators"] = [
            {"user": names[role], "role": role, **place} for role, (place, _) in ROLES.items()
        ]
        running.apply(declared)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def sign_in(page: Page, server: Server, role: str, path: str = "/console") -> None:
    """Go to a page of the console, and sign in on the way."""
    await page.goto(server.issuer + path)
    await page.fill("#username", role.replace("_", "-"))
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url(lambda url: "/login?" not in url)


def shape_of(url: str) -> str:
    """Return an address without what tells things of one kind apart."""
    parts = urlsplit(url)
    path = parts.path
    if not path.startswith("/console/do/"):
        path = re.sub(r"(/console/[a-z-]+/).+", r"\1…", path)
    return path + "?" + ",".join(sorted({one.partition("=")[0] for one in parts.query.split("&")}))


class Walk:
    """A walk over the links of the console, which looks at each page once."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.seen: set[str] = set()
        self.paths: set[str] = set()
        self.weights: dict[str, int] = {}

    async def go(self) -> None:
        waiting = ["/console"]
        while waiting:
            url = waiting.pop()
            shape = shape_of(url)
            if shape in self.seen:
                continue
            self.seen.add(shape)
            self.paths.add(urlsplit(url).path)
            answer = await self.page.goto(self.server.issuer + url)
            assert answer is not None
            await self.look(url, answer)
            links = await self.page.eval_on_selector_all(
                # What is taken away as a file is no page.
                "a[href]:not([download])",
                "all => all.map(one => one.getAttribute('href'))",
            )
            waiting += [
                one
                for one in links
                if one.startswith("/console") and not one.startswith("/console/switch")
            ]

    async def look(self, url: str, answer: Response) -> None:
        """This page is whole, light, and has no fault that axe finds."""
        assert answer.status == 200, url
        body = await answer.body()
        assert len(body) < MAX_BYTES, (url, len(body))
        await expect(self.page.locator("h1")).to_have_count(1)
        spill = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, url
        found = await Axe().run(self.page, options={"runOnly": STANDARDS})
        assert found.violations_count == 0, (url, found.generate_report())


@pytest.mark.timeout(900)  # a hundred pages, each looked at by axe
@pytest.mark.parametrize(
    ("role", "options"),
    [
        ("instance_owner", {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}),
        ("org_owner", {"viewport": {"width": 1280, "height": 800}, "locale": "de"}),
        ("project_owner", {"viewport": {"width": 768, "height": 800}, "locale": "en"}),
    ],
    ids=list(ROLES),
)
async def test_every_page_of_the_console(console_server, browser, role, options) -> None:
    async with tab(browser, **options) as page:
        await sign_in(page, console_server, role)
        walk = Walk(page, console_server)
        await walk.go()
        assert walk.paths >= ROLES[role][1]


async def test_without_a_script_an_application_is_made_by_clicking(console_server, browser) -> None:
    async with tab(browser, java_script_enabled=False, locale="en") as page:
        await sign_in(page, console_server, "project_owner")
        await page.click('nav a[href="/console/applications"]')
        await page.click("text=Add an application")
        await page.fill("[name=client_name]", "Made by hand")
        await page.fill("[name=redirect_uris]", "https://hand.test/callback")
        await page.click("button[value=do]")
        await expect(page.locator("main")).to_contain_text("never shown again")
        await expect(page.locator("h1")).to_have_text("Quick start of Made by hand")
        # Another program gets the same secret, which is still on the page.
        secret = await page.locator(".facts-list dd").last.inner_text()
        await page.click("text=Built with something else?")
        await page.click("text=Go with go-oidc")
        await expect(page.locator("main")).to_contain_text(f"OIDC_CLIENT_SECRET={secret}")
        await page.click(".crumbs >> text=Made by hand")
        await expect(page.locator("h1")).to_have_text("Made by hand")
        assert "https://hand.test/callback" in await page.inner_text("main")


async def test_the_keyboard_alone_leads_through_a_form(console_server, browser) -> None:
    async with tab(browser, locale="en") as page:
        await sign_in(page, console_server, "org_owner", "/console/do/create_group")
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        field = page.locator("[name=key]")
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await field.evaluate("one => one === document.activeElement"):
                break
        await page.keyboard.type("keyboard")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/groups/*")
        await expect(page.locator("h1")).to_have_text("keyboard")


async def test_the_audit_log_is_watched_as_it_grows(console_server, browser) -> None:
    async with tab(browser, locale="en") as page:
        await sign_in(page, console_server, "org_owner", "/console/events?type=group.*")
        group = ("group", "create", "watched", "--organization", "acme")
        console_server.run("group", "create", "before", "--organization", "acme")
        await page.reload()
        await page.click("text=Watch it live")
        await expect(page.locator("[data-live]")).to_have_attribute("aria-pressed", "true")
        rows = page.locator("main tbody tr")
        before = await rows.count()
        console_server.run(*group)
        await expect(rows).to_have_count(before + 1, timeout=20_000)
        await page.click("text=Watch it live")
        await expect(page.locator("[data-live]")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [320, 1280])
async def test_the_quick_start_of_an_application_is_whole(console_server, browser, width) -> None:
    made = console_server.run("app", "create", "--preset", "fastapi", "--name", "Quick")
    path = f"/console/applications/{made['client_id']}/quickstart"
    async with tab(browser, viewport={"width": width, "height": 800}) as page:
        await sign_in(page, console_server, "instance_owner")
        walk = Walk(page, console_server)
        for url in (path, f"{path}?stack=django"):
            answer = await page.goto(console_server.issuer + url)
            await walk.look(url, answer)
            await page.click("summary >> nth=-1")
            await page.wait_for_selector("text=Go with go-oidc")
