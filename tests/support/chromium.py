"""The real Chromium of the system, driven by Playwright."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root, as in a container
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser with a fresh profile, and end it with the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def profile(folder: Path) -> AsyncIterator[BrowserContext]:
    """Start a browser whose frames of other sites get the cookies that are for them.

    Other contexts are private windows, which withhold them.
    """
    (folder / "Default").mkdir(parents=True)
    preferences = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (folder / "Default/Preferences").write_text(json.dumps(preferences))
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=find(), args=ARGUMENTS
        )
        try:
            yield context
        finally:
            await context.close()


@asynccontextmanager
async def tab(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Open a tab of its own, in which nothing may break the page's own policy."""
    context = await browser.new_context(**options)
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", noting(problems))
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    # Chromium reports each answer of 400 and above there, too.
    assert not [text for text in problems if "status of 4" not in text]
    await context.close()


def find() -> str:
    """Return where the browser is."""
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: run scripts/set-up browser"
    return executable


def noting(problems: list[str]) -> Callable[[ConsoleMessage], None]:
    """Return a listener that notes what a page has in its console.

    That the browser leaves the focus where a driver put it before the page got it is no problem.
    """

    def note(message: ConsoleMessage) -> None:
        if "Autofocus processing was blocked" not in message.text:
            problems.append(message.text)

    return note
