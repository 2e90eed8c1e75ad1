import pytest

from ostiary.login.consent import allow, deny
from ostiary.login.flow import select_account
from ostiary.model.grant import Consent
from ostiary.oauth.effects import Emit, Insert, Update
from support.people import NOW, flow, signed_in

ALICE = signed_in("alice")


def consent(**fields) -> Consent:
    given = {"scopes": ("openid", "email"), "claims": ("birthdate",), "granted_at": NOW - 999}
    return Consent(user_id="alice", client_id="shop", **{**given, **fields})


def step(effects) -> dict:
    return next(e.changes for e in effects if isinstance(e, Update) and "done" in e.changes)


def test_az_21_what_is_remembered_is_the_stored_request() -> None:
    request = {"scopes": ("openid", "orders.read"), "claims": {"userinfo": {"birthdate": None}}}
    insert, *_ = allow(flow(ALICE, request=request), ALICE, None)
    assert isinstance(insert, Insert)
    assert insert.record == Consent(
        user_id="alice",
        client_id="shop",
        scopes=("openid", "orders.read"),
        claims=("birthdate",),
        granted_at=NOW,
    )


def test_more_is_added_to_what_was_allowed_before() -> None:
    update, *_ = allow(flow(ALICE), ALICE, consent())
    assert isinstance(update, Update)
    assert update.changes["scopes"] == ("openid", "email", "profile")
    assert update.changes["claims"] == ("birthdate",)
    assert update.changes["granted_at"] == NOW


def test_what_was_revoked_stays_gone() -> None:
    update, *_ = allow(flow(ALICE), ALICE, consent(revoked_at=NOW - 5))
    assert isinstance(update, Update)
    assert update.changes["scopes"] == ("openid", "profile")
    assert update.changes["claims"] == ()
    assert update.changes["revoked_at"] is None


def test_the_flow_notes_the_answer() -> None:
    assert step(allow(flow(ALICE), ALICE, None)) == {
        "session_id": ALICE.session.id,
        "done": ("consent",),
    }
    assert step(deny(flow(ALICE, done=("login",)), ALICE))["done"] == ("login", "denied")


def test_deny_remembers_no_consent() -> None:
    effects = deny(flow(ALICE), ALICE)
    assert not any(isinstance(effect, Insert) for effect in effects)
    assert not any(
        isinstance(effect, Update) and isinstance(effect.record, Consent) for effect in effects
    )


@pytest.mark.parametrize(
    ("effects", "kind"),
    [
        (allow(flow(ALICE), ALICE, None), "consent.granted"),
        (deny(flow(ALICE), ALICE), "consent.denied"),
    ],
)
def test_o5_the_answer_is_in_the_audit_trail(effects, kind: str) -> None:
    (event,) = (effect.event for effect in effects if isinstance(effect, Emit))
    assert (event.type, event.user_id, event.client_id) == (kind, "alice", "shop")


def test_choosing_another_account_forgets_what_the_first_one_did() -> None:
    bob = signed_in("bob")
    before = flow(ALICE, bob, session_id=ALICE.session.id, done=("login", "consent"))
    assert step(select_account(before, bob)) == {
        "session_id": bob.session.id,
        "done": ("select_account",),
    }


def test_choosing_the_same_account_keeps_what_it_did() -> None:
    before = flow(ALICE, session_id=ALICE.session.id, done=("login",))
    assert step(select_account(before, ALICE))["done"] == ("login", "select_account")


def test_who_answers() -> None:
    bob = signed_in("bob")
    assert flow().acting is None
    assert flow(ALICE).acting == ALICE
    assert flow(ALICE, bob).acting is None
    assert flow(ALICE, bob, session_id=bob.session.id).acting == bob
    assert flow(ALICE, session_id="session-of-nobody").acting is None
