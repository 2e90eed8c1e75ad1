"""`ostiary org`, `project`, `api`, `role`, `service-account`, `keys`, `events`."""

import json

import pytest

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


def test_a_service_account_is_shut_out_and_let_in_again(instance):
    instance("service-account", "create", "--id", "robot")
    assert instance("service-account", "disable", "robot").data["state"] == "inactive"
    assert instance("service-account", "enable", "robot").data["state"] == "active"
    assert instance("service-account", "disable", "nothing").code == 3
