"""The Nimbus OAuth 2.0 SDK for Java, which Spring Security builds on, against a running server."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support import acme
from support.browser import Browser
from support.process import Conversation, Process

HERE = Path(__file__).parent / "java"
REDIRECT_URI = "http://127.0.0.1:3003/callback"

# The first build on a machine downloads what the client is made of.
pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def classpath(tmp_path_factory):
    """Build the client once, outside the source tree."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        pytest.skip("no Java toolchain here: install a JDK (17 or newer) and Maven for this client")
    target = tmp_path_factory.mktemp("java")
    command = ["mvn", "-q", "-B", "package", f"-Dtarget={target}"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{target}/*"


@pytest.fixture
def java_client(classpath, tmp_path):
    """A running client that waits to be told its settings."""
    command = ["java", "-cp", classpath, "client.Client"]
    with Conversation(Process(command, folder=tmp_path, name="java")) as client:
        yield client


def sign_in(java_client, server, application, **told):
    with Browser(REDIRECT_URI) as browser:
        begun = java_client.ask(
            {
                "issuer": server.issuer,
                "client_id": application["client_id"],
                "client_secret": application.get("client_secret"),
                "redirect_uri": REDIRECT_URI,
                "scope": "openid profile email offline_access",
                "id_token_alg": application.get("id_token_signed_response_alg", "RS256"),
            }
            | told
        )
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        return java_client.ask({"url": page.url})


def test_nimbus_signs_in_by_client_secret_basic(java_client, server, register):
    application = register(acme.web_application("nimbus-basic", redirect_uris=[REDIRECT_URI]))
    answer = sign_in(java_client, server, application)
    acme.assert_signed_in(answer, server.issuer, "nimbus-basic")
    acme.assert_refreshed(answer)


def test_nimbus_signs_in_by_private_key_jwt_with_es256(java_client, server, register):
    private_key, jwks = acme.key_pair("ES256")
    application = acme.web_application(
        "nimbus-key",
        redirect_uris=[REDIRECT_URI],
        token_endpoint_auth_method="private_key_jwt",
        jwks=jwks,
        id_token_signed_response_alg="ES256",
    )
    del application["client_secret"]
    answer = sign_in(java_client, server, register(application), private_key=private_key)
    acme.assert_signed_in(answer, server.issuer, "nimbus-key")
    acme.assert_refreshed(answer)
