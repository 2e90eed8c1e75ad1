"""The programs of examples/ as people get them: registered, written out and run.

Each is a real process with the real library, told nothing but its variables.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ostiary.testing.browser import Browser
from support import acme, devices
from support.chromium import chromium
from support.examples import commands_of, install, run, wait_for, write_out
from support.process import Process, free_port
from support.static import serve_files

WEB = {
    "fastapi": ("/auth", "/login", "Hello, Alice Adams"),
    "flask": ("/auth", "/login", "Hello, Alice Adams"),
    "django": ("/oidc/callback/", "/oidc/authenticate/", "Hello, alice@acme.test"),
    "express": ("/callback", "/login", "Hello, Alice Adams"),
}


@pytest.mark.parametrize("preset", WEB)
def test_a_web_application_signs_in(server, tmp_path, preset):
    path, login, greeting = WEB[preset]
    origin = f"http://localhost:{free_port()}"
    folder = tmp_path / preset
    made = write_out(server, folder, preset, origin + path)
    install(folder)
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    process = run(folder, *commands_of(server, made["client_id"], preset))
    with process, Browser(origin, live=True) as browser:
        wait_for(origin, process)
        page = browser.sign_in(origin + login, acme.USERNAME, acme.PASSWORD)
        assert page.status == 200, page.text + process.output()
        assert greeting in browser.visit(f"{origin}/").text, page.text + process.output()


@pytest.mark.interop
def test_apache_signs_in_for_what_is_behind_it(server):
    origin = f"http://localhost:{free_port()}"
    # Apache's children leave root, who may be running the tests.
    user = ' -C "User www-data" -C "Group www-data"' if os.geteuid() == 0 else ""
    upstream = serve_files({"/index.html": b"<p>Behind it</p>"})
    with TemporaryDirectory() as place, upstream as behind:
        Path(place).chmod(0o755)
        folder = Path(place) / "apache"
        made = write_out(server, folder, "apache", f"{origin}/callback")
        first, *others, last = commands_of(server, made["client_id"], "apache")
        process = run(folder, first, f"UPSTREAM={behind}/", *others, last + user)
        with process, Browser(origin, live=True) as browser:
            wait_for(origin, process)
            page = browser.sign_in(f"{origin}/", acme.USERNAME, acme.PASSWORD)
            assert page.text == "<p>Behind it</p>", process.output()


@pytest.mark.interop
@pytest.mark.timeout(600)
def test_a_go_application_signs_in(server, tmp_path):
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain here: install Go 1.26 or newer to run this program")
    origin = f"http://localhost:{free_port()}"
    folder = tmp_path / "go"
    made = write_out(server, folder, "go", f"{origin}/callback")
    built = subprocess.run(
        ["go", "build", "-o", "program", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert commands_of(server, made["client_id"], "go")[-1] == "go run ."
    process = run(folder, "set -a; . ./.env; set +a", "./program")
    with process, Browser(origin, live=True) as browser:
        wait_for(origin, process)
        page = browser.sign_in(f"{origin}/login", acme.USERNAME, acme.PASSWORD)
        assert "Hello, Alice Adams" in page.text, page.text + process.output()


@pytest.mark.parametrize("preset", ["spa", "react"])
async def test_a_single_page_application_signs_in_and_out(server, tmp_path, preset):
    origin = f"http://localhost:{free_port()}"
    folder = tmp_path / preset
    made = write_out(server, folder, preset, f"{origin}/")
    install(folder)
    process = run(folder, *commands_of(server, made["client_id"], preset))
    with process:
        wait_for(origin, process)
        async with chromium() as browser:
            page = await browser.new_page()
            await page.goto(origin)
            await page.click("button:enabled")
            await page.fill('input[name="username"]', acme.USERNAME)
            await page.fill('input[name="password"]', acme.PASSWORD)
            await page.click("button[type=submit]")
            await page.wait_for_function("document.querySelector('#said')?.textContent")
            assert await page.text_content("#said") == "Hello, Alice Adams"
            assert page.url == f"{origin}/"
            # Nothing that another script could take is left in the browser.
            stored = await page.evaluate("JSON.stringify([localStorage, sessionStorage])")
            assert "token" not in stored
            await page.click("button:enabled")
            await page.wait_for_url(f"{server.issuer}/**")


def test_a_machine_gets_a_token(server, tmp_path):
    folder = tmp_path / "machine"
    made = write_out(server, folder, "m2m", None)
    process = run(folder, *commands_of(server, made["client_id"], "m2m"))
    with process:
        assert process.child.wait(60) == 0, process.output()
    assert "A token for 600 seconds" in process.output()


def line_with(process: Process, word: str) -> str:
    """Wait until the program says a line with this word."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for line in process.output().splitlines():
            if word in line:
                return line
        assert process.exit_code is None, process.output()
        time.sleep(0.05)
    raise AssertionError(process.output())


def test_somebody_signs_in_to_a_command(server, tmp_path):
    folder = tmp_path / "cli"
    made = write_out(server, folder, "cli", None)
    process = run(folder, *commands_of(server, made["client_id"], "cli"))
    # A machine without a browser; the program says the address anyway.
    process.environment["BROWSER"] = "true %s"
    with process, Browser("http://127.0.0.1", live=True) as browser:
        url = line_with(process, "Opening ").removeprefix("Opening ")
        page = browser.sign_in(url, acme.USERNAME, acme.PASSWORD)
        assert page.text == "You can close this window."
        assert line_with(process, "Hello") == "Hello, Alice Adams"
        assert process.child.wait(30) == 0


async def test_somebody_signs_in_on_a_device(server, tmp_path):
    folder = tmp_path / "device"
    made = write_out(server, folder, "device", None)
    install(folder)
    process = run(folder, *commands_of(server, made["client_id"], "device"))
    with process:
        line = line_with(process, "enter ")
        url, _, code = line.removeprefix("Open ").partition(" and enter ")
        await devices.approve(url, code, complete=False)
        assert line_with(process, "Hello") == "Hello, Alice Adams"
