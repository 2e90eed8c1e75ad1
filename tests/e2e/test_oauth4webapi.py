"""oauth4webapi on Node.js, which checks every response by the letter, against a running server."""

import pytest

from support import acme
from support.browser import Browser
from support.process import free_port

REDIRECT_URI = "http://127.0.0.1:3001/callback"


def sign_in(node_client, server, application, **told):
    redirect_uri = told.get("redirect_uri", REDIRECT_URI)
    with node_client("oauth4webapi") as client, Browser(redirect_uri) as browser:
        begun = client.ask(
            {
                "issuer": server.issuer,
                "client_id": application["client_id"],
                "client_secret": application.get("client_secret"),
                "redirect_uri": redirect_uri,
                "scope": "openid profile email offline_access",
            }
            | told
        )
        assert begun["challenge_methods"] == ["S256"]
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        return client.ask(page.url)


def test_oauth4webapi_signs_in_a_native_client_on_a_port_of_its_own(node_client, server, register):
    """RFC 8252, 7.3: the port of a loopback redirect URI is the application's to choose."""
    application = register(
        acme.public_application(
            "oauth4webapi-native",
            "OIDC_APP_TYPE_NATIVE",
            redirect_uris=["http://127.0.0.1/callback"],
        )
    )
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    answer = sign_in(node_client, server, application, redirect_uri=redirect_uri)
    acme.assert_signed_in(answer, server.issuer, "oauth4webapi-native")
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("discovery", ["oidc", "oauth2"])
@pytest.mark.parametrize("access_token_type", ["OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"])
def test_oauth4webapi_signs_in_by_client_secret_basic(
    node_client, server, register, access_token_type, discovery
):
    """Both metadata documents (OpenID Connect Discovery, RFC 8414), both token forms."""
    client_id = f"oauth4webapi-{access_token_type[-3:].lower()}-{discovery}"
    application = register(
        acme.web_application(
            client_id, redirect_uris=[REDIRECT_URI], access_token_type=access_token_type
        )
    )
    answer = sign_in(node_client, server, application, discovery=discovery)
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)
    is_jwt = answer["tokens"]["access_token"].count(".") == 2
    assert is_jwt is (access_token_type == "OIDC_TOKEN_TYPE_JWT")


def test_oauth4webapi_takes_a_response_by_form_post(node_client, server, register):
    application = register(
        acme.web_application("oauth4webapi-form-post", redirect_uris=[REDIRECT_URI])
    )
    parameters = {"response_mode": "form_post"}
    answer = sign_in(node_client, server, application, parameters=parameters)
    acme.assert_signed_in(answer, server.issuer, "oauth4webapi-form-post")


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_oauth4webapi_validates_a_jwt_access_token_of_an_api(node_client, server, register, alg):
    """RFC 9068, 4, as a resource server sees it."""
    client_id = f"oauth4webapi-api-{alg.lower()}"
    application = register(
        acme.web_application(
            client_id,
            redirect_uris=[REDIRECT_URI],
            allowed_scopes=["openid", "profile", "email", "orders.read"],
            grant_types=["authorization_code"],
            access_token_signing_alg=alg,
        )
    )
    answer = sign_in(
        node_client,
        server,
        application,
        scope="openid profile email orders.read",
        audience=acme.ORDERS,
    )
    claims = answer["access_token_claims"]
    assert claims["sub"] == answer["claims"]["sub"]
    assert claims["client_id"] == client_id
    assert "orders.read" in claims["scope"].split()


def test_oauth4webapi_signs_a_service_account_in_by_private_key_jwt(node_client, server):
    """RFC 7523, 2.2 with client_credentials: a service account is a client too."""
    private_key, jwks = acme.key_pair("ES256")
    robot = {
        "id": "oauth4webapi-robot",
        "name": "Robot",
        "jwks": jwks,
        "allowed_scopes": ["orders.write"],
    }
    server.apply(acme.organization(service_accounts=(robot,)))
    with node_client("oauth4webapi") as client:
        tokens = client.ask(
            {
                "issuer": server.issuer,
                "client_id": robot["id"],
                "private_key": private_key,
                "grant": "client_credentials",
                "scope": "orders.write",
            }
        )["tokens"]
    assert tokens["token_type"] == "bearer"
