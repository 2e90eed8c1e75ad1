"""The examples of docs/how-to run as they are written there, against a running server."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from support import acme
from support.browser import Browser
from support.chromium import chromium
from support.process import Process, clean_environment, free_port
from support.static import serve_files

HERE = Path(__file__).parent
HOW_TO = HERE.parents[1] / "docs/how-to"
DOCUMENTED_ISSUER = "http://localhost:8080"


def example(page: str, language: str, number: int = 0) -> str:
    """Return a fenced block of a page."""
    text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found[number]


def apply_example(server, page: str, replace: dict[str, str] | None = None) -> dict[str, str]:
    """Apply the page's registration; return the secrets that were made, by client id."""
    text = example(page, "yaml")
    for old, new in (replace or {}).items():
        assert old in text
        text = text.replace(old, new)
    path = server.folder / f"{page}.yaml"
    path.write_text(text, encoding="utf-8")
    made = server.run("apply", path)["secrets"]
    return {secret["client_id"]: secret["client_secret"] for secret in made}


def wait_for(url: str, process: Process) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.exit_code is None, process.output()
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(process.output())


def test_the_web_application_of_the_documentation_signs_in(server, tmp_path):
    page = "connect-a-web-application"
    port = free_port()
    url = f"http://localhost:{port}"
    secrets = apply_example(server, page, {"http://localhost:3000": url})
    (tmp_path / "application.py").write_text(example(page, "python"), encoding="utf-8")
    environment = clean_environment(
        ISSUER=server.issuer,
        CLIENT_ID="shop-web",
        CLIENT_SECRET=secrets["shop-web"],
        SESSION_SECRET="signs the cookies of this test",
    )
    command = [sys.executable, "-m", "uvicorn", "application:app", "--port", str(port)]
    process = Process(command, folder=tmp_path, environment=environment, name="application")
    with process, Browser(f"{url}/", live=True) as browser:
        wait_for(url, process)
        home = browser.sign_in(url + "/login", acme.USERNAME, acme.PASSWORD)
        assert home.text == "Hello, Alice Adams", process.output()


async def test_the_browser_application_of_the_documentation_signs_in(server):
    page = "connect-a-browser-application"
    module = "import { UserManager } from 'oidc-client-ts'"
    script = example(page, "js")
    assert module in script
    library = HERE / "node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
    files = {
        "/index.html": (
            b'<!doctype html><html lang="en"><link rel="icon" href="data:,">'
            b'<script src="/library.js"></script><script type="module" src="/page.js"></script>'
            b"<body></body></html>"
        ),
        "/library.js": library.read_bytes(),
    }
    with serve_files(files) as origin:
        apply_example(server, page, {"http://localhost:5173": origin})
        # A bundler would resolve the import; here the library is the global `oidc`.
        script = script.replace(module, "const { UserManager } = oidc")
        script = script.replace(DOCUMENTED_ISSUER, server.issuer)
        files["/page.js"] = script.replace("http://localhost:5173", origin).encode()
        async with chromium() as browser:
            tab = await browser.new_page()
            await tab.goto(origin)
            await tab.fill('input[name="username"]', acme.USERNAME)
            await tab.fill('input[name="password"]', acme.PASSWORD)
            await tab.click("button[type=submit]")
            await tab.wait_for_function("document.body?.textContent.includes('Hello')")
            assert await tab.text_content("body") == "Hello, Alice Adams"


@pytest.fixture(scope="module")
def machine(server):
    """The machine client of the documentation and its secret."""
    return apply_example(server, "connect-a-machine")["nightly-report"]


def test_the_curl_command_of_the_documentation_gets_a_token(server, machine):
    command = example("connect-a-machine", "console", 1).removeprefix("$ ")
    done = subprocess.run(
        ["bash", "-c", command.replace(DOCUMENTED_ISSUER, server.issuer)],
        env=clean_environment(CLIENT_SECRET=machine),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["scope"] == "orders.read"
    assert answer["token_type"] == "Bearer"


def test_the_machine_of_the_documentation_gets_a_token(server, machine):
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=example("connect-a-machine", "js"),
        cwd=HERE / "node",
        env=clean_environment(
            ISSUER=server.issuer, CLIENT_ID="nightly-report", CLIENT_SECRET=machine
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().count(".") == 2


def test_the_socket_server_of_the_documentation_asks_about_a_token(server, machine):
    page = "check-tokens-by-introspection"
    secret = apply_example(server, page)["orders-server"]
    answer = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        data={"grant_type": "client_credentials", "scope": "orders.read"},
        auth=("nightly-report", machine),
    )
    token = answer.json()["access_token"]
    given = {"CLIENT_ID": "orders-server", "CLIENT_SECRET": secret, "TOKEN": token}
    command = example(page, "console").removeprefix("$ ").replace(DOCUMENTED_ISSUER, server.issuer)
    asked = subprocess.run(
        ["bash", "-c", command],
        env=clean_environment(**given),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(asked.stdout)["scope"] == "orders.read"
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=example(page, "js"),
        cwd=HERE / "node",
        env=clean_environment(ISSUER=server.issuer, **given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "nightly-report"


def test_the_till_of_the_documentation_gets_tokens_by_a_password(server):
    page = "keep-a-password-form"
    secret = apply_example(server, page)["till"]
    command = example(page, "console", 1).removeprefix("$ ")
    ran = subprocess.run(
        ["bash", "-c", command.replace(DOCUMENTED_ISSUER, server.issuer)],
        input=acme.PASSWORD,
        env=clean_environment(CLIENT_SECRET=secret),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    answer = json.loads(ran.stdout)
    assert answer["scope"] == "openid profile"
    assert "refresh_token" not in answer
