"""/advisor in real Chromium: by clicks alone, without script, narrow, dark, and by axe."""

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from support.chromium import chromium

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PLACES = [
    "",
    "?who=person&where=browser",
    "?framework=fastapi&purpose=away",
    "?who=person&where=elsewhere&purpose=login",
    "?who=nobody&credential=platform&risk=high",
    "?who=person&where=browser&backend=no&purpose=apis&legacy=implicit",
    "?who=someone",
]
WIDTHS = [1280, 768, 320]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def test_s4_01_s4_02_by_clicks_alone_and_without_script(server, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en")
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{server.issuer}/advisor")
    await page.get_by_text("A person", exact=True).click()
    await page.get_by_role("link", name="Only in the browser").click()
    await page.get_by_role("link", name="No, there are only static files").click()
    await page.get_by_role("link", name="To call APIs while the person is there").click()
    await expect(page.locator("h1")).to_have_text("Single-page application")
    assert page.url.endswith("/advisor?who=person&where=browser&backend=no&purpose=apis")
    # The first of what is left, should that be impossible, is the safer one.
    await page.locator("#fallbacks ~ ol a").first.click()
    await expect(page.locator("h1")).to_have_text("Backend for the frontend")
    await page.get_by_role("link", name="Change: Could a small backend").click()
    await expect(page.locator("#question")).to_have_text(
        "Could a small backend on the same site hold the tokens?"
    )
    assert all(url.startswith(server.issuer) for url in asked)
    assert not any(url.endswith(".js") for url in asked)
    # Nothing is remembered about whoever only asks.
    assert await context.cookies() == []
    await context.close()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(server, browser: Browser, scheme, language) -> None:
    context = await browser.new_context(color_scheme=scheme, locale=language)
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for place in PLACES:
        await page.goto(f"{server.issuer}/advisor{place}")
        assert await page.locator("html").get_attribute("lang") == language
        for summary in await page.locator("summary").all():
            if not await summary.evaluate("one => one.parentElement.open"):
                await summary.click()
        results = await Axe().run(
            page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]}
        )
        assert results.violations_count == 0, (place, results.generate_report())
    assert [text for text in said if "status of 400" not in text] == []
    await context.close()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_wcag_1_4_10_nothing_scrolls_sideways(server, browser: Browser, language) -> None:
    context = await browser.new_context(locale=language)
    page = await context.new_page()
    for place in PLACES:
        await page.goto(f"{server.issuer}/advisor{place}")
        await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 640})
            spill = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert spill <= 0, (place, width)
        # And with text at twice the size (1.4.4).
        await page.set_viewport_size({"width": 640, "height": 900})
        await page.evaluate("document.documentElement.attributeStyleMap.set('font-size', '200%')")
        spill = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert spill <= 0, place
    await context.close()


async def test_wcag_2_5_8_what_one_presses_is_44_pixels_high(server, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 640})
    for place in PLACES:
        await page.goto(f"{server.issuer}/advisor{place}")
        small = await page.evaluate(
            # Links within a sentence are as high as its lines.
            "[...document.querySelectorAll('a, summary')]"
            ".filter(one => one.checkVisibility() && getComputedStyle(one).display !== 'inline')"
            ".filter(one => one.getBoundingClientRect().height < 43.5)"
            ".map(one => one.outerHTML)"
        )
        assert small == [], place
    await page.close()


async def test_forced_colours_keep_the_drawing(server, browser: Browser) -> None:
    context = await browser.new_context(forced_colors="active")
    page = await context.new_page()
    await page.goto(f"{server.issuer}/advisor{PLACES[2]}")
    colours = await page.evaluate(
        "['.drawing circle', '.drawing .number'].map("
        "one => getComputedStyle(document.querySelector(one)).fill)"
    )
    assert colours[0] != colours[1]
    await context.close()


async def test_a_first_visit_weighs_less_than_15_kb(server, browser: Browser) -> None:
    """On the wire, as Chromium counts it: headers, page, styles and icon."""
    for place in PLACES:
        context = await browser.new_context()
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await devtools.send("Network.enable")
        sizes: list[float] = []
        devtools.on(
            "Network.loadingFinished", lambda event, to=sizes: to.append(event["encodedDataLength"])
        )
        await page.goto(f"{server.issuer}/advisor{place}")
        await page.wait_for_load_state("networkidle")
        assert 3 <= len(sizes) <= 5
        assert sum(sizes) <= 15_000, (place, sizes)
        await context.close()
