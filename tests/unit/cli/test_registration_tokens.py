"""`ostiary app registration-token`, and the policy that it serves."""

import json

import pytest

from ostiary.cli import registration_tokens

GROUP = ("app", "registration-token")


def apply(instance, **policy):
    document = {"instance": {"policies": {"client_registration": policy}}}
    return instance("apply", "-", stdin=json.dumps(document).encode())


def test_a_token_is_shown_once_listed_and_ended(instance):
    apply(instance, mode="token")
    ran = instance(*GROUP, "create", "--uses", "3", "--expires", "30d")
    assert ran.answer["warnings"] == []
    made = ran.data
    assert made["token"].startswith("ost_iat_")
    assert (made["uses"], made["used"]) == (3, 0)
    (listed,) = instance(*GROUP, "list").data
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert instance(*GROUP, "delete", made["id"], "--yes").data == {"id": made["id"]}
    assert instance(*GROUP, "list").data == []
    assert instance(*GROUP, "delete", made["id"], "--yes").code == 3
    types = [event["type"] for event in instance("events", "list").data]
    assert {"registration_token.created", "registration_token.deleted"} <= set(types)
    assert made["token"] not in instance("events", "list").out


def test_a_token_that_opens_nothing_yet(instance):
    ran = instance(*GROUP, "create")
    assert "the mode off" in ran.answer["warnings"][0]
    assert (ran.data["uses"], ran.data["expires_at"]) == (None, None)


@pytest.mark.parametrize("uses", ["0", "-1", "1000001"])
def test_uses_that_make_no_sense(instance, uses):
    assert instance(*GROUP, "create", "--uses", uses).code == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("12h", 43_200), ("30d", 2_592_000), ("2027-01-16", 57_600)]
)
def test_when_it_ends(text, seconds):
    now = 1_800_000_000  # 2027-01-15T08:00:00Z
    assert registration_tokens._read_time(text, now) == now + seconds


@pytest.mark.parametrize("text", ["", "soon", "0d", "5", "5w", "2027-02-30", "123456d", "-1d"])
def test_ends_that_are_none(instance, text):
    ran = instance(*GROUP, "create", f"--expires={text}")
    assert (ran.code, ran.error["code"]) == (2, "usage")


def test_an_end_that_has_passed(instance):
    assert instance(*GROUP, "create", "--expires", "2020-01-01").code == 2


class TestPolicy:
    """`ostiary apply` sets the policy, within bounds."""

    def test_is_set_shown_and_put_back(self, instance):
        given = {
            "mode": "open",
            "require_pkce": True,
            "allowed_grant_types": ["authorization_code"],
            "allowed_response_types": ["code"],
            "allow_public": False,
            "default_scopes": ["openid", "mcp:read"],
            "legacy": {"reason": "old portal", "until": "2027-06-30"},
            "allow_unsigned_id_token": True,
            "unused_days": 7,
        }
        assert len(apply(instance, **given).data["changes"]) == 1
        assert apply(instance, **given).data["changes"] == []
        assert len(apply(instance, mode="off", unused_days=None).data["changes"]) == 1

    def test_what_is_said_by_default_changes_nothing(self, instance):
        given = {
            "mode": "off",
            "allowed_grant_types": ["authorization_code", "refresh_token"],
            "legacy": None,
            "allow_unsigned_id_token": False,
        }
        assert apply(instance, **given).data["changes"] == []

    def test_one_file_admits_unsigned_id_tokens_and_registers_who_takes_them(self, instance):
        app = {
            "client_id": "old-portal",
            "redirect_uris": ["https://old.test/cb"],
            "id_token_signed_response_alg": "none",
        }
        document = {
            "organizations": [{"id": "acme", "projects": [{"id": "old", "applications": [app]}]}]
        }
        ran = instance("apply", "-", stdin=json.dumps(document).encode())
        assert ran.code == 1
        assert "allow_unsigned_id_token" in ran.out
        policies = {"client_registration": {"allow_unsigned_id_token": True}}
        document = {"instance": {"policies": policies}, **document}
        ran = instance("apply", "-", stdin=json.dumps(document).encode())
        assert ran.code == 0, ran.out
        assert instance("app", "show", "old-portal").data["id_token_signed_response_alg"] == "none"

    @pytest.mark.parametrize(
        ("policy", "words"),
        [
            ({"mode": "opne"}, "did you mean open"),
            ({"mode": True}, "must be one of off, token, open"),
            ({"allowed_grant_types": ["magic"]}, "'magic' must be one of"),
            ({"allowed_grant_types": "authorization_code"}, "must be a list"),
            ({"allowed_grant_types": [1]}, "must be one of"),
            ({"allowed_response_types": ["magic"]}, "must be one of code"),
            ({"default_scopes": ["a b"]}, "is no scope"),
            ({"default_scopes": ["x"] * 101}, "at most 100"),
            ({"default_scopes": [1]}, "is no scope"),
            ({"unused_days": 0}, "must be 1 to 3650"),
            ({"unused_days": "7"}, "must be a whole number"),
            ({"allow_public": 1}, "must be true or false"),
            ({"allow_unsigned_id_token": "yes"}, "must be true or false"),
            ({"allowed_response_types": ["code", "id_token"]}, "must give a reason"),
            ({"allowed_grant_types": ["implicit"], "legacy": None}, "must give a reason"),
            ({"legacy": {}}, "reason: is missing"),
            ({"legacy": {"reason": "x", "until": "soon"}}, "legacy: until: must be a day"),
            ({"legacy": "because"}, "must be a mapping"),
            ({"nonsense": 1}, "is not a key that exists here"),
        ],
    )
    def test_what_it_cannot_be(self, instance, policy, words):
        ran = apply(instance, **policy)
        assert ran.code != 0
        assert words in ran.out
