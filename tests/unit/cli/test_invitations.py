"""`ostiary user invite` and its like, and `ostiary mail`."""

import pytest


def test_the_life_of_an_invitation(instance):
    made = instance("user", "invite", "bob@acme.test", "--given-name", "Bob", "--print-link").data
    assert made["state"] == "open"
    assert made["link"].startswith("http")
    assert "/login/invitation?ticket=ost_rc_" in made["link"]
    (listed,) = instance("user", "invitations").data
    assert listed == {key: made[key] for key in listed}
    again = instance("user", "resend-invitation", "bob@acme.test", "--print-link").data
    assert again["link"] != made["link"]
    shown = instance("user", "show", "bob@acme.test").data
    assert shown["state"] == "pending"
    (waiting, newer) = instance("mail", "list").data
    assert (waiting["template"], waiting["to"]) == ("invitation", "bob@acme.test")
    assert newer["attempts"] == 0
    assert not newer["given_up"]
    withdrawn = instance("user", "revoke-invitation", "bob@acme.test", "--yes").data
    assert withdrawn == {"id": made["user"], "state": "deleted"}
    assert instance("user", "invitations").data == []
    assert instance("user", "revoke-invitation", made["user"]).code == 3


def test_the_link_is_shown_only_when_asked_for(instance):
    ran = instance("user", "invite", "bob@acme.test")
    assert "ost_rc_" not in ran.out
    assert "smtp.host" in ran.answer["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("user", "invite", "no address"), 2),
        (("user", "invite", "a@acme.test", "--app", "nothing"), 3),
        (("user", "invite", "a@acme.test", "--organization", "nothing"), 3),
        (("user", "resend-invitation", "nobody"), 3),
        (("user", "send-reset-link", "nobody"), 3),
        (("mail", "test", "--to", "a@acme.test"), 1),
    ],
    ids=str,
)
def test_what_cannot_be(instance, arguments, code):
    assert instance(*arguments).code == code


def test_an_account_in_use_cannot_be_invited_again(instance):
    instance("user", "create", "alice", "--email", "alice@acme.test")
    ran = instance("user", "resend-invitation", "alice")
    assert (ran.code, ran.error["code"]) == (4, "conflict")
    assert instance("user", "invite", "alice@acme.test").code == 4
    assert instance("user", "send-reset-link", "alice").data["email"] == "alice@acme.test"
    (waiting,) = instance("mail", "list").data
    assert waiting["template"] == "password_reset"


def test_mails_are_tried_again(instance):
    instance("user", "invite", "bob@acme.test")
    assert instance("mail", "retry").data == {"retried": []}
    (waiting,) = instance("mail", "list").data
    assert instance("mail", "retry", str(waiting["id"]), "999").data == {"retried": [waiting["id"]]}
    assert instance("mail", "list", "--failed").data == []
    assert "bob@acme.test" in instance("mail", "list").out


def test_a_mail_server_that_is_not_there(instance, monkeypatch):
    monkeypatch.setenv("OSTIARY_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("OSTIARY_SMTP_PORT", "1")
    monkeypatch.setenv("OSTIARY_SMTP_SECURITY", "none")
    monkeypatch.setenv("OSTIARY_SMTP_FROM", "Login <login@acme.test>")
    ran = instance("mail", "test", "--to", "bob@acme.test")
    assert (ran.code, ran.error["code"]) == (6, "mail")
    assert instance("mail", "test", "--to", "nobody").code == 2


def test_an_address_is_proven_by_a_link(instance):
    instance("user", "create", "alice", "--email", "alice@acme.test", "--verify-email")
    (waiting,) = instance("mail", "list").data
    assert (waiting["template"], waiting["to"]) == ("email_verification", "alice@acme.test")
    assert instance("user", "send-verification-link", "alice").data["email"] == "alice@acme.test"
    assert len(instance("mail", "list").data) == 2
    instance("user", "update", "alice", "--email-verified")
    assert instance("user", "send-verification-link", "alice").code == 2
    assert instance("user", "create", "bob", "--verify-email").code == 2
    assert instance("user", "show", "bob").code == 3
