"""openid-client on Node.js, with its defaults, against a running server."""

import asyncio
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from support import acme, devices, node
from support.browser import Browser
from support.chromium import chromium

REDIRECT_URI = "http://127.0.0.1:3000/callback"


def test_openid_client_signs_in_by_client_secret_post_its_default(openid_client, server, register):
    application = register(
        acme.web_application(
            "openid-client-post",
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "openid-client-post")
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_openid_client_signs_in_by_private_key_jwt(openid_client, server, register, alg):
    private_key, jwks = acme.key_pair(alg)
    client_id = f"openid-client-{alg.lower()}"
    application = acme.web_application(
        client_id,
        redirect_uris=[REDIRECT_URI],
        token_endpoint_auth_method="private_key_jwt",
        jwks=jwks,
        id_token_signed_response_alg=alg,
    )
    del application["client_secret"]
    answer = node.sign_in(
        openid_client, server, register(application), REDIRECT_URI, private_key=private_key
    )
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)


def test_openid_client_signs_in_as_a_public_client(openid_client, server, register):
    application = register(
        acme.public_application(
            "openid-client-public", "OIDC_APP_TYPE_NATIVE", redirect_uris=[REDIRECT_URI]
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "openid-client-public")
    acme.assert_refreshed(answer)


def parameters_of(answer):
    """Return the names of what travelled through the browser."""
    return set(parse_qs(urlsplit(answer["begun"]["authorize"]).query))


def test_openid_client_pushes_its_authorization_request(openid_client, server, register):
    """RFC 9126, by a client that authenticates with a key."""
    private_key, jwks = acme.key_pair("ES256")
    application = acme.web_application(
        "openid-client-par",
        redirect_uris=[REDIRECT_URI],
        token_endpoint_auth_method="private_key_jwt",
        jwks=jwks,
        require_pushed_authorization_requests=True,
    )
    del application["client_secret"]
    answer = node.sign_in(
        openid_client,
        server,
        register(application),
        REDIRECT_URI,
        private_key=private_key,
        par=True,
    )
    assert parameters_of(answer) == {"client_id", "request_uri"}
    acme.assert_signed_in(answer, server.issuer, "openid-client-par")
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
@pytest.mark.parametrize("par", [False, True], ids=["value", "pushed"])
def test_openid_client_signs_its_authorization_request(openid_client, server, register, alg, par):
    """RFC 9101, by a client that has to."""
    request_key, jwks = acme.key_pair(alg)
    client_id = f"openid-client-jar-{alg.lower()}-{par:d}"
    application = register(
        acme.web_application(
            client_id,
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            jwks=jwks,
            request_object_signing_alg=alg,
            require_signed_request_object=True,
        )
    )
    answer = node.sign_in(
        openid_client,
        server,
        application,
        REDIRECT_URI,
        request_key=request_key,
        par=par,
        parameters={"max_age": "600", "claims": '{"userinfo": {"email": null}}'},
    )
    assert parameters_of(answer) == {"client_id", "request_uri" if par else "request"}
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)


def test_openid_client_signs_in_after_consent(openid_client, server, register):
    application = register(
        acme.web_application(
            "openid-client-consent",
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            require_consent=True,
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "openid-client-consent")


def test_s1_39_openid_client_signs_out(openid_client, server, register):
    """`buildEndSessionUrl`: there and back without a question, and the session is over."""
    home = "http://127.0.0.1:3000/signed-out"
    application = register(
        acme.web_application(
            "openid-client-logout",
            redirect_uris=[REDIRECT_URI],
            post_logout_redirect_uris=[home],
            token_endpoint_auth_method="client_secret_post",
        )
    )
    told = node.settings(
        server,
        application,
        redirect_uri=REDIRECT_URI,
        scope=node.SCOPE,
        post_logout_redirect_uri=home,
    )
    with openid_client as program, Browser("http://127.0.0.1:3000/") as browser:
        begun = program.ask(told)
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        answer = program.ask(page.url)
        left = browser.visit(answer["end_session"])
        assert left.url == f"{home}?state=left"
        again = browser.visit(begun["authorize"])
        assert any("password" in form.fields for form in again.forms)


def test_openid_client_gets_a_machine_token_by_client_credentials(openid_client, server, register):
    application = register(
        acme.web_application(
            "openid-client-machine",
            token_endpoint_auth_method="client_secret_post",
            grant_types=["client_credentials"],
            response_types=[],
            allowed_scopes=["orders.read"],
        )
    )
    told = node.settings(server, application, grant="client_credentials", scope="orders.read")
    with openid_client as client:
        tokens = client.ask(told)["tokens"]
    assert tokens["token_type"] == "bearer"
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens


@pytest.mark.parametrize("complete", [True, False], ids=["link", "typed"])
async def test_openid_client_signs_in_on_a_device(openid_client, server, register, complete):
    """RFC 8628: the program polls while somebody answers in a browser."""
    client_id = f"openid-client-{'link' if complete else 'typed'}"
    application = register(devices.television(client_id))
    told = node.settings(server, application, grant="device", scope=node.SCOPE)
    with openid_client as program:
        answer = await devices.connect(program, told, complete=complete)
    acme.assert_signed_in(answer, server.issuer, client_id)
    assert answer["refreshed_userinfo"] == answer["userinfo"]


@pytest.mark.parametrize("response_type", ["id_token", "code id_token"])
async def test_openid_client_signs_in_by_form_post_of_an_old_flow(
    openid_client, server, register, response_type
):
    """S4-05 and S4-06: the ID token comes through the browser, in a form that it posts."""
    client_id = f"openid-client-{response_type.replace(' ', '-')}"
    application = register(
        acme.web_application(
            client_id,
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            grant_types=["authorization_code", "refresh_token", "implicit"],
            response_types=["code", response_type],
            legacy={"reason": "a portal of 2015"},
        )
    )
    told = node.settings(
        server,
        application,
        response_type=response_type,
        redirect_uri=REDIRECT_URI,
        scope="openid profile email",
    )
    with openid_client as program:
        begun = program.ask(told)
        async with chromium() as browser:
            page = await browser.new_page()
            posted = asyncio.get_running_loop().create_future()

            async def receive(route) -> None:
                if not posted.done():
                    posted.set_result(route.request.post_data)
                await route.fulfill(body="thank you")

            await page.route(f"{REDIRECT_URI}*", receive)
            await page.goto(begun["authorize"])
            await page.fill('input[name="username"]', acme.USERNAME)
            await page.fill('input[name="password"]', acme.PASSWORD)
            await page.click("button[type=submit]")
            async with asyncio.timeout(15):
                fields = dict(parse_qsl(await posted))
        answer = program.ask({"url": REDIRECT_URI, "fields": fields})
    assert answer["claims"]["iss"] == server.issuer
    # Where there is no access token to ask for them with, the claims are in the ID token.
    assert ("email" in answer["claims"]) is (response_type == "id_token")
    assert ("tokens" in answer) is (response_type != "id_token")


@pytest.mark.parametrize(
    "how",
    [
        ("RSA-OAEP-256", None, "ES256"),
        ("ECDH-ES", "A256GCM", "RS256"),
        ("ECDH-ES+A256KW", "A128CBC-HS256", "PS256"),
    ],
    ids=lambda how: how[0],
)
def test_openid_client_reads_what_is_encrypted_for_it(openid_client, server, register, how):
    """Core 10.2: ID tokens and answers of userinfo, which the library wants signed inside."""
    alg, enc, signed = how
    private_key, jwks = acme.encryption_key_pair(alg)
    client_id = f"openid-client-{alg.lower().replace('+', '-')}"
    registered = {"userinfo_signed_response_alg": signed}
    for kind in ("id_token", "userinfo"):
        registered[f"{kind}_encrypted_response_alg"] = alg
        if enc:
            registered[f"{kind}_encrypted_response_enc"] = enc
    application = register(
        acme.web_application(
            client_id,
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            jwks=jwks,
            **registered,
        )
    )
    answer = node.sign_in(
        openid_client,
        server,
        application,
        REDIRECT_URI,
        decryption_key=private_key,
        enc=enc or "A128CBC-HS256",
        metadata={"userinfo_signed_response_alg": signed},
    )
    assert answer["tokens"]["id_token"].count(".") == 4
    acme.assert_signed_in(answer, server.issuer, client_id)
    acme.assert_refreshed(answer)
    assert answer["userinfo"]["iss"] == server.issuer
    assert answer["userinfo"]["aud"] == client_id


def test_openid_client_reads_a_signed_answer_of_userinfo(openid_client, server, register):
    """Core 5.3.2."""
    signed = {"userinfo_signed_response_alg": "ES256"}
    application = register(
        acme.web_application(
            "openid-client-signed",
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            **signed,
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI, metadata=signed)
    acme.assert_signed_in(answer, server.issuer, "openid-client-signed")
    assert answer["userinfo"]["aud"] == "openid-client-signed"


def test_openid_client_knows_a_person_by_a_pairwise_subject(openid_client, server, register):
    """Core 8: the same wherever it is told, and nobody's id."""
    application = register(
        acme.web_application(
            "openid-client-pairwise",
            redirect_uris=[REDIRECT_URI],
            token_endpoint_auth_method="client_secret_post",
            subject_type="pairwise",
        )
    )
    answer = node.sign_in(openid_client, server, application, REDIRECT_URI)
    acme.assert_signed_in(answer, server.issuer, "openid-client-pairwise")
    acme.assert_refreshed(answer)
    assert len(answer["claims"]["sub"]) == 43
