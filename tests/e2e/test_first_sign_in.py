"""From `ostiary advise --create` in a terminal to *verified*: for each kind of program."""

import shutil
import subprocess

import pytest

from support import acme
from support.chromium import chromium
from support.examples import commands_of, install, run, wait_for
from support.process import free_port

CASES = {
    "fastapi": ("/auth", "text=Sign in"),
    "express": ("/callback", "text=Sign in"),
    "spa": ("/", "button:enabled"),
    "go": ("/callback", "text=Sign in"),
}


def advise(server, framework: str, redirect_uri: str, folder) -> dict:
    """Say what it is built with, and what it is for."""
    answers = f"framework={framework},purpose=login"
    if framework == "spa":
        answers += ",backend=no"
    return server.run(
        *("advise", "--answers", answers, "--create", "Shop"),
        *("--redirect-uri", redirect_uri, "--project", "shop", "--folder", folder),
    )


def check(server, client_id: str, *options: str) -> dict:
    """Ask how far the application is; the exit code is 6 until it works."""
    command = [*server.process.command[:3], "app", "verify", client_id, *options, "--json"]
    done = subprocess.run(
        [*command, "--config", str(server.configuration)],
        cwd=server.folder,
        env=server.process.environment,
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    found = server.parse(done.stdout)
    assert done.returncode == (0 if found["verified"] else 6), done.stdout + done.stderr
    return found


@pytest.mark.parametrize(
    "framework",
    [
        *("fastapi", "express", "spa"),
        pytest.param("go", marks=[pytest.mark.interop, pytest.mark.timeout(600)]),
    ],
)
async def test_from_a_question_to_a_verified_application(server, tmp_path, framework):
    path, button = CASES[framework]
    origin = f"http://localhost:{free_port()}"
    folder = tmp_path / framework
    made = advise(server, framework, origin + path, folder)
    client_id = made["application"]["client_id"]
    before = check(server, client_id)
    assert before["verified"] is False
    assert {step["seen_at"] for step in before["steps"]} == {None}

    install(folder)
    commands = commands_of(server, client_id, framework)
    if framework == "go":
        if shutil.which("go") is None:
            pytest.skip("no Go toolchain here: install Go 1.26 or newer to run this program")
        commands[-1:] = ["go build -o program .", "./program"]
    process = run(folder, *commands)
    with process:
        wait_for(origin, process, seconds=300)
        async with chromium() as browser:
            page = await browser.new_page()
            await page.goto(origin)
            await page.click(button)
            await page.fill('input[name="username"]', acme.USERNAME)
            await page.fill('input[name="password"]', acme.PASSWORD)
            await page.click("button[type=submit]")
            await page.wait_for_selector("text=Hello, Alice Adams")
    after = check(server, client_id, "--wait", "60")
    assert after["verified"] is True
    steps = {step["id"]: step["seen_at"] for step in after["steps"]}
    assert all(steps[name] for name in ("request", "pkce", "token"))
    assert after["failures"] == []
