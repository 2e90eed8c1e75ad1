"""`ostiary group`, `org members`, `project grants`, `token`, and what users are exported as."""

import json

import pytest

FILE = """
organizations:
  - id: acme
    name: ACME
    users: [{username: alice, profile: {family_name: Müller}}, {username: carol, state: locked}]
    service_accounts: [{id: robot, allowed_scopes: [orders.read]}]
    groups: [{key: staff, name: Staff, members: [alice]}]
    projects:
      - id: shop
        roles: [{key: buyer}, {key: clerk}, {key: boss}]
        apis: [{id: orders, audience: "https://orders.acme.test", scopes: [orders.read]}]
        grants: [{organization: globex, roles: [buyer, clerk]}]
    role_assignments:
      - {group: staff, project: shop, roles: [boss]}
  - id: globex
    users: [{username: bob}]
    members: [{user: alice}]
    role_assignments:
      - {user: bob, project: shop, roles: [clerk]}
      - {user: alice, project: shop, roles: [buyer]}
"""


@pytest.fixture
def declared(instance, folder):
    (folder / "people.yaml").write_text(FILE)
    outcome = instance("apply", "people.yaml").data
    assert outcome["unchanged"] == 0
    return instance


def roles_of(instance):
    found = instance("role", "assignments", "--project", "shop").data
    return sorted((one["organization"], tuple(one["roles"])) for one in found)


def test_files_say_who_belongs_where(declared, folder):
    assert roles_of(declared) == [
        ("acme", ("boss",)),
        ("globex", ("buyer",)),
        ("globex", ("clerk",)),
    ]
    again = declared("apply", "people.yaml", "--dry-run")
    assert (again.code, again.data["changes"]) == (0, [])
    changed = FILE.replace("members: [alice]", "members: [carol]")
    (folder / "people.yaml").write_text(changed)
    ran = declared("apply", "people.yaml", "--dry-run")
    assert ran.code == 7
    assert [(one["kind"], one["fields"]) for one in ran.data["changes"]] == [("group", ["members"])]
    declared("apply", "people.yaml")
    members = declared("group", "members", "staff", "--organization", "acme").data
    assert [one["username"] for one in members] == ["carol"]


def test_pruning_takes_away_what_files_no_longer_say(declared, folder):
    bare = FILE.replace("        grants: [{organization: globex, roles: [buyer, clerk]}]\n", "")
    bare = bare.replace("    groups: [{key: staff, name: Staff, members: [alice]}]\n", "")
    bare = bare.replace("      - {group: staff, project: shop, roles: [boss]}", "      []")
    bare = bare.partition("    members: ")[0]
    (folder / "people.yaml").write_text(bare)
    planned = declared("apply", "people.yaml", "--prune", "--dry-run").data
    done = declared("apply", "people.yaml", "--prune").data
    assert [(one["action"], one["kind"]) for one in done["changes"]] == [
        ("delete", "role_assignment"),
        ("delete", "role_assignment"),
        ("delete", "role_assignment"),
        ("delete", "project_grant"),
        ("delete", "group"),
        ("delete", "member"),
    ]
    assert planned["changes"] == done["changes"]
    assert roles_of(declared) == []
    assert declared("group", "list").data == []
    assert declared("org", "members", "globex").data == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("roles: [clerk]", "roles: [boss]", 19),
        ("members: [alice]", "members: [bob]", 7),
        ("members: [{user: alice}]", "members: [{user: bob}]", 17),
        ("organization: globex, roles", "organization: nothing, roles", 12),
    ],
)
def test_files_that_give_too_much_are_refused_whole(instance, folder, old, new, line):
    (folder / "people.yaml").write_text(FILE.replace(old, new))
    ran = instance("apply", "people.yaml")
    assert ran.code != 0
    assert f"people.yaml:{line}" in ran.error["message"]
    assert [one["id"] for one in instance("org", "list").data] == ["default"]


def test_users_are_found_by_words_and_states(declared):
    def found(*arguments):
        return [one["username"] for one in declared("user", "list", *arguments).data]

    assert found("--search", "MULLER") == ["alice"]
    assert found("--search", "mull al") == ["alice"]
    assert found("--state", "locked") == ["carol"]
    assert found("--search", "c", "--state", "active") == []
    page = declared("user", "list", "--limit", "2", "--search", "")
    (warning,) = page.answer["warnings"]
    rest = declared("user", "list", "--after", warning.rpartition(" ")[2]).data
    assert len(page.data) + len(rest) == 3


def test_the_life_of_a_group(instance):
    instance("user", "create", "alice")
    made = instance("group", "create", "staff", "--name", "Staff").data
    assert (made["key"], made["organization"]) == ("staff", "default")
    assert instance("group", "create", "staff").code == 4
    instance("group", "add-member", "staff", "alice")
    assert instance("group", "show", made["id"]).data["key"] == "staff"
    assert instance("group", "update", "staff", "--name", "All").data["name"] == "All"
    instance("role", "create", "buyer")
    assigned = instance("role", "assign", "buyer", "--group", "staff").data
    assert (assigned["group"], assigned["roles"]) == (made["id"], ["buyer"])
    assert instance("role", "revoke", "--group", "staff").code == 0
    removed = instance("group", "remove-member", "staff", "alice").data
    assert removed["group"] == "staff"
    assert instance("group", "members", "staff").data == []
    assert instance("group", "delete", "staff").data["key"] == "staff"
    assert instance("group", "show", "staff").code == 3


def test_sharing_and_belonging(declared):
    assert declared("project", "grant", "shop", "globex", "--role", "boss").data["roles"] == [
        "boss"
    ]
    assert [one["organization"] for one in declared("project", "grants", "shop").data] == ["globex"]
    assigned = declared(
        "role", "assign", "boss", "--project", "shop", "--user", "bob", "--organization", "globex"
    ).data
    assert (assigned["organization"], assigned["roles"]) == ("globex", ["boss"])
    wrong = declared(
        "role", "assign", "clerk", "--project", "shop", "--user", "bob", "--organization", "globex"
    )
    assert wrong.code == 2
    declared("project", "revoke-grant", "shop", "globex")
    assert roles_of(declared) == [("acme", ("boss",))]
    declared("org", "add-member", "acme", "bob")
    assert [one["username"] for one in declared("org", "members", "acme").data] == ["bob"]
    declared("org", "remove-member", "acme", "bob")
    assert declared("org", "members", "acme").data == []


def test_personal_tokens(declared):
    made = declared(
        "token", "create", "--service-account", "robot", "--scope", "orders.read", "--days", "1"
    ).data
    assert made["token"].startswith("ost_pat_")
    (listed,) = declared("token", "list", "--service-account", "robot").data
    assert (listed["id"], listed["last_used_at"]) == (made["id"], None)
    assert "token" not in listed
    asked = ("token", "create", "--user", "alice", "--scope", "openid")
    assert declared(*asked).code == 5
    assert declared("token", "list").code == 2
    assert declared("token", "revoke", made["id"]).data["id"] == made["id"]
    assert declared("token", "list", "--service-account", "robot").data == []


def test_an_export_is_written_for_nobody_else_to_read(declared, folder):
    shown = declared("user", "export", "alice").data
    assert shown["account"]["profile"]["family_name"] == "Müller"
    assert [one["key"] for one in shown["groups"]] == ["staff"]
    assert [one["organization"] for one in shown["memberships"]] == ["globex"]
    declared("user", "export", "alice", "--out", "alice.json")
    assert (folder / "alice.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((folder / "alice.json").read_text())["account"] == shown["account"]
    assert declared("user", "export", "alice", "--out", "alice.json").code == 4
    assert declared("user", "export", "alice", "--out", "no/such/folder.json").code == 1
    told = declared("events", "list", "--type", "account.exported").data
    assert len(told) == 4
