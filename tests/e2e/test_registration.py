"""Clients that know nothing of Ostiary register themselves, sign somebody in, and leave."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from ostiary.egress.jwks import PAUSE
from support import acme, node
from support.browser import Browser
from support.process import Conversation, Process
from support.server import Server
from support.static import serve_files

PROGRAM = Path(__file__).parent / "python/authlib_application.py"
REDIRECT_URI = "http://127.0.0.1:3009/callback"
GOODBYE = "http://127.0.0.1:3009/bye"
GRANTS = ["authorization_code", "refresh_token"]
RESPONSE_TYPES = [
    *("code", "id_token", "token", "id_token token"),
    *("code id_token", "code token", "code id_token token"),
]
POLICY = {
    "mode": "token",
    "allowed_grant_types": [*GRANTS, "implicit"],
    "allowed_response_types": RESPONSE_TYPES,
    "legacy": {"reason": "old libraries"},
}


@pytest.fixture(scope="module")
def token_server(tmp_path_factory) -> Iterator[Server]:
    """A server with ACME, where whoever has a token may register applications."""
    settings = {"egress": {"allow": ["127.0.0.0/8"]}}
    with Server(tmp_path_factory.mktemp("registration"), **settings) as running:
        document = acme.organization()
        document["instance"]["policies"] = {"client_registration": POLICY}
        running.apply(document)
        yield running


@pytest.fixture(scope="module")
def initial_token(token_server) -> str:
    """A token that is good for any number of applications."""
    made = token_server.run("app", "registration-token", "create")
    return str(made["token"])


def about(client_id: str, **metadata) -> dict:
    """Describe an application as it describes itself."""
    return {
        "client_name": client_id,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": GRANTS,
        "policy_uri": "https://legal.test/privacy",
        **metadata,
    }


def test_openid_client_registers_itself_and_signs_in(openid_client, token_server, initial_token):
    metadata = about("openid-client", token_endpoint_auth_method="client_secret_post")
    answer = node.sign_in(
        openid_client,
        token_server,
        {},
        REDIRECT_URI,
        register=metadata,
        initial_access_token=initial_token,
    )
    registered = answer["begun"]["registered"]
    assert {name: registered[name] for name in metadata} == metadata
    acme.assert_signed_in(answer, token_server.issuer, registered["client_id"])
    acme.assert_refreshed(answer)


@pytest.mark.parametrize("response_type", ["id_token", "code id_token"])
def test_openid_client_registers_an_old_flow(
    openid_client, token_server, initial_token, response_type
):
    metadata = about(
        "old",
        token_endpoint_auth_method="client_secret_post",
        grant_types=["implicit", *GRANTS] if "code" in response_type else ["implicit"],
        response_types=[response_type],
    )
    told = node.settings(
        token_server,
        {},
        register=metadata,
        initial_access_token=initial_token,
        response_type=response_type,
        redirect_uri=REDIRECT_URI,
        scope="openid email",
    )
    with openid_client as program, Browser(REDIRECT_URI) as browser:
        begun = program.ask(told)
        page = browser.sign_in(begun["authorize"], acme.USERNAME, acme.PASSWORD)
        fields = dict(parse_qsl(urlsplit(page.url).query))
        answer = program.ask({"url": REDIRECT_URI, "fields": fields})
    assert answer["claims"]["aud"] == begun["registered"]["client_id"]
    assert answer["claims"]["iss"] == token_server.issuer


def test_openid_client_lives_from_registration_to_logout(token_server, initial_token, tmp_path):
    """All that a client does that knows an issuer, and nothing of who made it.

    It registers itself, signs somebody in by every response type, rotates its key at its
    jwks_uri, sees the provider's keys rotate, and logs out.
    """
    old_key, old_jwks = acme.key_pair("ES256")
    new_key, new_jwks = acme.key_pair("RS256")
    files = {"/keys.json": json.dumps(old_jwks).encode()}
    program = node.client("registered_application", tmp_path)
    with (
        serve_files(files) as keys,
        program as application,
        Browser(REDIRECT_URI, GOODBYE) as browser,
    ):
        metadata = about(
            "life",
            grant_types=[*GRANTS, "implicit"],
            response_types=RESPONSE_TYPES,
            token_endpoint_auth_method="private_key_jwt",
            jwks_uri=f"{keys}/keys.json",
            post_logout_redirect_uris=[GOODBYE],
        )
        begun = application.ask(
            {
                "issuer": token_server.issuer,
                "metadata": metadata,
                "initialAccessToken": initial_token,
                "key": old_key,
            }
        )
        registered = begun["registered"]
        assert {name: registered[name] for name in metadata} == metadata
        assert set(begun["server"]["response_types_supported"]) == set(RESPONSE_TYPES)

        def sign_in(response_type: str = "code", **parameters: str) -> dict:
            asked = {"redirect_uri": REDIRECT_URI, "scope": "openid profile email", **parameters}
            step = {"name": "signIn", "response_type": response_type, "parameters": asked}
            url = application.ask(step)["authorize"]
            page = browser.sign_in(url, acme.USERNAME, acme.PASSWORD)
            return dict(application.ask(page.url))

        for response_type in RESPONSE_TYPES:
            answer = sign_in(response_type)
            words = response_type.split()
            if response_type != "token":
                assert answer["claims"]["aud"] == registered["client_id"]
                assert answer["claims"]["iss"] == token_server.issuer
            if "code" in words:
                assert (answer["passed"] is not None) == ("token" in words)
            if words != ["id_token"]:
                assert answer["userinfo"]["email"] == "alice@acme.test"

        # Both publish the next key before they use it.
        (waiting,) = token_server.run("keys", "rotate", "--alg", "RS256")
        await_that(lambda: waiting["kid"] in published_kids(token_server))
        both = {"keys": [*old_jwks["keys"], *new_jwks["keys"]]}
        files["/keys.json"] = json.dumps(both).encode()
        application.ask({"name": "rotate", "key": new_key})
        await_that(
            lambda: application.ask({"name": "introduce"})["known"], seconds=PAUSE + 15, pause=1
        )
        before = sign_in()["kid"]
        assert before != waiting["kid"]
        token_server.run("keys", "rotate", "--alg", "RS256", "--now")
        await_that(lambda: sign_in()["kid"] == waiting["kid"])
        files["/keys.json"] = json.dumps(new_jwks).encode()
        assert sign_in()["userinfo"]["email"] == "alice@acme.test"

        parameters = {"post_logout_redirect_uri": GOODBYE, "state": "s-1"}
        url = application.ask({"name": "logOut", "parameters": parameters})["end"]
        page = browser.visit(url)
        assert page.arrived, page.text
        assert parse_qs(urlsplit(page.url).query)["state"] == ["s-1"]
        assert sign_in(prompt="none") == {"refused": "login_required"}
        application.say({"name": None})


def published_kids(server: Server) -> set[str]:
    """Return the keys that the provider publishes."""
    return {key["kid"] for key in httpx.get(f"{server.issuer}/oauth/v2/keys").json()["keys"]}


def await_that(check: Callable[[], bool], *, seconds: float = 10, pause: float = 0.05) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(pause)


def test_openid_client_registers_what_is_for_it_alone(openid_client, token_server, initial_token):
    """Encrypted ID tokens, answers of userinfo that are signed and encrypted, pairwise subjects.

    The sector identifier is read by the server before it registers anything.
    """
    private_key, jwks = acme.encryption_key_pair("ECDH-ES")
    with serve_files({"/sector.json": json.dumps([REDIRECT_URI]).encode()}) as origin:
        metadata = about(
            "private",
            token_endpoint_auth_method="client_secret_post",
            jwks=jwks,
            id_token_encrypted_response_alg="ECDH-ES",
            id_token_encrypted_response_enc="A256GCM",
            userinfo_signed_response_alg="ES256",
            userinfo_encrypted_response_alg="ECDH-ES",
            userinfo_encrypted_response_enc="A256GCM",
            subject_type="pairwise",
            sector_identifier_uri=f"{origin}/sector.json",
        )
        answer = node.sign_in(
            openid_client,
            token_server,
            {},
            REDIRECT_URI,
            register=metadata,
            initial_access_token=initial_token,
            decryption_key=private_key,
            enc="A256GCM",
        )
        registered = answer["begun"]["registered"]
        assert {name: registered[name] for name in metadata} == metadata
        assert answer["tokens"]["id_token"].count(".") == 4
        acme.assert_signed_in(answer, token_server.issuer, registered["client_id"])
        acme.assert_refreshed(answer)
        assert answer["userinfo"]["aud"] == registered["client_id"]
        assert len(answer["claims"]["sub"]) == 43

        foreign = {**metadata, "redirect_uris": [REDIRECT_URI, f"{REDIRECT_URI}/other"]}
        refused = ask_to_register(token_server, initial_token, foreign)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_redirect_uri")


def test_oauth4webapi_registers_itself_signs_in_changes_and_leaves(
    oauth4webapi, token_server, initial_token
):
    answer = node.sign_in(
        oauth4webapi,
        token_server,
        {},
        REDIRECT_URI,
        register=about("oauth4webapi"),
        initial_access_token=initial_token,
    )
    registered = answer["begun"]["registered"]
    acme.assert_signed_in(answer, token_server.issuer, registered["client_id"])
    acme.assert_refreshed(answer)

    address = registered["registration_client_uri"]
    headers = {"Authorization": f"Bearer {registered['registration_access_token']}"}
    with httpx.Client(headers=headers) as http:
        told = http.get(address)
        assert told.status_code == 200
        assert told.json()["client_name"] == "oauth4webapi"
        changed = {
            "client_id": registered["client_id"],
            "client_secret": registered["client_secret"],
            **about("renamed"),
        }
        told = http.put(address, json=changed)
        assert told.status_code == 200, told.text
        assert told.json()["client_name"] == "renamed"
        refreshed = http.post(
            f"{token_server.issuer}/oauth/v2/token",
            auth=(registered["client_id"], registered["client_secret"]),
            data={
                "grant_type": "refresh_token",
                "refresh_token": answer["refreshed"]["refresh_token"],
            },
        )
        assert refreshed.status_code == 200, refreshed.text
        assert http.delete(address).status_code == 204
        for method in ("GET", "DELETE"):
            assert http.request(method, address).status_code == 401
        after = http.post(
            f"{token_server.issuer}/oauth/v2/token",
            auth=(registered["client_id"], registered["client_secret"]),
            data={
                "grant_type": "refresh_token",
                "refresh_token": refreshed.json()["refresh_token"],
            },
        )
        assert (after.status_code, after.json()["error"]) == (401, "invalid_client")


def test_authlib_signs_in_with_keys_at_the_address_that_was_registered(
    token_server, initial_token, tmp_path
):
    """OpenID Connect Core 10.1: a library that cannot register itself is registered by hand."""
    private_key, jwks = acme.key_pair("RS256")
    program = Process([sys.executable, PROGRAM], folder=tmp_path, name="app")
    with (
        serve_files({"/keys.json": json.dumps(jwks).encode()}) as keys,
        Conversation(program) as application,
    ):
        url = application.hear()["url"]
        client = register_by_hand(
            token_server,
            initial_token,
            redirect_uris=["http://127.0.0.1/callback"],
            application_type="native",
            token_endpoint_auth_method="private_key_jwt",
            jwks_uri=f"{keys}/keys.json",
        )
        told = {"issuer": token_server.issuer, "scope": "openid profile email"}
        application.ask(told | {"client_id": client["client_id"], "private_key": private_key})
        with Browser(url, live=True) as browser:
            page = browser.sign_in(f"{url}/login", acme.USERNAME, acme.PASSWORD)
    acme.assert_signed_in(json.loads(page.text), token_server.issuer, client["client_id"])


def register_by_hand(server: Server, token: str, **metadata) -> dict:
    """Register, and return what was registered."""
    answer = ask_to_register(server, token, about("by hand", **metadata))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def ask_to_register(server: Server, token: str, metadata: dict) -> httpx.Response:
    """Register as the specification says, by what discovery tells."""
    discovered = httpx.get(f"{server.issuer}/.well-known/openid-configuration").json()
    return httpx.post(
        discovered["registration_endpoint"],
        json=metadata,
        headers={"Authorization": f"Bearer {token}"},
    )


def test_without_a_token_nobody_registers(token_server):
    address = f"{token_server.issuer}/oauth/v2/register"
    answer = httpx.post(address, json=about("stranger"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
