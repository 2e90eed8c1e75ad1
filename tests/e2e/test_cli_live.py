"""Commands work on the database of a running server, and take effect at once."""

import json
import secrets
import subprocess
import time

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from support import acme
from support.browser import Browser
from support.flows import Application, authorization_url, sign_in

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REDIRECT = "https://application.test/callback"


@pytest.fixture
def machine(server):
    """A machine client, registered by command."""
    return server.run("app", "create", "--preset", "m2m", "--project", "shop")


def ask_for_token(server, client, secret=None):
    return httpx.post(
        f"{server.issuer}/oauth/v2/token",
        auth=(client["client_id"], secret or client["client_secret"]),
        data={"grant_type": "client_credentials"},
    )


def within_a_second(check):
    """Wait until something holds: a change is to be seen everywhere within a second."""
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_application_works_as_soon_as_it_is_made(server, machine):
    assert ask_for_token(server, machine).status_code == 200


def test_a_disabled_application_is_shut_out_and_let_in_again(server, machine):
    server.run("app", "disable", machine["client_id"])
    within_a_second(lambda: ask_for_token(server, machine).status_code == 401)
    server.run("app", "enable", machine["client_id"])
    within_a_second(lambda: ask_for_token(server, machine).status_code == 200)


def test_a_deleted_application_is_shut_out(server, machine):
    server.run("app", "delete", machine["client_id"])
    within_a_second(lambda: ask_for_token(server, machine).status_code == 401)


def test_both_secrets_are_good_while_they_overlap(server, machine):
    rotated = server.run("app", "rotate-secret", machine["client_id"])["client_secret"]
    within_a_second(lambda: ask_for_token(server, machine, rotated).status_code == 200)
    assert ask_for_token(server, machine).status_code == 200
    server.run("app", "rotate-secret", machine["client_id"], "--overlap", "0")
    within_a_second(lambda: ask_for_token(server, machine).status_code == 401)
    assert ask_for_token(server, machine, rotated).status_code == 401


def test_a_service_account_is_a_client(server):
    made = server.run("service-account", "create", "--organization", "acme")
    client = {"client_id": made["id"], "client_secret": made["client_secret"]}
    assert ask_for_token(server, client).status_code == 200


def bearer(server, key_file, **claims):
    """Ask for a token as a program that holds the key file does."""
    account, now = key_file["service_account_id"], int(time.time())
    claims = {
        "iss": account,
        "sub": account,
        "aud": key_file["token_uri"],
        "exp": now + 60,
    } | claims
    kind, alg = (RSAKey, "RS256") if len(key_file["private_key"]) > 1000 else (ECKey, "ES256")
    key = kind.import_key(key_file["private_key"])
    header = {"alg": alg, "kid": key_file["key_id"]}
    form = {"grant_type": JWT_BEARER, "assertion": jwt.encode(header, claims, key)}
    return httpx.post(key_file["token_uri"], data=form)


def test_s0_19_keys_of_a_service_account(server, tmp_path):
    account = server.run("service-account", "create", "--organization", "acme")["id"]
    path = tmp_path / "key.json"
    added = server.run("service-account", "add-key", account, "--out", path)
    assert path.stat().st_mode & 0o777 == 0o600
    key_file = json.loads(path.read_text(encoding="utf-8"))
    assert key_file["type"] == "service_account"
    assert (key_file["key_id"], key_file["service_account_id"]) == (added["key_id"], account)
    assert bearer(server, key_file).status_code == 200

    second = server.run("service-account", "add-key", account, "--alg", "ES256", "--days", "30")
    assert bearer(server, second["key_file"]).status_code == 200
    listed = server.run("service-account", "list-keys", account)
    assert [one["alg"] for one in listed] == ["RS256", "ES256"]
    assert [one["expires_at"] is None for one in listed] == [True, False]

    server.run("service-account", "remove-key", account, added["key_id"], "--yes")
    within_a_second(lambda: bearer(server, key_file).status_code == 400)
    assert bearer(server, second["key_file"]).status_code == 200


def test_s0_19_a_public_key_of_ones_own(server, tmp_path):
    account = server.run("service-account", "create", "--organization", "acme")["id"]
    private_key, jwks = acme.key_pair("ES256")
    path = tmp_path / "public.json"
    path.write_text(json.dumps(jwks["keys"][0]), encoding="utf-8")
    added = server.run("service-account", "add-key", account, "--public-key", path)
    assert "key_file" not in added
    pem = ECKey.import_key(private_key).as_pem(private=True).decode()
    key_file = {
        "key_id": added["key_id"],
        "service_account_id": account,
        "private_key": pem,
        "token_uri": f"{server.issuer}/oauth/v2/token",
    }
    assert bearer(server, key_file).status_code == 200


def test_rotated_keys_are_published_at_once(server):
    def published():
        return {key["kid"] for key in httpx.get(f"{server.issuer}/oauth/v2/keys").json()["keys"]}

    (made,) = server.run("keys", "rotate", "--alg", "ES256", "--now")
    within_a_second(lambda: made["kid"] in published())
    server.run("keys", "revoke", made["kid"])
    within_a_second(lambda: made["kid"] not in published())


@pytest.fixture
def bob(server):
    """A user with a name of their own, and their password."""
    name = f"bob-{secrets.token_hex(4)}"
    made = server.run("user", "create", name, "--organization", "acme")
    return name, made["password"]


@pytest.fixture
def application(server):
    made = server.run(
        "app", "create", "--project", "shop", "--redirect-uri", REDIRECT,
        "--grant-type", "authorization_code", "--grant-type", "refresh_token",
    )  # fmt: skip
    return Application(made["client_id"], made["client_secret"], "openid profile", REDIRECT)


def signs_in(server, application, name, password):
    with Browser(REDIRECT) as browser:
        path = authorization_url(application, secrets.token_urlsafe(32), "state")
        page = browser.visit(server.issuer + path)
        page = browser.submit(page, page.form(username=""), username=name, password=password)
        return page.arrived


def test_a_user_signs_in_with_the_password_that_was_shown(server, application, bob):
    assert signs_in(server, application, *bob)


@pytest.mark.parametrize("verb", ["lock", "deactivate"])
def test_a_user_is_shut_out_and_let_in_again(server, application, bob, verb):
    name, password = bob
    cookie = sign_in(server, application, name, password)
    server.run("user", verb, name)

    def known():
        path = authorization_url(application, secrets.token_urlsafe(32), "state")
        answer = httpx.get(f"{server.issuer}{path}&prompt=none", headers={"Cookie": cookie})
        return "code=" in answer.headers.get("location", "")

    within_a_second(lambda: not known())
    assert not signs_in(server, application, name, password)
    server.run("user", "unlock" if verb == "lock" else "activate", name)
    assert signs_in(server, application, name, password)


def test_a_new_password_is_the_only_one(server, application, bob):
    name, old = bob
    new = server.run("user", "reset-password", name)["password"]
    assert signs_in(server, application, name, new)
    assert not signs_in(server, application, name, old)


def test_unlock_forgets_failed_attempts(server, application, bob):
    name, password = bob
    # As many as are free of a delay: on a slow machine a delay would be over between two tries.
    server.apply({"instance": {"policies": {"lockout": {"soft_lock_after": 5}}}})
    for _ in range(5):
        signs_in(server, application, name, "wrong")
    assert not signs_in(server, application, name, password)
    server.run("user", "unlock", name)
    assert signs_in(server, application, name, password)


def test_doctor_finds_the_server_well(server):
    checks = server.run("doctor")["checks"]
    # No mail server is configured here, which doctor warns of.
    assert [check["name"] for check in checks if check["status"] != "ok"] == ["mail"]


def test_apply_takes_effect_in_the_running_server(server):
    web = acme.web_application("applied", redirect_uris=[REDIRECT])
    server.apply(acme.organization(web))
    application = Application("applied", web["client_secret"], "openid", REDIRECT)
    assert signs_in(server, application, acme.USERNAME, acme.PASSWORD)


def test_apply_finds_drift(server, tmp_path):
    path = tmp_path / "acme.json"
    path.write_text(json.dumps(acme.organization()))
    command = [*server.process.command[:3], "apply", path, "--dry-run", "--json"]
    command += ["--config", server.configuration]

    def run():
        return subprocess.run(
            command, env=server.process.environment, capture_output=True, check=False
        ).returncode

    server.apply(acme.organization())  # other tests change what the files say
    assert run() == 0
    server.run("org", "update", "acme", "--name", "Changed by hand")
    assert run() == 7
    server.apply(acme.organization())
    assert run() == 0
