"""`ostiary user`."""

import pytest


def test_the_life_of_a_user(instance):
    arguments = ("--email", "alice@acme.test", "--given-name", "Alice", "--phone", "+41446681800")
    made = instance("user", "create", "alice", *arguments, "--set", "plan=gold").data
    assert made["email"] == {"address": "alice@acme.test", "verified": False}
    assert made["metadata"] == {"plan": "gold"}
    assert len(made["password"]) > 20
    assert made["organization"] == "default"
    assert made["has_password"] is True
    for name in (made["id"], "ALICE", "alice@acme.test"):
        shown = instance("user", "show", name).data
        assert shown["id"] == made["id"]
        assert "password" not in shown
    assert [one["username"] for one in instance("user", "list").data] == ["alice"]
    changes = ("--username", "alice2", "--email-verified", "--family-name", "Adams")
    changed = instance("user", "update", "alice", *changes, "--set", "team=red").data
    assert changed["username"] == "alice2"
    assert changed["email"] == {"address": "alice@acme.test", "verified": True}
    assert changed["profile"] == {"given_name": "Alice", "family_name": "Adams"}
    assert changed["metadata"] == {"plan": "gold", "team": "red"}
    for verb, state in (
        ("lock", "locked"),
        ("unlock", "active"),
        ("deactivate", "deactivated"),
        ("activate", "active"),
    ):
        assert instance("user", verb, "alice2").data["state"] == state
    reset = instance("user", "reset-password", "alice2").data
    assert reset["password"] != made["password"]
    deleted = instance("user", "delete", "alice2").data
    assert deleted == {"id": made["id"], "state": "deleted"}
    assert instance("user", "list").data == []
    events = [event["type"] for event in instance("events", "list", "--user", made["id"]).data]
    assert events[::-1] == [
        "account.created", "account.updated", "account.locked", "account.unlocked",
        "account.disabled", "account.enabled", "password.changed", "account.deleted",
    ]  # fmt: skip


def test_the_actor_of_an_event_is_whoever_runs_the_command(instance, monkeypatch):
    monkeypatch.setenv("LOGNAME", "olga")
    instance("user", "create", "alice")
    (event,) = instance("events", "list", "--type", "account.created").data
    assert (event["actor_type"], event["actor_id"]) == ("operator", "olga")


@pytest.mark.parametrize(
    "verb", ["show", "update", "delete", "reset-password", "lock", "unlock", "activate"]
)
def test_who_is_not_there(instance, verb):
    ran = instance("user", verb, "nobody")
    assert (ran.code, ran.error["code"]) == (3, "not_found")


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@acme.test"])
def test_names_that_are_taken(instance, name):
    instance("user", "create", "alice", "--email", "alice@acme.test")
    ran = instance("user", "create", name)
    assert (ran.code, ran.error["code"]) == (4, "conflict")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["a b"], "username"),
        (["a", "--email", "a@b@c"], "email.address"),
        (["a", "--phone", "044"], "phone.number"),
        (["a", "--locale", "!"], "profile.locale"),
        (["a", "--given-name", "A\u202eB"], "profile.given_name"),
    ],
)
def test_users_that_cannot_be(instance, arguments, path):
    ran = instance("user", "create", *arguments)
    assert (ran.code, ran.error["code"]) == (2, "invalid")
    assert [problem["path"] for problem in ran.error["details"]] == [path]
    assert instance("user", "list").data == []


def test_a_password_of_ones_own(instance, folder):
    good = b"violet tram sings quietly\n"
    made = instance("user", "create", "alice", "--password-file", "-", stdin=good).data
    assert "password" not in made
    (folder / "password").write_bytes(b"alice alice alice\n")
    for command in (["create", "bob"], ["reset-password", "alice"]):
        ran = instance("user", *command, "--password-file", "password")
        assert (ran.code, ran.error["code"]) == (2, "invalid")
        assert "alice alice" not in ran.out
    assert [one["username"] for one in instance("user", "list").data] == ["alice"]


def test_a_user_without_a_password(instance):
    made = instance("user", "create", "alice", "--no-password").data
    assert made["has_password"] is False
    assert "password" not in made


def test_all_fields_come_from_a_file(instance, folder):
    (folder / "alice.yaml").write_text("profile: {birthdate: 1990-01-01}\nmetadata: {a: b}\n")
    made = instance("user", "create", "alice", "--file", "alice.yaml").data
    assert made["profile"] == {"birthdate": "1990-01-01"}
    (folder / "alice.yaml").write_text("password: {plain: x}\n")
    ran = instance("user", "create", "bob", "--file", "alice.yaml")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_an_empty_option_takes_away(instance):
    instance("user", "create", "alice", "--email", "alice@acme.test", "--phone", "+41446681800")
    changed = instance("user", "update", "alice", "--email", "", "--phone", "").data
    assert "email" not in changed
    assert "phone" not in changed


def test_what_people_see(ostiary, instance):
    made = ostiary("user", "create", "alice", "--given-name", "Alice")
    assert "shown only now" in made.out
    assert "Alice" in ostiary("user", "list").out
    assert "username" in ostiary("user", "show", "alice").out
