"""From the advisor to *verified* by clicking alone, in real Chromium: four kinds of programs.

One window is in the console and stays open; the program is used in another.
"""

import shutil
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from support import acme
from support.chromium import chromium, noting
from support.examples import install, run, wait_for
from support.process import free_port
from support.server import Server

# What it is built with, as the advisor calls it, and what it asks besides.
STACKS = {
    "fastapi": ("FastAPI or Starlette", ()),
    "express": ("Express with express-openid-connect", ()),
    "spa": (
        "Single-page application with oidc-client-ts",
        ("No, there are only static files",),
    ),
    "go": ("Go with go-oidc", ()),
}
# The test stands in for these: the libraries are those of the tests.
INSTALLATION = ("python -m venv", ". .venv", "pip install", "npm install")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def clicked_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("clicks")) as running:
        declared = acme.organization()
        owner = {"user": acme.USERNAME, "role": "project_owner", "project": "shop"}
        running.apply(declared | {"administrators": [owner]})
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with chromium() as browser:
        yield browser


async def sign_in(page: Page) -> None:
    """Sign in as the administrator, who is the one to try the program as well."""
    await page.fill("#username", acme.USERNAME)
    await page.fill("#password", acme.PASSWORD)
    await page.click("button[type=submit]")


async def create(page: Page, issuer: str, framework: str, answers: tuple[str, ...]) -> str:
    """Go from the first question to the quick start; return where the program will be."""
    await page.goto(f"{issuer}/advisor")
    for words in (framework, *answers, "Only to know who it is", "Create it in the console"):
        await page.get_by_role("link", name=words, exact=words == framework).click()
    await sign_in(page)
    await page.wait_for_url("**/console/do/create_application?**")
    await page.get_by_label("Name", exact=True).fill("Till")
    # The address is there already; another port only because here several servers run at once.
    addresses = page.get_by_label("Redirect URIs")
    present = urlsplit(await addresses.input_value())
    assert present.hostname == "localhost"
    address = present._replace(netloc=f"localhost:{free_port()}")
    await addresses.fill(address.geturl())
    await page.get_by_role("button", name="Add an application").click()
    await expect(page.locator("h1")).to_have_text("Quick start of Till")
    await expect(page.get_by_role("heading", name=f"Begin with {framework}")).to_be_visible()
    return address._replace(path="/", query="").geturl()


async def download(page: Page, folder: Path) -> list[str]:
    """Take the program away; return the commands that the page says, in its folder."""
    async with page.expect_download() as taken:
        await page.get_by_role("button", name=f"Download {folder.name}.zip").click()
    with zipfile.ZipFile(await (await taken.value).path()) as archive:
        archive.extractall(folder.parent)
    written = await page.locator("h3:has-text('Run it') + pre").inner_text()
    return [line for line in written.splitlines() if not line.startswith(INSTALLATION)]


@pytest.mark.parametrize(
    "stack",
    [
        *("fastapi", "express", "spa"),
        pytest.param("go", marks=[pytest.mark.interop, pytest.mark.timeout(600)]),
    ],
)
async def test_from_a_question_to_a_verified_application(clicked_server, browser, tmp_path, stack):
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", noting(problems))
    page.on("pageerror", lambda error: problems.append(str(error)))
    url = await create(page, clicked_server.issuer, *STACKS[stack])
    if stack != "spa":
        await expect(page.locator("main")).to_contain_text("Keep this now")
    await expect(page.locator("#steps")).to_have_text("Waiting for the first sign-in")
    folder = tmp_path / stack
    commands = await download(page, folder)
    install(folder)
    if stack == "go":
        if shutil.which("go") is None:
            pytest.skip("no Go toolchain here: install Go 1.26 or newer to run this program")
        commands[-1:] = ["go build -o program .", "./program"]
    process = run(folder, *commands)
    with process:
        wait_for(url, process, seconds=300)
        await try_it(page, url)
    # What the watching page is told once nobody is signed in.
    assert not [text for text in problems if "status of 401" not in text]
    await context.close()


async def try_it(page: Page, url: str) -> None:
    """Sign in to the program and out of it again, and see the console tell of both."""
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name=url).click()
    program = await opened.value
    await program.get_by_text("Sign in", exact=True).click()
    await expect(program.locator("body")).to_contain_text("Hello, Alice Adams")
    # Nobody loads the first window anew.
    await expect(page.locator("#steps")).to_have_text("Verified: it works", timeout=20_000)
    for step in ("request", "pkce", "token"):
        await expect(page.locator(f"[data-step={step}]")).not_to_contain_text("not yet")
    leave = program.get_by_text("Sign out", exact=True)
    if await leave.count():
        await leave.click()
        await expect(program.locator("h1")).to_have_text("You are signed out")
        await expect(program.locator("main")).not_to_contain_text("Error")
        # Both have been used by one person, who was signed out of both.
        await expect(page.locator("[data-ended]")).to_be_visible(timeout=20_000)
        await page.get_by_role("link", name="Look again").click()
        await sign_in(page)
        await expect(page.locator("#steps")).to_have_text("Verified: it works")
        await expect(page.locator("[data-step=logout]")).not_to_contain_text("not yet")
        await expect(page.locator("main")).not_to_contain_text("Keep this now")
