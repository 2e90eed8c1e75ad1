"""Java against a running server: the Nimbus OAuth 2.0 SDK, and Spring Security on top of it."""

import shutil
import subprocess
from pathlib import Path

import httpx
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
def resource_server(classpath, tmp_path):
    """A resource server that waits to be told its settings."""
    command = ["java", "-cp", classpath, "client.ResourceServer"]
    with Conversation(Process(command, folder=tmp_path, name="resource-server")) as server:
        yield server


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


@pytest.mark.parametrize("access_token_type", ["OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"])
def test_spring_security_asks_about_opaque_tokens(
    resource_server, server, register, access_token_type
):
    """RFC 7662: a resource server knows the tokens for its API, and learns of a revocation."""
    kind = access_token_type[-3:].lower()
    machine = register(
        acme.web_application(
            f"spring-machine-{kind}",
            grant_types=["client_credentials"],
            response_types=[],
            allowed_scopes=["orders.read"],
            access_token_type=access_token_type,
        )
    )
    api = register(
        acme.web_application(
            f"spring-orders-{kind}",
            type="API",
            grant_types=["client_credentials"],
            response_types=[],
            allowed_scopes=[],
        )
    )
    resource_server.ask(
        {
            "endpoint": f"{server.issuer}/oauth/v2/introspect",
            "client_id": api["client_id"],
            "client_secret": api["client_secret"],
        }
    )
    credentials = (machine["client_id"], machine["client_secret"])
    answer = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        data={"grant_type": "client_credentials", "scope": "orders.read"},
        auth=credentials,
    )
    token = answer.json()["access_token"]

    seen = resource_server.ask({"token": token})
    assert seen == {
        "accepted": True,
        "subject": machine["client_id"],
        "audience": [acme.ORDERS],
        "authorities": ["SCOPE_orders.read"],
    }
    ended = httpx.post(f"{server.issuer}/oauth/v2/revoke", data={"token": token}, auth=credentials)
    assert ended.status_code == 200
    for dead in (token, "nonsense"):
        assert resource_server.ask({"token": dead})["accepted"] is False


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


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_nimbus_reads_roles_from_a_jwt_access_token(classpath, tmp_path, server, register, alg):
    """RFC 9068, 4, as an API in Java checks it; for another API the token is no good."""
    client_id = f"nimbus-roles-{alg.lower()}"
    application = acme.web_application(
        client_id,
        redirect_uris=[REDIRECT_URI],
        allowed_scopes=["openid", "profile", "email", "offline_access", "orders.read"],
        access_token_signing_alg=alg,
        access_token_role_assertion=True,
    )
    declared = acme.organization(application)
    declared["organizations"][0]["role_assignments"] = [
        {"user": acme.USERNAME, "project": "shop", "roles": ["buyer"]}
    ]
    server.apply(declared)
    signing_in = Process(
        ["java", "-cp", classpath, "client.Client"], folder=tmp_path, name="java-client"
    )
    with Conversation(signing_in) as client:
        scope = "openid profile email offline_access orders.read"
        answer = sign_in(client, server, application, scope=scope)
    told = {"issuer": server.issuer, "token": answer["tokens"]["access_token"]}
    command = ["java", "-cp", classpath, "client.AccessTokens"]
    with Conversation(Process(command, folder=tmp_path, name="java-api")) as api:
        claims = api.ask(told | {"audience": acme.ORDERS})["claims"]
        assert claims["roles"] == ["buyer"]
        assert claims["sub"] == answer["claims"]["sub"]
        assert "aud" in api.ask(told | {"audience": "https://stock.acme.test"})["refused"]
        id_token = told | {"token": answer["tokens"]["id_token"], "audience": client_id}
        assert "typ" in api.ask(id_token)["refused"]
