import msgspec
import pytest

from ostiary.clock import SystemEntropy
from ostiary.login.session import SignIn, sign_in
from ostiary.model.policy import LoginPolicy, Policies
from ostiary.model.session import Browser, Proof, ProofKind, Session
from ostiary.oauth.effects import Clear, Emit, Insert, RevokeSession, Update
from ostiary.oauth.handle import digest
from support.people import NOW, flow, signed_in, verified

ENTROPY = SystemEntropy()


def put_in(of, person: str = "alice", *, remember: bool = False) -> SignIn:
    return sign_in(of, verified(person), ENTROPY, remember=remember)


def inserted(outcome: SignIn) -> Session:
    (session,) = (
        effect.record
        for effect in outcome.effects
        if isinstance(effect, Insert) and isinstance(effect.record, Session)
    )
    return session


def changes(outcome: SignIn, kind: type) -> dict:
    (found,) = (
        effect.changes
        for effect in outcome.effects
        if isinstance(effect, Update) and isinstance(effect.record, kind)
    )
    return found


def test_a_session_rests_on_its_proof() -> None:
    session = inserted(put_in(flow()))
    assert session.proofs == (Proof(kind=ProofKind.PASSWORD, at=NOW),)
    assert (session.user_id, session.browser_id) == ("alice", "b1")
    assert (session.ip, session.user_agent) == ("192.0.2.1", "test")


def test_se_05_lifetimes_are_those_of_the_policy() -> None:
    session = inserted(put_in(flow()))
    assert (session.idle_expires_at, session.expires_at) == (NOW + 7200, NOW + 43200)
    assert not session.remembered


def test_who_wants_to_be_remembered_is_remembered_longer() -> None:
    outcome = put_in(flow(), remember=True)
    session = inserted(outcome)
    assert session.remembered
    assert session.idle_expires_at == NOW + 14 * 86400
    assert session.expires_at == outcome.cookie_expires_at == NOW + 30 * 86400


def test_where_the_policy_remembers_nobody_the_wish_is_ignored() -> None:
    policies = Policies(login=LoginPolicy(remember_me=False))
    outcome = put_in(flow(policies=policies), remember=True)
    assert not inserted(outcome).remembered
    assert outcome.cookie_expires_at is None


def test_the_idle_end_is_never_after_the_absolute_one() -> None:
    lifetimes = msgspec.structs.replace(Policies().token_lifetimes, session_absolute=600)
    session = inserted(put_in(flow(policies=Policies(token_lifetimes=lifetimes))))
    assert session.idle_expires_at == session.expires_at == NOW + 600


def test_se_07_a_sign_in_changes_the_cookie() -> None:
    one, other = put_in(flow()), put_in(flow())
    assert changes(one, Browser)["digest"] == digest(one.cookie)
    assert one.cookie != other.cookie
    assert one.cookie.encode() not in msgspec.json.encode(
        [msgspec.to_builtins(effect) for effect in one.effects]
    )


def test_se_08_the_cookie_has_256_bits() -> None:
    assert len(put_in(flow()).cookie) == 43


def test_the_browser_is_known_as_long_as_its_sessions() -> None:
    assert changes(put_in(flow()), Browser)["expires_at"] == NOW + 43200


def test_signing_in_again_renews_the_session_that_is_there() -> None:
    alice = signed_in("alice")
    outcome = put_in(flow(alice))
    assert not any(isinstance(effect, Insert) for effect in outcome.effects)
    renewed = changes(outcome, Session)
    assert renewed["proofs"] == (Proof(kind=ProofKind.PASSWORD, at=NOW),)
    assert renewed["expires_at"] == NOW + 43200
    assert "created_at" not in renewed


def test_another_persons_session_is_left_alone() -> None:
    outcome = put_in(flow(signed_in("bob")))
    assert inserted(outcome).user_id == "alice"
    assert not any(isinstance(effect, RevokeSession) for effect in outcome.effects)


def test_a_session_that_no_longer_counts_is_replaced() -> None:
    stale = signed_in("alice", at=NOW - 100_000)
    outcome = put_in(flow(stale=(stale, signed_in("bob", at=NOW - 100_000))))
    revoked = [effect for effect in outcome.effects if isinstance(effect, RevokeSession)]
    assert [effect.session_id for effect in revoked] == [stale.session.id]
    assert inserted(outcome).id != stale.session.id


def test_the_cookie_lasts_as_long_as_somebody_wants_to_be_remembered() -> None:
    bob = signed_in("bob", remembered=True, expires_at=NOW + 999_999)
    assert put_in(flow(bob)).cookie_expires_at == NOW + 999_999
    assert put_in(flow(signed_in("bob"))).cookie_expires_at is None


def test_who_no_longer_wants_to_be_remembered_is_not() -> None:
    alice = signed_in("alice", remembered=True, expires_at=NOW + 999_999)
    outcome = put_in(flow(alice), remember=False)
    assert changes(outcome, Session)["remembered"] is False
    assert outcome.cookie_expires_at is None


def test_the_flow_goes_on_with_the_session() -> None:
    outcome = put_in(flow())
    step = next(
        effect.changes
        for effect in outcome.effects
        if isinstance(effect, Update) and "done" in effect.changes
    )
    assert step == {"session_id": inserted(outcome).id, "done": ("login",)}


def test_what_another_account_did_in_the_flow_does_not_count() -> None:
    before = flow(
        signed_in("bob"), session_id="session-of-bob", done=("select_account", "login", "consent")
    )
    outcome = put_in(before)
    step = next(
        effect.changes
        for effect in outcome.effects
        if isinstance(effect, Update) and "done" in effect.changes
    )
    assert step["done"] == ("select_account", "login")


def test_success_forgives_the_failures_before_it() -> None:
    assert Clear("login:alice") in put_in(flow()).effects


def test_o5_a_sign_in_is_in_the_audit_trail() -> None:
    outcome = put_in(flow())
    events = {
        effect.event.type: effect.event for effect in outcome.effects if isinstance(effect, Emit)
    }
    assert set(events) == {"session.created", "auth.login.success"}
    success = events["auth.login.success"]
    assert (success.user_id, success.client_id, success.ip) == ("alice", "shop", "192.0.2.1")
    assert success.trace_id == "trace"
    assert success.details == {"method": "password", "remembered": False}


@pytest.mark.parametrize("kind", [ProofKind.PASSWORD, ProofKind.TOTP, ProofKind.PASSKEY])
def test_a_sign_in_begins_anew_with_its_own_proof(kind: ProofKind) -> None:
    older = Proof(kind=kind, at=NOW - 500)
    outcome = put_in(flow(signed_in("alice", proofs=(older,))))
    assert changes(outcome, Session)["proofs"] == (Proof(kind=ProofKind.PASSWORD, at=NOW),)
