"""`ostiary apply`."""

import json

import pytest

from ostiary.admin import apply as applying
from ostiary.oauth.effects import Unavailable
from support import acme

SHOP = acme.web_application("shop-web", redirect_uris=["https://shop.test/cb"])
del SHOP["client_secret"]


@pytest.fixture
def declared(folder):
    """Write a declarative file; return its name."""

    def write(tree, name="acme.json"):
        text = tree if isinstance(tree, str) else json.dumps(tree)
        (folder / name).write_text(text)
        return name

    return write


def test_an_empty_database_is_set_up(ostiary, configured, declared):
    ran = ostiary("apply", declared(acme.organization(SHOP)), "--json")
    assert ran.code == 0
    assert ran.data["applied"] is True
    made = {(change["action"], change["kind"], change["key"]) for change in ran.data["changes"]}
    assert ("create", "application", "shop-web") in made
    (secret,) = ran.data["secrets"]
    assert secret["client_id"] == "shop-web"
    again = ostiary("apply", "acme.json", "--json")
    assert (again.data["changes"], again.data["secrets"]) == ([], [])
    assert again.data["unchanged"] == len(made)


def test_without_auto_migrate_it_is_not(ostiary, configured, declared, monkeypatch):
    monkeypatch.setenv("OSTIARY_AUTO_MIGRATE", "false")
    ran = ostiary("apply", declared(acme.organization()), "--json")
    assert (ran.code, ran.error["code"]) == (6, "database")


def test_a_dry_run_shows_drift_by_its_exit_code(instance, declared):
    ran = instance("apply", declared(acme.organization(SHOP)), "--dry-run")
    assert ran.code == 7
    assert ran.data["applied"] is False
    assert ran.data["secrets"] == []
    assert instance("app", "list").data == []
    instance("apply", "acme.json")
    assert instance("apply", "acme.json", "--dry-run").code == 0


def test_prune(instance, declared):
    instance("apply", declared(acme.organization(SHOP)))
    instance("app", "create", "--client-id", "by-hand", "--project", "shop", *REDIRECT)
    ran = instance("apply", declared(acme.organization()), "--prune")
    assert [change["key"] for change in ran.data["changes"]] == ["shop-web"]
    assert [one["client_id"] for one in instance("app", "list").data] == ["by-hand"]
    ran = instance("apply", declared({}), "--prune")
    assert (ran.code, ran.error["code"]) == (2, "invalid")


REDIRECT = ("--redirect-uri", "https://app.test/cb")


def test_several_files_and_standard_input(instance, declared):
    text = "organizations: [{id: acme, users: [{username: bob}]}]"
    ran = instance("apply", declared(acme.organization()), "-", stdin=text.encode())
    assert {change["key"] for change in ran.data["changes"]} >= {"alice", "bob"}


def test_a_new_algorithm_gets_its_key_at_once(instance, declared):
    instance("apply", declared({"instance": {"access_token_signing_alg": "EdDSA"}}))
    assert {key["alg"] for key in instance("keys", "list").data} == {"RS256", "ES256", "EdDSA"}
    web = SHOP | {"id_token_signed_response_alg": "EdDSA"}
    assert instance("apply", declared(acme.organization(web))).code == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("organizations:\n  - id: acme\n    nmae: x\n", "acme.yaml:3: organizations[0].nmae"),
        ("organizations:\n  - id: acme\n   name: x\n", "acme.yaml:3 is not YAML"),
        ("a: 1\na: 2\n", "acme.yaml:2 has the key 'a' twice"),
        ("organizations: {}\n", "acme.yaml:1: organizations: must be a list"),
        ("- x\n", "acme.yaml:1: must be a mapping"),
        ("instance: {policies: {mfa: {required: 1}}}\n", "acme.yaml:1: instance.policies.mfa"),
        ("[" * 100_000, "acme.yaml:1 is nested more than 32 levels deep"),
        ("x: \x07\n", "acme.yaml is not YAML"),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_wrong_is_told_by_file_and_line(instance, declared, text, place):
    ran = instance("apply", declared(text, "acme.yaml"))
    assert (ran.code, ran.error["code"]) == (1, "invalid")
    assert place in ran.error["message"]
    assert "Traceback" not in ran.err


def test_hostile_files(instance, folder, declared):
    (folder / "large.yaml").write_bytes(b"a" * (9 * 1024 * 1024))
    (folder / "binary.yaml").write_bytes(bytes(range(256)))
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [" + ", ".join([f"*{before}"] * 9) + "]")
    declared("\n".join(lines), "bomb.yaml")
    for name in ("large.yaml", "binary.yaml", "bomb.yaml"):
        ran = instance("apply", name)
        assert (ran.code, ran.error["code"]) == (1, "invalid")
    for name in ("nowhere.yaml", "."):
        ran = instance("apply", name)
        assert (ran.code, ran.error["code"]) == (1, "file")


def test_what_people_see(ostiary, instance, declared):
    tree = acme.organization(SHOP)
    tree.pop("instance", None)
    planned = ostiary("apply", declared(tree), "--dry-run")
    assert "+ application shop-web  in shop" in planned.out
    assert "6 to create; 0 unchanged." in planned.out
    applied = ostiary("apply", "acme.json")
    assert "6 created; 0 unchanged." in applied.out
    assert "shop-web  ost_cs_" in applied.out
    assert "Nothing to do; 6 unchanged." in ostiary("apply", "acme.json").out
    changed = SHOP | {"client_name": "New"}
    again = ostiary("apply", declared(acme.organization(changed)))
    assert "~ application shop-web  in shop  (client_name)" in again.out
    wrong = ostiary("apply", declared({"x": 1}))
    assert wrong.err.startswith("Error: Nothing was written.\n  acme.json: x: is not a key")


@pytest.mark.parametrize("as_json", [True, False])
def test_an_interrupted_run_shows_the_secrets_that_it_made(
    ostiary, instance, declared, monkeypatch, as_json
):
    async def go_away(*arguments):
        if arguments[2].key == "alice" and arguments[0].hash_password.__name__ != "_hash_nothing":
            raise Unavailable
        return await original(*arguments)

    original = applying.bring_about
    monkeypatch.setattr(applying, "bring_about", go_away)
    name = declared(acme.organization(SHOP))
    if as_json:
        ran = ostiary("apply", name, "--json")
        (secret,) = ran.error["details"]["secrets"]
        assert secret["client_secret"].startswith("ost_cs_")
    else:
        ran = ostiary("apply", name)
        assert "shop-web  ost_cs_" in ran.out
        assert "The database does not answer." in ran.err
        assert "run the command again" in ran.err
    assert ran.code == 6
