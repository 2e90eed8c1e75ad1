"""`ostiary user import`."""

import base64
import json

import pytest

SHA256 = bytes.fromhex("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")
TAG = base64.b64encode(SHA256).decode()
DJANGO = f"pbkdf2_sha256$4096$salt${TAG}"
BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


def keycloak(username, **members):
    credential = {"hashIterations": 4096, "algorithm": "pbkdf2-sha256"}
    secret = {"value": TAG, "salt": base64.b64encode(b"salt").decode()}
    return {
        "id": f"0f3f3a1e-5d0b-4b0a-9d6e-{username:0>12.12}",
        "username": username,
        "enabled": True,
        "email": f"{username}@acme.test",
        "emailVerified": True,
        "firstName": "Al",
        "lastName": "Adams",
        "attributes": {"locale": ["de"], "plan": ["gold"], "teams": ["red", "blue"]},
        "credentials": [
            {"type": "otp", "secretData": "{}"},
            {
                "type": "password",
                "credentialData": json.dumps(credential),
                "secretData": json.dumps(secret),
            },
        ],
        **members,
    }


def lines(*values):
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def test_json_lines(instance, folder):
    (folder / "users.jsonl").write_bytes(
        lines(
            {"username": "alice", "id": "legacy|1", "password": {"hash": DJANGO}},
            {"username": "bob", "password": {"hash": BCRYPT}, "state": "locked"},
            {"username": "carol", "email": {"address": "alice@acme.test"}},
        )
        + b"\n"
    )
    planned = instance("user", "import", "users.jsonl", "--dry-run").data
    assert (planned["created"], planned["applied"]) == (3, False)
    assert instance("user", "list").data == []
    done = instance("user", "import", "users.jsonl").data
    assert (done["created"], done["failed"], done["applied"]) == (3, 0, True)
    alice = instance("user", "show", "legacy|1").data
    assert (alice["username"], alice["has_password"]) == ("alice", True)
    assert instance("user", "show", "bob").data["state"] == "locked"
    events = instance("events", "list", "--type", "account.created").data
    assert len(events) == 3
    assert DJANGO not in str(events)
    # Again, nothing happens.
    again = instance("user", "import", "users.jsonl").data
    assert (again["created"], again["unchanged"]) == (0, 3)
    assert len(instance("events", "list", "--type", "account.created").data) == 3


def test_those_who_are_there_change_only_where_that_is_asked_for(instance, folder):
    instance("user", "create", "alice", "--given-name", "Alice")
    hash_before = instance("user", "show", "alice").data["updated_at"]
    (folder / "users.jsonl").write_bytes(
        lines({"username": "ALICE", "profile": {"given_name": "Ali"}, "password": {"hash": BCRYPT}})
    )
    assert instance("user", "import", "users.jsonl").data["unchanged"] == 1
    assert instance("user", "show", "alice").data["updated_at"] == hash_before
    assert instance("user", "import", "users.jsonl", "--update").data["updated"] == 1
    shown = instance("user", "show", "alice").data
    assert (shown["username"], shown["profile"]) == ("ALICE", {"given_name": "Ali"})


def test_each_row_that_cannot_be_is_told_of_and_holds_nobody_up(instance, folder):
    instance("user", "create", "taken")
    (folder / "users.jsonl").write_bytes(
        b"{\n"
        + lines(
            {"username": "a b"},
            {"username": "weak", "password": {"hash": "$2b$31$" + "x" * 53}},
            {"username": "odd", "shoe_size": 44},
            {"username": "good"},
            {"username": "good"},
            {"username": "x", "email": {"address": "taken"}, "id": ", "},
            {"username": "other", "id": "one"},
            {"username": "another", "id": "one"},
            {"username": "huge", "metadata": {"x": "y" * 70_000}},
            {"username": "later", "totp": {"secret": "ABC"}},
        )
        + b'{"username": "twice", "username": "twice"}\n\xff\n'
    )
    ran = instance("user", "import", "users.jsonl", "--report", "report.jsonl")
    assert ran.code == 1
    data = ran.data
    assert (data["created"], data["unchanged"], data["failed"]) == (2, 0, 11)
    report = [json.loads(line) for line in (folder / "report.jsonl").read_text().splitlines()]
    assert [one["number"] for one in report] == list(range(1, 14))
    told = {one["number"]: one["problems"][0] for one in data["problems"]}
    assert "is not JSON" in told[1]
    assert told[2].startswith("username: ")
    assert told[3].startswith("password.hash: ")
    assert told[4].startswith("shoe_size: ")
    assert "is taken" in told[6]
    assert told[7].startswith(("email.address", "id"))
    assert "longer than 64 KiB" in told[10]
    assert "not available" in told[11]
    assert "twice" in told[12]
    assert "UTF-8" in told[13]
    assert "x" * 53 not in ran.out


def test_keycloak(instance, folder):
    realm = {
        "realm": "acme",
        "users": [
            keycloak("alice"),
            keycloak("bob", enabled=False, credentials=[], attributes=None),
            keycloak("carol", credentials=[{"type": "password", "value": "violet tram"}]),
            keycloak(
                "dave",
                credentials=[
                    {
                        "type": "password",
                        "hashedSaltedValue": TAG,
                        "salt": base64.b64encode(b"salt").decode(),
                        "hashIterations": 4096,
                        "algorithm": "pbkdf2-sha256",
                    }
                ],
            ),
            keycloak("service-account-shop", serviceAccountClientId="shop"),
            keycloak("eve", credentials=[{"type": "password", "credentialData": "{"}]),
            {"username": 7},
        ],
    }
    (folder / "realm.json").write_text(json.dumps(realm, indent=1))
    ran = instance("user", "import", "realm.json", "--format", "keycloak")
    assert (ran.data["created"], ran.data["failed"]) == (4, 3)
    assert [one["number"] for one in ran.data["problems"]] == [5, 6, 7]
    alice = instance("user", "show", "alice").data
    assert alice["id"] == "0f3f3a1e-5d0b-4b0a-9d6e-0000000alice"
    assert alice["email"] == {"address": "alice@acme.test", "verified": True}
    assert alice["profile"] == {"given_name": "Al", "family_name": "Adams", "locale": "de"}
    assert alice["metadata"] == {"plan": "gold", "teams": "red, blue"}
    assert instance("user", "show", "bob").data["state"] == "deactivated"
    assert instance("user", "show", "dave").data["has_password"] is True


def test_auth0(instance, folder):
    people = [
        {
            "_id": {"$oid": "5e2f0c"},
            "email": "alice@acme.test",
            "email_verified": True,
            "passwordHash": "$2b$10$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
            "tenant": "acme",
        },
        {
            "user_id": "auth0|2",
            "username": "bob",
            "name": "Bob B",
            "phone_number": "+41446681800",
            "phone_verified": True,
            "blocked": True,
            "user_metadata": {"plan": "gold", "size": {"shoe": 44}},
            "custom_password_hash": {
                "algorithm": "pbkdf2",
                "hash": {
                    "value": f"$pbkdf2-sha256$i=4096,l=32$c2FsdA${TAG.rstrip('=')}",
                    "encoding": "utf8",
                },
            },
        },
    ]
    (folder / "users.ndjson").write_bytes(lines(*people))
    assert instance("user", "import", "users.ndjson", "--format", "auth0").data["created"] == 2
    alice = instance("user", "show", "alice@acme.test").data
    assert (alice["id"], alice["username"]) == ("auth0|5e2f0c", "alice@acme.test")
    bob = instance("user", "show", "bob").data
    assert bob["metadata"] == {"plan": "gold", "size": '{"shoe":44}'}
    assert (bob["state"], bob["has_password"]) == ("deactivated", True)
    assert bob["phone"] == {"number": "+41446681800", "verified": True}
    (folder / "users.json").write_text(json.dumps(people, indent=1))
    again = instance("user", "import", "users.json", "--format", "auth0").data
    assert again["unchanged"] == 2


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("keycloak", b"[1, 2"),
        ("keycloak", b'{"users": {"a": 1}}'),
        ("keycloak", b"[" * 100_000),
        ("auth0", b'[{"email": "a@b.test"'),
        ("keycloak", b"\xff"),
    ],
)
def test_files_that_are_something_else(instance, folder, kind, content):
    (folder / "file").write_bytes(content)
    ran = instance("user", "import", "file", "--format", kind)
    assert (ran.code, ran.error["code"]) == (1, "invalid")
    assert instance("user", "import", "nothing").error["code"] == "file"


STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31mroot\u202e\r\ttail"
CLEAR = "correct-horse-battery-staple"


def test_ad_14_no_row_steers_the_terminal(instance, ostiary, folder):
    (folder / "users.jsonl").write_bytes(
        lines(
            {"username": STEERING, "id": ", "},
            {"username": "odd", STEERING: 1},
            {"username": "alice", "profile": {"nickname": STEERING}},
        )
    )
    ran = ostiary("user", "import", "users.jsonl")
    assert ran.code == 1
    assert all(c.isprintable() or c == "\n" for c in ran.out)
    assert "?]0;owned??[2J?31mroot???tail" in ran.out
    missing = ostiary("user", "show", STEERING)
    assert missing.code == 3
    assert all(c.isprintable() or c == "\n" for c in missing.err)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("ostiary", {"username": "a", "password": CLEAR}),
        ("ostiary", {"username": "a", "password": [CLEAR]}),
        ("ostiary", {"username": "a", "password": {"plain": CLEAR, "hash": DJANGO}}),
        ("ostiary", {"username": "a", "password": {"hash": f"$unknown${CLEAR}"}}),
        ("ostiary", {"username": "a", "password": {"hash": f"$2b$31${CLEAR:x<53}"}}),
        ("ostiary", {"username": "a", "password": {"plain": CLEAR * 100}}),
        ("keycloak", [keycloak("a", credentials=[{"type": "password", "secretData": CLEAR}])]),
        (
            "keycloak",
            [
                keycloak(
                    "a",
                    credentials=[
                        {
                            "type": "password",
                            "credentialData": {"algorithm": "pbkdf2", "hashIterations": 10**8},
                            "secretData": {"value": CLEAR, "salt": CLEAR},
                        }
                    ],
                )
            ],
        ),
        ("auth0", {"username": "a", "email": "a@a.test", "passwordHash": {"x": CLEAR}}),
        ("auth0", {"username": "a", "email": "a@a.test", "passwordHash": CLEAR}),
        (
            "auth0",
            {"username": "a", "custom_password_hash": {"algorithm": "md5", "hash": CLEAR}},
        ),
    ],
    ids=str,
)
def test_lx_01_no_secret_of_a_broken_row_is_told(instance, folder, kind, row):
    (folder / "users.json").write_bytes(lines(row))
    ran = instance("user", "import", "users.json", "--format", kind, "--report", "report.jsonl")
    assert (ran.code, ran.data["failed"], ran.data["created"]) == (1, 1, 0)
    told = ran.out + ran.err + (folder / "report.jsonl").read_text()
    assert (folder / "report.jsonl").stat().st_mode & 0o077 == 0
    assert CLEAR not in told
    assert DJANGO not in told
