"""coreos/go-oidc with golang.org/x/oauth2, against a running server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from support import acme, devices
from support.browser import Browser
from support.process import Conversation, Process

HERE = Path(__file__).parent / "go"
REDIRECT_URI = "http://127.0.0.1:3002/callback"
SCOPES = ["openid", "profile", "email", "offline_access"]

# The first build on a machine downloads what the client is made of.
pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Build the client once."""
    if shutil.which("go") is None:
        pytest.skip("no Go toolchain here: install Go 1.26 or newer to run this client")
    built = tmp_path_factory.mktemp("go") / "client"
    done = subprocess.run(
        ["go", "build", "-o", built, "."], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def go_client(program, tmp_path):
    """A running client that waits to be told its settings."""
    with Conversation(Process([program], folder=tmp_path, name="go")) as client:
        yield client


def settings(server, application, **more):
    return {
        "issuer": server.issuer,
        "client_id": application["client_id"],
        "client_secret": application.get("client_secret", ""),
        "redirect_uri": REDIRECT_URI,
        "scopes": SCOPES,
    } | more


def sign_in(go_client, server, application):
    with Browser(REDIRECT_URI) as browser:
        begun = go_client.ask(settings(server, application))
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        return go_client.ask(page.url)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_go_oidc_signs_in_and_finds_out_how_to_authenticate(go_client, server, register, method):
    """x/oauth2 tries Basic first; a refused try must not use the code up."""
    client_id = f"go-{method[-5:].strip('_')}"
    application = register(
        acme.web_application(
            client_id, redirect_uris=[REDIRECT_URI], token_endpoint_auth_method=method
        )
    )
    answer = sign_in(go_client, server, application)
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)


def test_go_oidc_signs_in_as_a_public_native_client(go_client, server, register):
    application = register(
        acme.public_application("go-native", "OIDC_APP_TYPE_NATIVE", redirect_uris=[REDIRECT_URI])
    )
    answer = sign_in(go_client, server, application)
    acme.assert_signed_in(answer, server.issuer, "go-native")
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_go_oidc_verifies_id_tokens(go_client, server, register, alg):
    client_id = f"go-{alg.lower()}"
    application = register(
        acme.web_application(
            client_id, redirect_uris=[REDIRECT_URI], id_token_signed_response_alg=alg
        )
    )
    answer = sign_in(go_client, server, application)
    acme.assert_signed_in(answer, server.issuer, client_id)


def test_go_oidc_gets_a_machine_token_by_client_credentials(go_client, server, register):
    application = register(
        acme.web_application(
            "go-machine",
            grant_types=["client_credentials"],
            response_types=[],
            allowed_scopes=["orders.read"],
        )
    )
    told = settings(server, application, grant="client_credentials", scopes=["orders.read"])
    tokens = go_client.ask(told)["tokens"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["refresh_token"] == ""


@pytest.mark.parametrize("scopes", [["orders.read"], []], ids=["one scope", "all"])
def test_go_gets_a_machine_token_by_the_key_of_a_service_account(go_client, server, scopes):
    """RFC 7523, 2.1, with a key file as `service-account add-key` writes it."""
    account = server.run("service-account", "create", "--organization", "acme")["id"]
    server.run("service-account", "update", account, "--scope", "orders.read orders.write")
    path = server.folder / f"{account}.json"
    server.run("service-account", "add-key", account, "--out", path)
    key_file = json.loads(path.read_text(encoding="utf-8"))
    told = {"issuer": server.issuer, "grant": "jwt-bearer", "key_file": key_file, "scopes": scopes}
    tokens = go_client.ask(told)["tokens"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["refresh_token"] == ""


async def test_go_signs_in_on_a_device(go_client, server, register):
    """RFC 8628, with golang.org/x/oauth2."""
    application = register(devices.television("go-device"))
    told = settings(server, application, grant="device")
    answer = await devices.connect(go_client, told, complete=False)
    acme.assert_signed_in(answer, server.issuer, "go-device")
