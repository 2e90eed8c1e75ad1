"""`ostiary advise --create` beside a running server: what it makes works at once."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support import acme
from support.browser import Browser
from support.process import Conversation, Process
from support.server import OSTIARY, Server

PROGRAM = Path(__file__).parent / "python/authlib_application.py"


def test_by_answers_to_a_sign_in_with_authlib(server: Server, tmp_path) -> None:
    with Conversation(
        Process([sys.executable, PROGRAM], folder=tmp_path, name="app")
    ) as application:
        url = application.hear()["url"]
        made = server.run(
            *("advise", "--answers", "framework=fastapi,purpose=away", "--create", "Shop"),
            *("--redirect-uri", f"{url}/callback", "--project", "shop"),
        )
        told = {
            "issuer": made["env"]["OIDC_ISSUER"],
            "client_id": made["env"]["OIDC_CLIENT_ID"],
            "client_secret": made["env"]["OIDC_CLIENT_SECRET"],
            "redirect_uris": made["application"]["redirect_uris"],
            "token_endpoint_auth_method": made["application"]["token_endpoint_auth_method"],
        }
        application.ask(told | {"scope": "openid profile email offline_access"})
        with Browser(url, live=True) as browser:
            page = browser.sign_in(f"{url}/login", acme.USERNAME, acme.PASSWORD)
    answer = json.loads(page.text)
    assert answer["tokens"]["refresh_token"]
    assert answer["userinfo"]["email"] == "alice@acme.test"


def test_by_questions_to_a_token_of_a_machine(server: Server) -> None:
    """As somebody types them: on standard input, with the questions beside the answer."""
    command = [*OSTIARY, "advise", "--create", "Nightly export", "--config", server.configuration]
    done = subprocess.run(
        [*map(str, command), "--json"],
        cwd=server.folder,
        env=server.process.environment,
        input="nobody\n5\n",
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Who signs in?" in done.stderr
    made = json.loads(done.stdout)["data"]["application"]
    answer = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        auth=(made["client_id"], made["client_secret"]),
        data={"grant_type": "client_credentials"},
    )
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 600


@pytest.mark.parametrize("place", ["", "?who=nobody&credential=secret"])
def test_the_page_says_the_address_of_the_server(server: Server, place) -> None:
    text = httpx.get(f"{server.issuer}/advisor{place}").text
    assert (f"{server.issuer}/api/v1/applications" in text) is bool(place)
