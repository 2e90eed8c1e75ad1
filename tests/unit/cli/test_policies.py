"""`ostiary policy`: shown with their defaults, and changed in part."""

import pytest


def test_only_what_is_given_changes(instance):
    before = instance("policy", "show").data["in_force"]
    assert before["mfa"]["required"] == "never"
    after = instance(
        "policy", "update", "--set", "mfa.required=always", "--set", "password.min_length=16"
    ).data["in_force"]
    assert after["mfa"] == before["mfa"] | {"required": "always"}
    assert after["password"] == before["password"] | {"min_length": 16}
    put_back = instance("policy", "update", "--set", "mfa=null").data["in_force"]
    assert put_back["mfa"] == before["mfa"]
    assert instance("policy", "show").data["decided"] == {"password": {"min_length": 16}}


def test_from_a_file(instance, folder):
    (folder / "policies.yaml").write_text("login: {remember_me: false}\n")
    ran = instance(
        "policy", "update", "--file", "policies.yaml", "--set", "login.passkey_offer=false"
    )
    login = ran.data["in_force"]["login"]
    assert (login["remember_me"], login["passkey_offer"]) == (False, False)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ((), 2, "Say what is to change"),
        (("--set", "mfa"), 2, "KEY=VALUE"),
        (("--set", "mfa.required=[always"), 2, "mfa.required"),
        (("--set", "mfa=null", "--set", "mfa.required=always"), 2, "as a whole"),
        (("--set", "mfa.requird=always"), 2, "did you mean required"),
        (("--set", "password.min_length=1"), 2, "must be 8 to 64"),
    ],
)
def test_what_is_wrong_is_said(instance, given, code, said):
    ran = instance("policy", "update", *given)
    assert ran.code == code
    assert said in str(ran.error)


def test_as_people_read_it(ostiary, instance):
    assert instance("policy", "show").code == 0
    ran = ostiary("policy", "show")
    assert "mfa.required" in ran.out
    assert "require_pushed_authorization_requests" in ran.out
