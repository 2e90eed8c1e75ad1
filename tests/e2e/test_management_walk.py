"""A service account manages by the API: as the how-to page does it by curl, and in Python."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from ostiary.web.api import openapi
from ostiary.web.api.documentation import describe
from ostiary.web.api.resources import TABLE
from support import management_server
from support.server import OSTIARY, Server

HOW_TO = Path(__file__).parents[2] / "docs/how-to/automate-with-the-api.md"
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def management(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("walk")) as running:
        yield running, management_server.prepare(running)


def commands(kind: str) -> list[str]:
    """Return what the page shows: command lines, or programs."""
    found = [text for name, text in BLOCK.findall(HOW_TO.read_text("utf-8")) if name == kind]
    if kind == "python":
        return found
    joined = "".join(found).replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


def shell(server: Server, script: str, **environment: str) -> str:
    """Run a script as a reader would, and return what it wrote last."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=server.folder,
        env={
            **server.process.environment,
            "OSTIARY_CONFIG": str(server.configuration),
            "ISSUER": server.issuer,
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_page(server: Server) -> str:
    """Do each command of the page, in order, in one shell."""
    alone = f'ostiary() {{ {" ".join(OSTIARY)} "$@"; }}'
    # Found again by the next test of this file, whichever comes first.
    lines = [line for line in commands("console") if not exists(server) or " create " not in line]
    script = "\n".join([alone, *lines])
    return shell(server, script.replace("https://id.example", server.issuer))


def exists(server: Server) -> bool:
    """Tell whether the page was followed before."""
    return any(one["id"] == "onboarding" for one in server.run("service-account", "list"))


def test_the_page_by_curl(management):
    server, _ = management
    said = run_page(server)
    assert '"username":"bob"' in said
    assert server.run("user", "show", "bob")["organization"] == "acme"


def test_the_page_in_python(management, monkeypatch):
    server, _ = management
    if not exists(server):
        run_page(server)
    made = server.run("service-account", "rotate-secret", "onboarding", "--overlap", "0")
    (program,) = commands("python")
    monkeypatch.setenv("SECRET", made["client_secret"])
    scope: dict[str, object] = {}
    exec(program.replace("https://id.example", server.issuer), scope)
    people = scope["people"]
    assert isinstance(people, list)
    assert {"alice", "bob"} <= {person["username"] for person in people}
    assert server.run("user", "show", "bob")["metadata"] == {"onboarded": "yes"}


def test_every_curl_of_the_documentation_is_understood(management):
    """None is refused for its form: what it speaks of may be gone, there already, or changed."""
    server, owner = management
    page = describe(openapi.make(server.issuer, TABLE))
    script, names = [], []
    for group in page.groups:
        for operation in group.operations:
            if operation.method == "DELETE" or operation.name == "set_service_account_state":
                continue
            names.append(operation.name)
            script.append(f"{operation.curl} -s -o /dev/null -w '%{{http_code}}\\n'")
    statuses = shell(server, "\n".join(script), TOKEN=owner()).split()
    understood = {200, 201, 204, 404, 409, 412}
    wrong = [
        (name, status)
        for name, status in zip(names, statuses, strict=True)
        # The host of the example's address exists nowhere.
        if int(status) not in (understood | {400} if name == "create_webhook" else understood)
    ]
    assert wrong == []


def test_the_document_is_public_and_the_rest_is_not(management):
    server, _ = management
    assert httpx.get(f"{server.issuer}/api/v1/openapi.json").status_code == 200
    assert httpx.get(f"{server.issuer}/api/docs").status_code == 200
    answer = httpx.get(f"{server.issuer}/api/v1/users")
    assert answer.status_code == 401
    assert json.loads(answer.text)["code"] == "invalid_token"
