"""/api/docs in a real browser: narrow, dark, without script, and by axe."""

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from support.chromium import chromium

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
async def test_the_page_is_readable(server, browser: Browser, width, scheme):
    page = await browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    said = []
    page.on("console", lambda message: said.append(message.text))
    await page.goto(f"{server.issuer}/api/docs")
    # Long lines of examples scroll within themselves, and nothing else does.
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.click("nav a[href='#users']")
    assert await page.evaluate("location.hash") == "#users"
    dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == ("rgb(15, 18, 24)" if scheme == "dark" else "rgb(255, 255, 255)")
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    assert found.violations_count == 0, found.generate_report()
    assert said == []
    await page.close()


async def test_nothing_of_it_needs_a_script(server, browser: Browser):
    page = await browser.new_page(java_script_enabled=False)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{server.issuer}/api/docs")
    await page.click("summary >> nth=0")
    assert await page.is_visible("details >> nth=0 >> pre")
    assert all(url.startswith(server.issuer) for url in asked)
    assert not any(url.endswith(".js") for url in asked)
    await page.close()
