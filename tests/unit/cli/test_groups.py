"""`ostiary org`, `project`, `api`, `role`, `service-account`, `keys`, `events`."""

import io
import json

import pytest
from PIL import Image as Picture

from support.jose import make_key


def test_organizations(instance):
    assert [one["id"] for one in instance("org", "list").data] == ["default"]
    made = instance("org", "create", "--id", "acme", "--name", "ACME", "--domain", "acme.test").data
    assert (made["id"], made["name"], made["domains"]) == ("acme", "ACME", ["acme.test"])
    assert instance("org", "update", "acme", "--inactive").data["state"] == "inactive"
    assert instance("org", "update", "acme", "--active").data["state"] == "active"
    assert instance("org", "show", "acme").data["name"] == "ACME"
    assert instance("org", "create", "--id", "acme").code == 4
    instance("project", "create", "--id", "shop", "--organization", "acme")
    ran = instance("org", "delete", "acme")
    assert (ran.code, ran.error["code"]) == (4, "conflict")
    assert ran.error["hint"] == "Delete its projects first."
    instance("project", "delete", "shop")
    assert instance("org", "delete", "acme").data["state"] == "deleted"
    assert instance("org", "show", "acme").code == 3


def test_projects_and_roles(instance):
    assert instance("project", "create", "--id", "shop", "--name", "Shop").data["name"] == "Shop"
    assert instance("project", "update", "shop", "--name", "Store").data["name"] == "Store"
    assert [one["id"] for one in instance("project", "list").data] == ["default", "shop"]
    place = ("--project", "shop")
    assert instance("role", "create", "buyer", "--name", "Buyer", *place).code == 0
    assert instance("role", "create", "buyer", *place).code == 4
    assert instance("role", "update", "buyer", "--name", "Customer", *place).code == 0
    assert instance("role", "list", *place).data == [{"key": "buyer", "name": "Customer"}]
    user = instance("user", "create", "alice").data["id"]
    assigned = instance("role", "assign", "buyer", "--user", "alice", *place).data
    assert (assigned["user"], assigned["roles"]) == (user, ["buyer"])
    assert len(instance("role", "assignments", *place).data) == 1
    assert instance("role", "delete", "buyer", *place).code == 4
    assert instance("role", "assign", "seller", "--user", "alice", *place).code == 2
    assert instance("role", "assign", "buyer", "--user", "bob", *place).code == 3
    assert instance("role", "assign", "buyer", *place).code == 2
    assert instance("role", "revoke", "--user", "alice", *place).code == 0
    assert instance("role", "revoke", "--user", "alice", *place).code == 3
    assert instance("role", "delete", "buyer", *place).code == 0
    assert instance("project", "show", "shop").data["roles"] == []


def test_apis(instance):
    arguments = ("https://orders.test", "--id", "orders", "--scope", "orders.read")
    made = instance("api", "create", *arguments).data
    assert (made["audience"], made["scopes"]) == ("https://orders.test", ["orders.read"])
    changed = instance("api", "update", "orders", "--scope", "a", "--scope", "b").data
    assert changed["scopes"] == ["a", "b"]
    assert instance("api", "create", "https://orders.test").code == 4
    assert instance("api", "create", "https://login.test/api").code == 2
    assert [one["id"] for one in instance("api", "list").data] == ["orders"]
    assert instance("api", "show", "orders").code == 0
    assert instance("api", "delete", "orders").data["state"] == "deleted"
    assert instance("api", "show", "orders").code == 3


def test_service_accounts(instance):
    made = instance("service-account", "create", "--id", "robot", "--name", "Robot").data
    assert made["client_secret"].startswith("ost_cs_")
    assert [one["id"] for one in instance("service-account", "list").data] == ["robot"]
    rotated = instance("service-account", "rotate-secret", "robot").data
    assert rotated["client_secret"] != made["client_secret"]
    keys = json.dumps({"keys": [make_key("ES256").public_jwk]}).encode()
    changed = instance("service-account", "update", "robot", "--jwks", "-", stdin=keys).data
    assert changed["token_endpoint_auth_method"] == "private_key_jwt"
    assert changed["client_secrets"] == []
    assert instance("service-account", "rotate-secret", "robot").code == 2
    assert instance("app", "show", "robot").code == 3
    assert instance("service-account", "create", "--id", "robot").code == 4
    assert instance("service-account", "delete", "robot").code == 0
    assert instance("service-account", "show", "robot").code == 3


def test_keys(instance):
    assert instance("keys", "list").data == []
    made = instance("keys", "rotate", "--now").data
    assert {(key["alg"], key["state"]) for key in made} == {
        ("RS256", "active"),
        ("ES256", "active"),
    }
    (waiting,) = instance("keys", "rotate", "--alg", "ES256").data
    assert (waiting["state"], waiting["next_state"]) == ("published", "active")
    kid = next(key["kid"] for key in made if key["alg"] == "RS256")
    assert instance("keys", "revoke", kid).data["state"] == "revoked"
    states = {key["kid"]: key["state"] for key in instance("keys", "list").data}
    assert states[kid] == "revoked"
    assert instance("keys", "rotate", "--alg", "HS256").code == 2
    assert instance("keys", "revoke", "nothing").code == 3


def test_keys_need_the_key_that_they_are_encrypted_under(instance, configured):
    assert instance("keys", "rotate", "--now").code == 0
    text = configured.read_text()
    configured.write_text(text.replace("A" * 43, "B" + "A" * 42))
    ran = instance("keys", "rotate")
    assert (ran.code, ran.error["code"]) == (6, "keys")
    configured.write_text("\n".join(text.splitlines()[:2]))
    ran = instance("keys", "list")
    assert (ran.code, ran.error["code"]) == (1, "settings")


def test_events_go_on_before_a_position(instance):
    first = instance("events", "list", "--limit", "1").answer
    assert "--before" in first["warnings"][0]
    position = first["data"][0]["position"]
    rest = instance("events", "list", "--before", position).data
    assert [event["position"] for event in rest] == list(range(position - 1, 0, -1))
    assert {event["type"] for event in rest} == {"organization.created"}
    assert instance("events", "list", "--type", "grant.revoked").data == []


@pytest.mark.parametrize(
    "command",
    [
        "org list",
        "project list",
        "api list",
        "role list",
        "role assignments",
        "keys list",
        "service-account list",
        "events list --type webhook.disabled",
        "webhook list",
        "user list",
    ],
)
def test_empty_lists_say_so(instance, ostiary, command):
    ran = ostiary(*command.split())
    assert ran.code == 0
    assert ran.out.strip()


def test_policies(instance):
    shown = instance("policy", "show").data
    assert shown["decided"] == {}
    assert shown["in_force"]["password"]["min_length"] == 15
    assert instance("policy", "update", "--set", "password.min_length=18").code == 0
    assert instance("policy", "update", "--set", "require_pushed_authorization_requests=yes").code
    instance("org", "create", "--id", "acme")
    place = ("--organization", "acme")
    laxer = instance("policy", "update", "--set", "password.min_length=16", *place)
    assert (laxer.code, laxer.error["code"]) == (2, "invalid")
    assert "stricter than for the instance, 18, but not laxer" in laxer.error["message"]
    changes = ("--set", "password.min_length=20", "--set", "login.identifier_first=true")
    changed = instance("policy", "update", *changes, *place).data
    assert changed["decided"] == {
        "password": {"min_length": 20},
        "login": {"identifier_first": True},
    }
    assert changed["in_force"]["password"]["min_length"] == 20
    assert instance("policy", "show", *place).data == changed
    assert instance("policy", "show").data["in_force"]["password"]["min_length"] == 18
    back = instance("policy", "update", "--set", "password=null", *place).data
    assert back["in_force"]["password"]["min_length"] == 18
    assert instance("policy", "show", "--organization", "nothing").code == 3
    assert instance("policy", "update", "--set", "a=1", "--set", "a.b=2").code == 2


def test_domains_of_organizations(instance):
    instance("org", "create", "--id", "acme", "--domain", "acme.example")
    added = instance("org", "domain", "add", "acme", "acme.test").data
    assert added["record"] == "_ostiary-challenge.acme.test"
    listed = instance("org", "domain", "list", "acme").data
    assert [(one["domain"], one["verified"]) for one in listed] == [
        ("acme.example", True),
        ("acme.test", False),
    ]
    assert listed[1]["value"] == added["value"]
    assert instance("org", "domain", "verify", "acme", "acme.test", "--vouch").code == 0
    assert instance("org", "show", "acme").data["domains"] == ["acme.example", "acme.test"]
    assert instance("org", "domain", "add", "acme", "Acme").code == 2
    assert instance("org", "domain", "verify", "acme", "other.test").code == 3
    assert instance("org", "create", "--id", "globex", "--domain", "acme.test").code == 4
    assert instance("org", "domain", "remove", "acme", "acme.example").code == 0
    assert instance("org", "show", "acme").data["domains"] == ["acme.test"]


def test_branding_of_organizations(instance, folder):
    instance("org", "create", "--id", "acme")
    shown = instance("org", "brand", "acme", "--set", "accent='#2a57c7'").data
    assert shown == {"accent": "#2a57c7"}
    refused = instance("org", "brand", "acme", "--set", "accent='#ffd400'")
    assert (refused.code, refused.error["code"]) == (2, "invalid")
    content = io.BytesIO()
    Picture.new("RGB", (10, 10), 80).save(content, "PNG")
    assert instance("org", "set-logo", "acme", "-", stdin=content.getvalue()).code == 0
    (folder / "logo.svg").write_text("<svg/>")
    assert instance("org", "set-logo", "acme", "logo.svg").code == 2
    assert instance("org", "set-logo", "acme", "missing.png").code == 1
    logo = instance("org", "show", "acme").data["branding"]["logo"]
    assert logo.startswith("sha256:")


def test_administrators(instance):
    instance("org", "create", "--id", "acme")
    instance("project", "create", "--id", "shop", "--organization", "acme")
    user = instance("user", "create", "alice", "--organization", "acme").data["id"]
    account = ("--service-account", "robot")
    instance("service-account", "create", "--id", "robot", "--organization", "acme")
    assert instance("administrator", "list").data == []
    place = ("--organization", "acme")
    made = instance("administrator", "grant", "org_owner", "--user", "alice", *place).data
    assert (made["user"], made["role"], made["organization"]) == (user, "org_owner", "acme")
    again = instance("administrator", "grant", "org_owner", "--user", "alice", *place).data
    assert again["id"] == made["id"]
    assert instance("administrator", "grant", "instance_viewer", *account).code == 0
    assert instance("administrator", "grant", "project_owner", *account, "--project", "shop").data
    assert instance("administrator", "grant", "org_owner", "--user", "alice").code == 2
    assert instance("administrator", "grant", "org_boss", "--user", "alice", *place).code == 2
    assert instance("administrator", "grant", "org_owner", "--user", "bob", *place).code == 3
    assert len(instance("administrator", "list").data) == 3
    assert len(instance("administrator", "list", *place).data) == 2
    assert instance("administrator", "revoke", made["id"]).data["id"] == made["id"]
    assert instance("administrator", "revoke", made["id"]).code == 3
    assert len(instance("administrator", "list", *place).data) == 1


def test_policies_that_would_let_nobody_in(instance, folder):
    """By command and by file: what is joined must leave a way to sign in, and says where not."""
    instance("org", "create", "--id", "acme")
    place = ("--organization", "acme")
    only = ("--set", 'login.allowed_factors=["passkey"]')
    assert instance("policy", "update", *only, *place).code == 0
    refused = instance("policy", "update", "--set", 'login.allowed_factors=["password"]')
    assert (refused.code, refused.error["code"]) == (2, "invalid")
    assert "the organization acme would have" in refused.error["message"]
    assert refused.error["message"].count("policies.login.allowed_factors") == 1
    declared = {"instance": {"policies": {"login": {"allowed_factors": ["password", "totp"]}}}}
    (folder / "stricter.json").write_text(json.dumps(declared))
    for options in (("--dry-run",), ()):
        refused = instance("apply", str(folder / "stricter.json"), *options)
        assert (refused.code, refused.error["code"]) == (1, "invalid")
        assert "the organization acme would have" in refused.error["message"]
    assert instance("policy", "show").data["decided"] == {}
    refused = instance("policy", "update", "--set", 'login.allowed_factors=["totp"]', *place)
    assert refused.code == 2
    assert "password or passkey" in refused.error["message"]
    # Once the organization has made room, the file can be applied.
    assert instance("policy", "update", "--set", "login=null", *place).code == 0
    assert instance("apply", str(folder / "stricter.json")).code == 0
    assert instance("policy", "show", *place).data["in_force"]["login"]["allowed_factors"] == [
        "password",
        "totp",
    ]
