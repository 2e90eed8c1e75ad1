"""`ostiary app`."""

import json

import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.cli.presets import PRESETS
from support.jose import make_key

REDIRECT = ("--redirect-uri", "https://app.test/cb")
SECRET = b"a secret of one's own, long enough\n"


def test_the_life_of_an_application(instance):
    made = instance("app", "create", "--client-id", "web", "--name", "Web", *REDIRECT).data
    assert made["client_secret"].startswith("ost_cs_")
    assert made["env"]["OIDC_CLIENT_SECRET"] == made["client_secret"]
    assert made["project"] == made["organization"] == "default"
    assert made["require_pkce"] is True
    (listed,) = instance("app", "list").data
    assert (listed["client_id"], listed["client_name"]) == ("web", "Web")
    changed = instance(
        "app", "update", "web", "--set", "require_consent=true", "--name", "New"
    ).data
    assert (changed["client_name"], changed["require_consent"]) == ("New", True)
    assert "client_secret" not in changed
    assert instance("app", "disable", "web").data["state"] == "inactive"
    assert instance("app", "enable", "web").data["state"] == "active"
    rotated = instance("app", "rotate-secret", "web", "--overlap", "60").data
    assert rotated["client_secret"] != made["client_secret"]
    assert len(rotated["client_secrets"]) == 2
    assert instance("app", "delete", "web").data == {"client_id": "web", "state": "deleted"}
    assert instance("app", "list").data == []
    events = [event["type"] for event in instance("events", "list", "--client", "web").data]
    assert events[::-1] == [
        "client.created", "client.updated", "client.disabled", "client.enabled",
        "client.secret.rotated", "client.deleted",
    ]  # fmt: skip


def test_it_is_shown_by_the_names_that_files_use(instance):
    instance("app", "create", "--client-id", "web", *REDIRECT)
    shown = instance("app", "update", "web", "--redirect-uri", "https://other.test/cb").data
    besides = {"state", "organization", "project", "client_secrets", "created_at", "updated_at"}
    assert set(shown) - besides <= set(ClientMetadata.__struct_fields__)


def test_secrets_are_shown_once_and_never_again(instance):
    secret = instance("app", "create", "--client-id", "web", *REDIRECT).data["client_secret"]
    for command in (["show", "web"], ["list"], ["env", "web"], ["update", "web"]):
        assert secret not in instance("app", *command).out
    assert secret not in instance("events", "list").out


@pytest.mark.parametrize(
    "verb", ["show", "update", "delete", "env", "rotate-secret", "enable", "disable"]
)
def test_what_is_not_there(instance, verb):
    ran = instance("app", verb, "nobody")
    assert (ran.code, ran.error["code"]) == (3, "not_found")
    assert ran.error["message"] == "There is no application 'nobody'."


def test_what_is_taken(instance):
    instance("app", "create", "--client-id", "web", *REDIRECT)
    ran = instance("app", "create", "--client-id", "web", *REDIRECT)
    assert (ran.code, ran.error["code"]) == (4, "conflict")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["--redirect-uri", "http://evil.test/cb"], "redirect_uris[0]"),
        (["--redirect-uri", "https://a.test/*"], "redirect_uris[0]"),
        ([], "redirect_uris"),
        ([*REDIRECT, "--scope", "openid admin"], "allowed_scopes[1]"),
        ([*REDIRECT, "--name", "a\u202eb"], "client_name"),
        ([*REDIRECT, "--type", "web"], "type"),
        ([*REDIRECT, "--set", "redirect_uri=x"], "redirect_uri"),
        ([*REDIRECT, "--set", "clock_skew=soon"], "clock_skew"),
        ([*REDIRECT, "--set", "profile=fapi2"], "profile"),
        ([*REDIRECT, "--client-id", "a b"], "client_id"),
    ],
    ids=str,
)
def test_what_cannot_be(instance, arguments, path):
    ran = instance("app", "create", *arguments)
    assert (ran.code, ran.error["code"]) == (2, "invalid")
    assert path in [problem["path"] for problem in ran.error["details"]]
    assert instance("app", "list").data == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/jwks",
        "https://127.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://[::ffff:7f00:1]/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://0/",
        "https://2130706433/",
        "https://127.1/",
        "https://localhost/jwks",
        "gopher://app.test/",
        "file:///etc/passwd",
        "unix:/run/x",
    ],
)
def test_ss_01_jwks_uri_into_the_private_network(instance, address):
    arguments = ("--auth-method", "private_key_jwt", "--set", f"jwks_uri={address}")
    ran = instance("app", "create", *REDIRECT, *arguments)
    assert (ran.code, ran.error["code"]) == (2, "invalid")
    assert [problem["path"] for problem in ran.error["details"]] == ["jwks_uri"]


def test_a_network_that_is_allowed_may_hold_a_jwks_uri(instance, monkeypatch):
    monkeypatch.setenv("OSTIARY_EGRESS_ALLOW", "10.0.0.0/8")
    arguments = ("--auth-method", "private_key_jwt", "--set", "jwks_uri=https://10.0.0.1/jwks")
    assert instance("app", "create", *REDIRECT, *arguments).code == 0


@pytest.mark.parametrize("pair", ["x", "=x", "a=[", "a={", "a=&b *b"])
def test_pairs_that_are_none(instance, pair):
    ran = instance("app", "create", *REDIRECT, "--set", pair)
    assert (ran.code, ran.error["code"]) in {(2, "usage"), (2, "invalid")}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_registers_and_tells_the_application_so(instance, preset):
    made = instance("app", "create", "--preset", preset, "--client-id", preset).data
    assert made["client_name"] == PRESETS[preset].title
    assert any("https://login.test" in value for value in made["env"].values())
    assert preset in made["env"].values()
    if made["token_endpoint_auth_method"] == "none":
        assert not [name for name in made["env"] if "SECRET" in name]
    else:
        assert made["client_secret"] in made["env"].values()
    again = instance("app", "env", preset, "--preset", preset)
    assert again.data["env"] == {
        name: value for name, value in made["env"].items() if value != made.get("client_secret")
    }


def test_what_is_given_wins_over_the_preset(instance):
    made = instance("app", "create", "--preset", "spa", "--name", "Mine", *REDIRECT).data
    assert (made["client_name"], made["redirect_uris"]) == ("Mine", ["https://app.test/cb"])
    assert made["web_origins"] == ["https://app.test"]


def test_an_unknown_preset_comes_with_a_suggestion(instance):
    ran = instance("app", "create", "--preset", "fastpi")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert "did you mean fastapi?" in ran.error["message"]


def test_the_secret_is_shown_though_the_preset_has_no_variable_for_it(instance, ostiary):
    arguments = ("--preset", "spa", "--type", "OIDC_APP_TYPE_WEB")
    made = ostiary("app", "create", *arguments, "--auth-method", "client_secret_basic")
    assert "client_secret  ost_cs_" in made.out


def test_what_sends_nobody_back_is_told_where_tokens_come_from(instance):
    machine = ("--type", "API", "--grant-type", "client_credentials")
    made = instance("app", "create", "--client-id", "robot", *machine).data
    assert made["env"] == {
        "OAUTH_TOKEN_URL": "https://login.test/oauth/v2/token",
        "OAUTH_CLIENT_ID": "robot",
        "OAUTH_CLIENT_SECRET": made["client_secret"],
    }
    assert "OAUTH_TOKEN_URL" in instance("app", "env", "robot").data["env"]


def test_a_secret_of_ones_own_comes_by_file_or_standard_input(instance, folder):
    made = instance(
        "app", "create", "--client-id", "a", *REDIRECT, "--secret-file", "-", stdin=SECRET
    ).data
    assert "client_secret" not in made
    (folder / "secret").write_bytes(SECRET)
    rotated = instance(
        "app", "rotate-secret", "a", "--overlap", "0", "--secret-file", "secret"
    ).data
    assert len(rotated["client_secrets"]) == 1


@pytest.mark.parametrize(("content", "code"), [(b"short", 2), (b"\xff" * 40, 1), (b"x" * 600, 2)])
def test_secrets_that_cannot_be(instance, folder, content, code):
    (folder / "secret").write_bytes(content)
    ran = instance("app", "create", *REDIRECT, "--secret-file", "secret")
    assert ran.code == code
    assert "xxx" not in ran.out


def test_a_file_that_is_not_there(instance):
    for option in ("--secret-file", "--metadata", "--jwks"):
        ran = instance("app", "create", *REDIRECT, option, "nowhere")
        assert (ran.code, ran.error["code"]) == (1, "file")


def test_metadata_and_keys_come_from_files(instance, folder):
    (folder / "metadata.yaml").write_text("token_endpoint_auth_method: private_key_jwt\n")
    keys = {"keys": [make_key("ES256").public_jwk]}
    arguments = ["--metadata", "metadata.yaml", "--jwks", "-"]
    made = instance("app", "create", *REDIRECT, *arguments, stdin=json.dumps(keys).encode()).data
    assert made["jwks"] == keys
    (folder / "list.yaml").write_text("- a\n")
    ran = instance("app", "create", *REDIRECT, "--metadata", "list.yaml")
    assert (ran.code, ran.error["code"]) == (1, "invalid")


def test_a_project_of_choice(instance):
    instance("org", "create", "--id", "acme")
    instance("project", "create", "--id", "shop", "--organization", "acme")
    made = instance("app", "create", "--project", "shop", *REDIRECT).data
    assert (made["project"], made["organization"]) == ("shop", "acme")
    assert len(instance("app", "list", "--organization", "acme").data) == 1
    assert instance("app", "list", "--project", "default").data == []
    assert instance("app", "list", "--project", "nowhere").code == 3
    assert instance("app", "create", "--project", "nowhere", *REDIRECT).code == 3


def test_without_a_default_project_one_must_be_named(instance):
    instance("project", "create", "--id", "one")
    instance("project", "delete", "default")
    assert instance("app", "create", *REDIRECT).data["project"] == "one"
    instance("project", "create", "--id", "two")
    ran = instance("app", "create", *REDIRECT)
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert "--project" in ran.error["message"]


def test_long_lists_go_on(instance):
    for name in "abc":
        instance("app", "create", "--client-id", name, *REDIRECT)
    first = instance("app", "list", "--limit", "2").answer
    assert [one["client_id"] for one in first["data"]] == ["a", "b"]
    assert "--after b" in first["warnings"][0]
    assert [one["client_id"] for one in instance("app", "list", "--after", "b").data] == ["c"]


def test_what_people_see(instance, ostiary):
    created = ostiary("app", "create", "--preset", "fastapi", "--client-id", "web")
    assert "OIDC_CLIENT_SECRET=ost_cs_" in created.out
    assert "OIDC_SCOPE='openid profile" in created.out
    assert "shown only now" in created.out
    listed = ostiary("app", "list")
    assert "client_id" in listed.out.splitlines()[0]
    assert "client_secret_basic" in listed.out
    environment = ostiary("app", "env", "web")
    assert "OIDC_CLIENT_ID=web" in environment.out.splitlines()
    assert "rotate-secret" in environment.err
    shown = ostiary("app", "show", "web")
    assert "redirect_uris" in shown.out
    missing = ostiary("app", "show", "nobody")
    assert (missing.out, missing.err) == ("", "Error: There is no application 'nobody'.\n")
