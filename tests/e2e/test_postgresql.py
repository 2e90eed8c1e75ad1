"""The same over PostgreSQL, with two worker processes."""

import json
import sys
from pathlib import Path

import httpx
import pytest

from support import acme, node, postgres
from support.browser import Browser
from support.process import Conversation, Process
from support.server import Server

REDIRECT_URI = "http://127.0.0.1:3004/callback"

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server over PostgreSQL with ACME in it, in place of the one over SQLite."""
    folder = tmp_path_factory.mktemp("server")
    with postgres.cluster() as cluster:
        url = cluster.url(cluster.create())
        with Server(folder, database_url=url, workers=2) as running:
            running.apply(acme.organization())
            yield running


def test_openid_client_signs_in(openid_client, server, register):
    application = register(
        acme.web_application(
            "openid-client",
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            require_consent=True,
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "openid-client")
    acme.assert_refreshed(answer)


def test_oauth4webapi_signs_in_with_opaque_tokens(oauth4webapi, server, register):
    application = register(
        acme.public_application(
            "oauth4webapi",
            "OIDC_APP_TYPE_NATIVE",
            redirect_uris=[REDIRECT_URI],
            access_token_type="OIDC_TOKEN_TYPE_BEARER",
        )
    )
    answer = node.sign_in(oauth4webapi, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "oauth4webapi")
    acme.assert_refreshed(answer)


def test_authlib_signs_in(server, register, tmp_path):
    program = Path(__file__).parent / "python/authlib_application.py"
    process = Process([sys.executable, program], folder=tmp_path, name="application")
    with Conversation(process) as application:
        url = application.hear()["url"]
        client = register(acme.web_application("authlib", redirect_uris=[f"{url}/callback"]))
        application.ask({"issuer": server.issuer, "scope": node.SCOPE} | client)
        with Browser(url, live=True) as browser:
            page = browser.sign_in(f"{url}/login", acme.USERNAME, acme.PASSWORD)
            acme.assert_signed_in(json.loads(page.text), server.issuer, "authlib")


def test_openid_client_gets_a_machine_token(openid_client, server, register):
    application = register(
        acme.web_application(
            "machine",
            token_endpoint_auth_method="client_secret_post",
            grant_types=["client_credentials"],
            response_types=[],
            allowed_scopes=["orders.read"],
        )
    )
    told = node.settings(server, application, grant="client_credentials", scope="orders.read")
    with openid_client as client:
        assert client.ask(told)["tokens"]["scope"] == "orders.read"


def test_oauth4webapi_registers_itself_signs_in_and_leaves(oauth4webapi, server):
    """The two worker processes need not be the same from one request to the next."""
    policy = {"policies": {"client_registration": {"mode": "token"}}}
    server.apply({"instance": policy})
    token = server.run("app", "registration-token", "create", "--uses", "1")["token"]
    metadata = {
        "client_name": "Registered",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
    }
    answer = node.sign_in(
        oauth4webapi, server, {}, REDIRECT_URI, register=metadata, initial_access_token=token
    )
    registered = answer["begun"]["registered"]
    acme.assert_signed_in(answer, server.issuer, registered["client_id"])
    acme.assert_refreshed(answer)
    shown = server.run("app", "show", registered["client_id"])
    assert shown["registered_with"] == server.run("app", "registration-token", "list")[0]["id"]
    headers = {"Authorization": f"Bearer {registered['registration_access_token']}"}
    address = registered["registration_client_uri"]
    assert httpx.delete(address, headers=headers).status_code == 204
    assert httpx.get(address, headers=headers).status_code == 401
