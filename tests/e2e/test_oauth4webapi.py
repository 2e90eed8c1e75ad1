"""oauth4webapi on Node.js, which checks every response by the letter, against a running server."""

import pytest

from support import acme, node
from support.process import free_port

REDIRECT_URI = "http://127.0.0.1:3001/callback"


def test_oauth4webapi_signs_in_a_native_client_on_a_port_of_its_own(oauth4webapi, server, register):
    """RFC 8252, 7.3: the port of a loopback redirect URI is the application's to choose."""
    application = register(
        acme.public_application(
            "oauth4webapi-native",
            "OIDC_APP_TYPE_NATIVE",
            redirect_uris=["http://127.0.0.1/callback"],
        )
    )
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    answer = node.sign_in(oauth4webapi, server, application, redirect_uri)
    assert answer["begun"]["challenge_methods"] == ["S256"]
    acme.assert_signed_in(answer, server.issuer, "oauth4webapi-native")
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("discovery", ["oidc", "oauth2"])
@pytest.mark.parametrize("access_token_type", ["OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"])
def test_oauth4webapi_signs_in_by_client_secret_basic(
    oauth4webapi, server, register, access_token_type, discovery
):
    """Both metadata documents (OpenID Connect Discovery, RFC 8414), both token forms."""
    client_id = f"oauth4webapi-{access_token_type[-3:].lower()}-{discovery}"
    application = register(
        acme.web_application(
            client_id, redirect_uris=[REDIRECT_URI], access_token_type=access_token_type
        )
    )
    answer = node.sign_in(oauth4webapi, server, application, REDIRECT_URI, discovery=discovery)
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)
    is_jwt = answer["tokens"]["access_token"].count(".") == 2
    assert is_jwt is (access_token_type == "OIDC_TOKEN_TYPE_JWT")


@pytest.mark.parametrize("access_token_type", ["OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"])
def test_oauth4webapi_introspects_and_revokes(oauth4webapi, server, register, access_token_type):
    """RFC 7662 and RFC 7009, for both token forms."""
    client_id = f"oauth4webapi-ends-{access_token_type[-3:].lower()}"
    application = register(
        acme.web_application(
            client_id, redirect_uris=[REDIRECT_URI], access_token_type=access_token_type
        )
    )
    answer = node.sign_in(oauth4webapi, server, application, REDIRECT_URI, ends=True)
    ends = answer["ends"]
    access, refresh = ends["before"]
    assert access["active"] is refresh["active"] is True
    assert access["sub"] == refresh["sub"] == answer["claims"]["sub"]
    assert access["username"] == acme.USERNAME
    assert [one["active"] for one in ends["between"]] == [False, True]
    assert ends["after"] == [{"active": False}, {"active": False}]


@pytest.mark.parametrize("kind", ["OIDC_APP_TYPE_WEB", "OIDC_APP_TYPE_NATIVE"])
def test_oauth4webapi_pushes_its_authorization_request(oauth4webapi, server, register, kind):
    """RFC 9126, by a client that has to, with a secret and without."""
    client_id = f"oauth4webapi-par-{kind[14:].lower()}"
    make = acme.web_application if kind == "OIDC_APP_TYPE_WEB" else acme.public_application
    parts = () if kind == "OIDC_APP_TYPE_WEB" else (kind,)
    application = register(
        make(
            client_id,
            *parts,
            redirect_uris=[REDIRECT_URI],
            require_pushed_authorization_requests=True,
        )
    )
    answer = node.sign_in(oauth4webapi, server, application, REDIRECT_URI, par=True)
    assert "code_challenge" not in answer["begun"]["authorize"]
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)


def test_oauth4webapi_takes_a_response_by_form_post(oauth4webapi, server, register):
    application = register(
        acme.web_application("oauth4webapi-form-post", redirect_uris=[REDIRECT_URI])
    )
    parameters = {"response_mode": "form_post"}
    answer = node.sign_in(oauth4webapi, server, application, REDIRECT_URI, parameters=parameters)
    acme.assert_signed_in(answer, server.issuer, "oauth4webapi-form-post")


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_oauth4webapi_validates_a_jwt_access_token_of_an_api(oauth4webapi, server, register, alg):
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
    answer = node.sign_in(
        oauth4webapi,
        server,
        application,
        REDIRECT_URI,
        scope="openid profile email orders.read",
        audience=acme.ORDERS,
    )
    claims = answer["access_token_claims"]
    assert claims["sub"] == answer["claims"]["sub"]
    assert claims["client_id"] == client_id
    assert "orders.read" in claims["scope"].split()


def test_oauth4webapi_signs_a_service_account_in_by_private_key_jwt(oauth4webapi, server):
    """RFC 7523, 2.2 with client_credentials: a service account is a client too."""
    private_key, jwks = acme.key_pair("ES256")
    robot = {
        "id": "oauth4webapi-robot",
        "name": "Robot",
        "jwks": jwks,
        "allowed_scopes": ["orders.write"],
    }
    server.apply(acme.organization(service_accounts=(robot,)))
    told = {
        "issuer": server.issuer,
        "client_id": robot["id"],
        "private_key": private_key,
        "grant": "client_credentials",
        "scope": "orders.write",
    }
    with oauth4webapi as client:
        tokens = client.ask(told)["tokens"]
    assert tokens["token_type"] == "bearer"


def test_oauth4webapi_exchanges_tokens_along_a_chain_of_apis(oauth4webapi, server, tmp_path):
    """RFC 8693: a single-page application, its API, and the API that this one calls."""
    stock = "https://stock.acme.test"
    spa = acme.public_application(
        "chain-spa",
        "OIDC_APP_TYPE_USER_AGENT",
        redirect_uris=[REDIRECT_URI],
        allowed_scopes=[
            "openid",
            "profile",
            "email",
            "offline_access",
            "orders.read",
            "stock.read",
        ],
    )
    backend = acme.web_application(
        "chain-orders",
        type="API",
        grant_types=["urn:ietf:params:oauth:grant-type:token-exchange"],
        response_types=[],
        allowed_scopes=["stock.read"],
    )
    declared = acme.organization(spa, backend)
    shop = declared["organizations"][0]["projects"][0]
    shop["apis"].append({"id": "stock", "audience": stock, "scopes": ["stock.read"]})
    server.apply(declared)

    scope = f"{node.SCOPE} orders.read stock.read"
    answer = node.sign_in(
        node.client("oauth4webapi", tmp_path),
        server,
        spa,
        REDIRECT_URI,
        scope=scope,
        parameters={"resource": acme.ORDERS},
    )
    steps = [
        {
            "client_id": backend["client_id"],
            "client_secret": backend["client_secret"],
            "own": acme.ORDERS,
            "next": stock,
        },
        {"own": stock},
    ]
    exchange = {"token": answer["tokens"]["access_token"], "steps": steps}
    with oauth4webapi as program:
        told = {"issuer": server.issuer, "client_id": "chain-orders", "exchange": exchange}
        at_orders, at_stock = program.ask(told)["chain"]
    assert at_orders["sub"] == at_stock["sub"] == answer["claims"]["sub"]
    assert at_orders["client_id"] == "chain-spa"
    assert at_stock["client_id"] == "chain-orders"
    assert at_stock["act"] == {"sub": "chain-orders"}
    assert at_stock["scope"] == "stock.read"
    assert at_stock["aud"] == stock
