"""/playground in real Chromium: every flow and every mistake by clicks, and every page by axe."""

import re
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from ostiary.playground.breaks import BREAKS, Place
from ostiary.playground.flows import FLOWS
from support.chromium import chromium, noting
from support.development import Development

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = [1280, 768, 320]
MAX_PAGES = 12
MAX_WEIGHT = 60_000

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def development(tmp_path_factory):
    with Development(tmp_path_factory.mktemp("development")) as running:
        yield running
        assert "Traceback" not in running.program.process.output()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


class Developer:
    """Somebody at the playground, in a profile of their own, who clicks."""

    def __init__(self, development, page: Page) -> None:
        self.ready = development.ready
        self.page = page
        self.said: list[str] = []
        # (method, path, what kind of request) of everything that was asked for.
        self.asked: list[tuple[str, str, str]] = []
        page.on("console", noting(self.said))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._note)

    def _note(self, request) -> None:
        assert request.url.startswith(self.ready["issuer"]), request.url
        path = urlsplit(request.url).path
        self.asked.append((request.method, path, request.resource_type))

    async def open(self, flow: str, broken: str = "") -> None:
        query = f"?break={broken}" if broken else ""
        await self.page.goto(f"{self.ready['issuer']}/playground/{flow}{query}")

    async def press(self) -> None:
        """Send the next request, and go through whatever pages that leads to."""
        page = self.page
        button = page.get_by_role("button", name=re.compile("^(Send|Go there|Sign it)$"))
        # The script sends first, and only then leaves the page.
        await page.evaluate("document.documentElement.dataset.left = ''")
        await button.click()
        await expect(page.locator("html[data-left]")).to_have_count(0)
        await self.come_back(page)

    async def come_back(self, page: Page) -> None:
        for _ in range(MAX_PAGES):
            await page.wait_for_load_state()
            path = urlsplit(page.url).path
            if path == "/login":
                await page.fill("#username", self.ready["username"])
                await page.fill("#password", self.ready["password"])
                await page.click("button[type=submit]")
            elif path == "/consent":
                # The buttons count once they have been in view for half a second.
                await page.wait_for_timeout(600)
                await page.click("button[value=allow]")
            elif path == "/device":
                await page.click("button[type=submit]")
            elif (
                path == "/playground/callback" and await page.locator("form[data-fragment]").count()
            ):
                await expect(page.locator("#done")).to_be_visible()
            elif path.startswith("/playground") or path in {"/device/done", "/oauth/v2/authorize"}:
                return
            else:
                await page.wait_for_timeout(100)
        raise AssertionError(page.url)

    async def decide(self) -> None:
        """Decide about the device in another tab."""
        async with self.page.context.expect_page() as opened:
            await self.page.get_by_role("link", name="Open the page to decide").click()
        tab = await opened.value
        await self.come_back(tab)
        assert urlsplit(tab.url).path == "/device/done"
        await tab.close()

    async def take(self, step_id: str) -> None:
        """Take a step, with what a person has to do for it."""
        if step_id == "poll":
            await self.decide()
        if step_id == "password":
            await self.page.fill("[name='p.username']", self.ready["username"])
            await self.page.fill("[name='p.password']", self.ready["password"])
        await self.press()

    async def status(self) -> str:
        """Return the first line of the answer that is shown."""
        shown = await self.page.get_by_label("Answer", exact=True).text_content()
        return (shown or "").split("\n")[0]


@asynccontextmanager
async def at_work(development, browser: Browser, **options):
    """Give a developer a new profile; nothing may be wrong in the console at the end."""
    context = await browser.new_context(locale="en", **options)
    try:
        developer = Developer(development, await context.new_page())
        yield developer
        # What endpoints refuse is what somebody wants to see here.
        refused = [one for one in developer.said if "status of 4" not in one]
        assert refused == []
    finally:
        await context.close()


@pytest.mark.parametrize("flow_id", sorted(FLOWS))
async def test_every_flow_by_clicks(development, browser: Browser, flow_id: str) -> None:
    flow = FLOWS[flow_id]
    async with at_work(development, browser) as developer:
        page = developer.page
        await page.goto(f"{developer.ready['issuer']}/playground")
        await page.get_by_role("link", name=re.compile(f"^{re.escape(flow.title)} ")).first.click()
        for step_id in flow.steps:
            await expect(page.locator("#next")).to_have_text(flow.step(step_id).title)
            await developer.take(step_id)
            if step_id == "logout":
                assert urlsplit(page.url).path == "/playground"
                break
            await expect(page.locator("#done")).to_contain_text(flow.step(step_id).title)
            await expect(page.locator(".checks .bad")).to_have_count(0)
            await expect(page.locator(".problem")).to_have_count(0)
        # What is shown was sent by the browser, and to the endpoints themselves.
        fetched = [(method, path) for method, path, kind in developer.asked if kind == "fetch"]
        wanted = [
            (step.method, step.path) for step in map(flow.step, flow.steps) if step.kind == "back"
        ]
        assert fetched == wanted


# One of each kind; in the process all of them are made (tests/unit/web/playground/test_flows.py).
MISTAKES = {broken.place: broken.id for broken in BREAKS.values()} | {"waits": "expired-code"}


@pytest.mark.parametrize("break_id", sorted(set(MISTAKES.values())))
async def test_mistakes_by_clicks(development, browser: Browser, break_id: str) -> None:
    broken = BREAKS[break_id]
    async with at_work(development, browser) as developer:
        page = developer.page
        await page.goto(f"{developer.ready['issuer']}/playground")
        await page.get_by_role("link", name=broken.title, exact=True).click()
        for step_id in broken.way.steps:
            if break_id == "expired-code" and step_id == "redeem":
                await page.wait_for_timeout(2100)
            await developer.press()
            if step_id == broken.at:
                break
        if broken.place is Place.PAGE:
            assert urlsplit(page.url).path == "/oauth/v2/authorize"
            await expect(page.locator("main")).to_contain_text(broken.error)
            return
        lesson = page.locator(".lesson")
        await expect(lesson).to_contain_text(broken.section)
        await expect(lesson).not_to_contain_text("something else")
        await expect(lesson).not_to_contain_text("Nothing differed")
        if broken.place is Place.ANSWER:
            assert await developer.status() == f"HTTP/1.1 {broken.status}"
        if broken.place is Place.CHECK:
            await expect(page.locator(".checks .bad")).not_to_have_count(0)


async def test_secrets_are_hidden_until_somebody_wants_to_see_them(
    development, browser: Browser
) -> None:
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    async with at_work(development, browser, **options) as developer:
        page = developer.page
        await developer.open("machine")
        secret = await page.locator("[name='basic.secret']").input_value()
        field = page.locator("[name='basic.secret']")
        await expect(field).to_have_css("-webkit-text-security", "disc")
        await page.get_by_role("button", name="Show client_secret (Basic)").click()
        await expect(field).to_have_css("-webkit-text-security", "none")
        await developer.press()
        token = await page.locator("[name='v.access_token']").input_value()
        for hidden in (secret, token):
            assert hidden not in await page.locator("main").inner_text()
        await page.get_by_label("Show secrets").check()
        shown = await page.locator("main").inner_text()
        assert token in shown
        await page.get_by_label("Show secrets").uncheck()
        await page.get_by_text("As a curl command").click()
        await page.get_by_role("button", name="Copy, with the secrets").first.click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("curl -i -u ")
        assert secret in copied
        assert "••" not in copied
        await expect(page.get_by_text("the answer took")).to_be_visible()


async def test_a_token_in_the_fragment_leaves_the_address_and_the_history(
    development, browser: Browser
) -> None:
    async with at_work(development, browser) as developer:
        page = developer.page
        await developer.open("implicit")
        await developer.press()
        await expect(page.locator("#done")).to_be_visible()
        assert page.url == f"{developer.ready['issuer']}/playground/callback"
        await page.go_back()
        assert "token" not in page.url
        await page.goto(f"{developer.ready['issuer']}/playground/callback")
        await expect(page.get_by_text("There is no answer")).to_be_visible()


async def test_a_code_leaves_the_address_as_well(development, browser: Browser) -> None:
    async with at_work(development, browser) as developer:
        await developer.open("code")
        await developer.press()
        await expect(developer.page.locator("[name='v.code']")).to_have_count(1)
        assert developer.page.url == f"{developer.ready['issuer']}/playground/callback"


async def test_the_server_sends_where_the_box_is_not_ticked(development, browser: Browser) -> None:
    async with at_work(development, browser) as developer:
        await developer.open("machine")
        await developer.page.get_by_label("Send it from this browser").uncheck()
        await developer.press()
        assert await developer.status() == "HTTP/1.1 200"
        assert not [one for one in developer.asked if one[2] == "fetch"]


async def test_without_javascript_and_by_keyboard_alone(development, browser: Browser) -> None:
    async with at_work(development, browser, java_script_enabled=False) as developer:
        page = developer.page
        await page.goto(f"{developer.ready['issuer']}/playground")
        await page.get_by_role("link", name=re.compile("^Client credentials ")).focus()
        await page.keyboard.press("Enter")
        await page.get_by_label("scope", exact=True).focus()
        # To send is what Enter in a field does.
        await page.keyboard.press("Enter")
        assert await developer.status() == "HTTP/1.1 200"
        await page.get_by_role("button", name="Revocation").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#next")).to_have_text("Revocation")
        await page.get_by_role("button", name="Send", exact=True).focus()
        await page.keyboard.press("Enter")
        assert await developer.status() == "HTTP/1.1 200"


async def show_index(developer: Developer) -> None:
    await developer.page.goto(f"{developer.ready['issuer']}/playground")


async def show_first(developer: Developer) -> None:
    await developer.open("code")


async def show_answer(developer: Developer) -> None:
    await developer.open("code")
    await developer.press()


async def show_tokens(developer: Developer) -> None:
    await show_answer(developer)
    await developer.press()


async def show_lesson(developer: Developer) -> None:
    await developer.open("code", "stale-nonce")
    await developer.press()
    await developer.press()


async def show_problem(developer: Developer) -> None:
    await developer.open("code", "plain")
    await developer.press()


async def show_device(developer: Developer) -> None:
    await developer.open("device")
    await developer.press()


async def show_panel(developer: Developer) -> None:
    await show_tokens(developer)
    token = await developer.page.locator("[name='v.id_token']").input_value()
    await developer.page.goto(f"{developer.ready['issuer']}/playground/token")
    await developer.page.fill("#token", token)
    await developer.page.get_by_role("button", name="Take it apart").click()
    await expect(developer.page.locator("#found")).to_be_visible()


async def show_lost(developer: Developer) -> None:
    await developer.page.goto(f"{developer.ready['issuer']}/playground/callback?code=x")


STATES = [
    *(show_index, show_first, show_answer, show_tokens, show_lesson),
    *(show_problem, show_device, show_panel, show_lost),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("show", STATES)
async def test_every_page_is_accessible_narrow_and_light(
    development, browser: Browser, show, scheme
) -> None:
    """By axe, without scrolling sideways, 44 pixels to press, and at most 60 kB in all."""
    async with at_work(development, browser, color_scheme=scheme) as developer:
        page = developer.page
        await show(developer)
        # As it is on the wire, with styles, script and icon.
        sizes = await page.evaluate(
            "[...performance.getEntriesByType('navigation'),"
            "...performance.getEntriesByType('resource')].map(one => one.encodedBodySize)"
        )
        assert 4 <= len(sizes) <= 8
        assert sum(sizes) <= MAX_WEIGHT, sizes
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = await Axe().run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 640})
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, width
        small = await page.evaluate(
            # Links within a sentence are as high as its lines.
            "[...document.querySelectorAll('a, summary, button')]"
            ".filter(one => one.checkVisibility() && getComputedStyle(one).display !== 'inline')"
            ".filter(one => one.getBoundingClientRect().height < 43.5)"
            ".map(one => one.outerHTML)"
        )
        assert small == []
