"""Authlib's client against a running server: in a Starlette application, and as a machine."""

import json
import sys
from pathlib import Path

import pytest

from support import acme
from support.browser import Browser
from support.process import Conversation, Process

PROGRAM = Path(__file__).parent / "python/authlib_application.py"
MACHINE = Path(__file__).parent / "python/authlib_machine.py"
TILL = Path(__file__).parent / "python/authlib_password.py"


@pytest.fixture
def application(tmp_path):
    """Start the application; it says its address and waits to be told its client."""
    with Conversation(Process([sys.executable, PROGRAM], folder=tmp_path, name="app")) as program:
        yield program, program.hear()["url"]


def sign_in_and_refresh(program, url, told, scope="openid profile email offline_access"):
    program.ask(told | {"scope": scope})
    with Browser(url, live=True) as browser:
        page = browser.sign_in(f"{url}/login", acme.USERNAME, acme.PASSWORD)
        answer = json.loads(page.text)
        refreshed = json.loads(browser.visit(f"{url}/expire").text)
    return answer | {
        "refreshed": refreshed["tokens"],
        "refreshed_userinfo": refreshed["userinfo"],
    }


def test_authlib_signs_in_by_client_secret_basic_its_default(server, register, application):
    program, url = application
    client = register(acme.web_application("authlib-basic", redirect_uris=[f"{url}/callback"]))
    told = {"issuer": server.issuer} | client
    answer = sign_in_and_refresh(program, url, told)
    acme.assert_signed_in(answer, server.issuer, "authlib-basic")
    acme.assert_refreshed(answer)


def test_authlib_signs_in_by_private_key_jwt(server, register, application):
    program, url = application
    private_key, jwks = acme.key_pair("RS256")
    client = acme.web_application(
        "authlib-key",
        redirect_uris=[f"{url}/callback"],
        token_endpoint_auth_method="private_key_jwt",
        jwks=jwks,
    )
    del client["client_secret"]
    told = {"issuer": server.issuer, "private_key": private_key} | register(client)
    answer = sign_in_and_refresh(program, url, told)
    acme.assert_signed_in(answer, server.issuer, "authlib-key")
    acme.assert_refreshed(answer)


def test_authlib_refreshes_although_it_repeats_a_scope_that_does_not_exist(
    server, register, application
):
    """RFC 6749, 6: it sends the scope of the authorization request again, ignored parts too."""
    program, url = application
    client = register(acme.web_application("authlib-groups", redirect_uris=[f"{url}/callback"]))
    told = {"issuer": server.issuer} | client
    scope = "openid profile email offline_access groups"
    acme.assert_refreshed(sign_in_and_refresh(program, url, told, scope))


@pytest.mark.parametrize("access_token_type", ["OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"])
@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
def test_authlib_introspects_and_revokes(server, register, tmp_path, method, access_token_type):
    """RFC 7662 and RFC 7009, for both token forms."""
    private_key, jwks = acme.key_pair("RS256")
    client = acme.web_application(
        f"authlib-ends-{method[-3:]}-{access_token_type[-3:].lower()}",
        token_endpoint_auth_method=method,
        grant_types=["client_credentials"],
        response_types=[],
        allowed_scopes=["orders.read"],
        access_token_type=access_token_type,
    )
    told = {"issuer": server.issuer, "scope": "orders.read"}
    if method == "private_key_jwt":
        del client["client_secret"]
        client["jwks"] = jwks
        told["private_key"] = private_key
    told |= register(client)
    with Conversation(Process([sys.executable, MACHINE], folder=tmp_path, name="machine")) as talk:
        answer = talk.ask(told)

    before = answer["before"]
    assert (before["active"], before["sub"]) == (True, client["client_id"])
    assert (before["aud"], before["scope"]) == (acme.ORDERS, "orders.read")
    assert (answer["ended"], answer["after"]) == (200, {"active": False})


def test_s4_09_authlib_gets_tokens_by_the_password_grant(server, register, tmp_path):
    application = register(
        acme.web_application(
            "authlib-till",
            grant_types=["password", "refresh_token"],
            response_types=[],
            legacy={"reason": "The till has no browser", "until": "2999-12-31"},
        )
    )
    told = {"issuer": server.issuer, "scope": "openid email offline_access"} | application
    with Conversation(Process([sys.executable, TILL], folder=tmp_path, name="till")) as program:
        program.ask(told)
        answer = program.ask({"username": acme.USERNAME, "password": acme.PASSWORD})
        wrong = program.ask({"username": acme.USERNAME, "password": "not the password"})
    assert "password" in answer["grants"]
    assert answer["userinfo"]["email"] == "alice@acme.test"
    assert answer["refreshed"]["refresh_token"] != answer["tokens"]["refresh_token"]
    assert wrong["refused"] == "invalid_grant"
