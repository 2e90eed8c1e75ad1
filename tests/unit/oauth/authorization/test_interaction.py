"""The decision at the authorization endpoint: OpenID Connect Core 3.1.2.1 to 3.1.2.6."""

import pytest

from ostiary.oauth.authorization.interaction import Facts, Interact, Reason, Respond, decide
from ostiary.oauth.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    LoginRequired,
)
from support.authorization import (
    WEB,
    change,
    make_consent,
    make_interaction,
    sign_in,
    verify_request,
)
from support.jose import NOW

ALICE, BOB = sign_in("alice"), sign_in("bob")
THIRD_PARTY = change(WEB, require_consent=True)


def outcome(request, *signed_in, client=WEB, interaction=None, consents=()):
    facts = Facts(
        client=client,
        signed_in=signed_in,
        consents={consent.user_id: consent for consent in consents},
        interaction=interaction,
    )
    return decide(request, facts, NOW)


def ask(reason, why, session_id=None):
    return Interact(reason, why, session_id)


def demand(*subjects):
    return change(verify_request(), subjects=subjects)


def reauthenticated(user_id="alice", **fields):
    """Return a session that was proven anew within the flow, and the flow."""
    signed_in = sign_in(user_id, NOW - 5)
    values = {"session_id": signed_in.session.id, "done": ("login",)} | fields
    return signed_in, make_interaction(**values)


def test_somebody_is_signed_in():
    found = outcome(verify_request(), ALICE)
    assert isinstance(found, Respond)
    assert found.signed_in is ALICE
    assert found.authentication.auth_time == NOW - 100
    assert found.authentication.acr == "urn:ostiary:acr:1fa"
    assert found.authentication.amr == ("pwd",)


def test_nobody_is_signed_in():
    assert outcome(verify_request()) == ask(Reason.LOGIN, "not-signed-in")


def test_several_are_signed_in():
    assert outcome(verify_request(), ALICE, BOB) == ask(Reason.SELECT_ACCOUNT, "several-sessions")


@pytest.mark.parametrize("hint", ["bob", "BOB", "bob@acme.test", "Bob@ACME.test"])
def test_a_login_hint_chooses_among_several(hint):
    found = outcome(verify_request(login_hint=hint), ALICE, BOB)
    assert isinstance(found, Respond)
    assert found.signed_in is BOB


@pytest.mark.parametrize("hint", ["carol", "acme.test"])
def test_a_login_hint_for_nobody_chooses_nobody(hint):
    found = outcome(verify_request(login_hint=hint), ALICE, BOB)
    assert found == ask(Reason.SELECT_ACCOUNT, "several-sessions")
    assert isinstance(outcome(verify_request(login_hint=hint), ALICE), Respond)


class TestPromptNone:
    """No page is ever asked for (AZ-09)."""

    NONE = verify_request(prompt="none")

    def test_with_a_session(self):
        assert isinstance(outcome(self.NONE, ALICE), Respond)

    def test_without_a_session(self):
        with pytest.raises(LoginRequired) as refusal:
            outcome(self.NONE)
        assert refusal.value.rule == "not-signed-in"

    def test_with_several_sessions(self):
        with pytest.raises(AccountSelectionRequired):
            outcome(self.NONE, ALICE, BOB)
        with pytest.raises(AccountSelectionRequired):
            outcome(change(self.NONE, login_hint="carol"), ALICE, BOB)
        assert isinstance(outcome(change(self.NONE, login_hint="bob"), ALICE, BOB), Respond)

    def test_with_several_sessions_that_are_all_too_old(self):
        with pytest.raises(LoginRequired):
            outcome(change(self.NONE, max_age=1), ALICE, BOB)

    def test_without_consent(self):
        with pytest.raises(ConsentRequired):
            outcome(self.NONE, ALICE, client=THIRD_PARTY)

    def test_with_remembered_consent(self):
        found = outcome(self.NONE, ALICE, client=THIRD_PARTY, consents=[make_consent()])
        assert isinstance(found, Respond)

    @pytest.mark.parametrize("max_age", [0, 1, 99])
    def test_with_a_session_that_is_too_old(self, max_age):
        with pytest.raises(LoginRequired) as refusal:
            outcome(change(self.NONE, max_age=max_age), ALICE)
        assert refusal.value.rule == "max-age"

    def test_with_another_user_than_the_hint_names(self):
        with pytest.raises(LoginRequired) as refusal:
            outcome(change(self.NONE, subjects=("bob",)), ALICE)
        assert refusal.value.rule == "subject-absent"


class TestPromptLogin:
    """A session that was there before is not enough, and once is enough."""

    LOGIN = verify_request(prompt="login")

    def test_an_old_session(self):
        assert outcome(self.LOGIN, ALICE) == ask(Reason.LOGIN, "prompt-login")

    def test_several_old_sessions_lead_straight_to_it(self):
        assert outcome(self.LOGIN, ALICE, BOB) == ask(Reason.LOGIN, "prompt-login")

    def test_signed_in_anew(self):
        signed_in, flow = reauthenticated()
        assert isinstance(outcome(self.LOGIN, signed_in, interaction=flow), Respond)

    def test_signed_in_anew_as_somebody_else(self):
        signed_in, flow = reauthenticated("bob")
        found = outcome(self.LOGIN, ALICE, signed_in, interaction=flow)
        assert isinstance(found, Respond)
        assert found.signed_in is signed_in

    def test_the_mark_without_the_proof(self):
        flow = make_interaction(session_id=ALICE.session.id, done=("login",))
        assert outcome(self.LOGIN, ALICE, interaction=flow) == ask(Reason.LOGIN, "prompt-login")

    def test_the_proof_without_the_mark(self):
        """A sign-in for another flow, at the same time in another tab."""
        signed_in, flow = reauthenticated(done=())
        found = outcome(self.LOGIN, signed_in, interaction=flow)
        assert found == ask(Reason.LOGIN, "prompt-login")

    def test_proof_and_mark_of_another_session(self):
        signed_in, flow = reauthenticated("bob")
        flow = change(flow, session_id=ALICE.session.id)
        found = outcome(self.LOGIN, ALICE, signed_in, interaction=flow)
        assert found == ask(Reason.LOGIN, "prompt-login")

    def test_signed_in_with_a_session_that_ended_while_another_began_elsewhere(self):
        signed_in, flow = reauthenticated()
        flow = change(flow, session_id="ended")
        found = outcome(self.LOGIN, signed_in, interaction=flow)
        assert found == ask(Reason.LOGIN, "prompt-login")


class TestMaxAge:
    """`max_age` and how it ends."""

    @pytest.mark.parametrize("max_age", [100, 101, 3600])
    def test_young_enough(self, max_age):
        assert isinstance(outcome(verify_request(max_age=str(max_age)), ALICE), Respond)

    @pytest.mark.parametrize("max_age", [0, 1, 99])
    def test_too_old(self, max_age):
        found = outcome(verify_request(max_age=str(max_age)), ALICE)
        assert found == ask(Reason.LOGIN, "max-age")

    def test_all_of_several_are_too_old(self):
        found = outcome(verify_request(max_age="50"), ALICE, BOB)
        assert found == ask(Reason.LOGIN, "max-age")

    def test_one_of_several_is_young_enough(self):
        request = verify_request(max_age="50")
        young = sign_in("bob", NOW - 10)
        assert outcome(request, ALICE, young).reason is Reason.SELECT_ACCOUNT
        hinted = change(request, login_hint="alice")
        assert outcome(hinted, ALICE, young) == ask(Reason.LOGIN, "max-age")
        hinted = change(request, login_hint="bob")
        assert isinstance(outcome(hinted, ALICE, young), Respond)

    def test_0_forces_a_login_even_within_the_second_of_another(self):
        found = outcome(verify_request(max_age="0"), sign_in("alice", NOW))
        assert found == ask(Reason.LOGIN, "max-age")

    @pytest.mark.parametrize("max_age", [0, 1])
    def test_the_way_back_from_the_login_page_may_take_longer(self, max_age):
        signed_in, flow = reauthenticated()
        request = verify_request(max_age=str(max_age))
        assert isinstance(outcome(request, signed_in, interaction=flow), Respond)

    def test_the_latest_proof_counts(self):
        proofs = (*ALICE.session.proofs, *sign_in("alice", NOW - 10).session.proofs)
        session = change(ALICE.session, proofs=proofs)
        found = outcome(verify_request(max_age="10"), change(ALICE, session=session))
        assert isinstance(found, Respond)
        assert found.authentication.auth_time == NOW - 10
        assert found.authentication.amr == ("pwd",)


class TestSelectAccount:
    """`prompt=select_account` and the chooser."""

    SELECT = verify_request(prompt="select_account")

    def test_one_session_is_asked_about_too(self):
        expected = ask(Reason.SELECT_ACCOUNT, "prompt-select-account")
        assert outcome(self.SELECT, ALICE) == expected
        assert outcome(self.SELECT, ALICE, BOB) == expected

    def test_without_a_session_there_is_nothing_to_choose(self):
        assert outcome(self.SELECT) == ask(Reason.LOGIN, "not-signed-in")

    def test_chosen(self):
        flow = make_interaction(session_id=BOB.session.id, done=("select_account",))
        found = outcome(self.SELECT, ALICE, BOB, interaction=flow)
        assert isinstance(found, Respond)
        assert found.signed_in is BOB

    def test_signed_in_instead(self):
        signed_in, flow = reauthenticated("bob")
        found = outcome(self.SELECT, ALICE, signed_in, interaction=flow)
        assert isinstance(found, Respond)
        assert found.signed_in is signed_in

    def test_the_chosen_session_ended_meanwhile(self):
        flow = make_interaction(session_id=BOB.session.id, done=("select_account",))
        found = outcome(self.SELECT, ALICE, interaction=flow)
        assert found == ask(Reason.SELECT_ACCOUNT, "prompt-select-account")

    def test_together_with_login(self):
        request = verify_request(prompt="select_account login")
        assert outcome(request, ALICE).reason is Reason.SELECT_ACCOUNT
        chosen = make_interaction(session_id=ALICE.session.id, done=("select_account",))
        assert outcome(request, ALICE, interaction=chosen) == ask(Reason.LOGIN, "prompt-login")
        signed_in, flow = reauthenticated(done=("select_account", "login"))
        assert isinstance(outcome(request, signed_in, interaction=flow), Respond)


class TestSubject:
    """3.1.2.2: an answer is for the demanded user, or there is none."""

    def test_the_demanded_user_among_several(self):
        found = outcome(demand("bob"), ALICE, BOB)
        assert isinstance(found, Respond)
        assert found.signed_in is BOB

    def test_only_somebody_else(self):
        assert outcome(demand("carol"), ALICE) == ask(Reason.LOGIN, "subject-absent")

    def test_nobody_can_be_meant(self):
        assert outcome(demand(), ALICE) == ask(Reason.LOGIN, "subject-absent")

    def test_signed_in_as_somebody_else(self):
        signed_in, flow = reauthenticated("bob")
        with pytest.raises(LoginRequired) as refusal:
            outcome(demand("alice"), signed_in, interaction=flow)
        assert refusal.value.rule == "subject-differs"

    def test_signed_in_as_demanded(self):
        signed_in, flow = reauthenticated()
        assert isinstance(outcome(demand("alice"), BOB, signed_in, interaction=flow), Respond)

    def test_the_chooser_is_not_shown_for_one_demanded_user(self):
        request = change(demand("alice"), prompts=("select_account",))
        assert isinstance(outcome(request, ALICE, BOB), Respond)


class TestConsent:
    """Remembered per user, client, scopes and single claims."""

    CONSENT = ask(Reason.CONSENT, "consent-never", ALICE.session.id)

    def test_first_party_applications_do_not_ask(self):
        assert isinstance(outcome(verify_request(), ALICE), Respond)

    def test_never_asked(self):
        assert outcome(verify_request(), ALICE, client=THIRD_PARTY) == self.CONSENT

    def test_of_somebody_else(self):
        found = outcome(verify_request(), ALICE, client=THIRD_PARTY, consents=[make_consent("bob")])
        assert found == self.CONSENT

    def test_revoked(self):
        consent = make_consent(revoked_at=NOW - 1)
        found = outcome(verify_request(), ALICE, client=THIRD_PARTY, consents=[consent])
        assert found == ask(Reason.CONSENT, "consent-revoked", ALICE.session.id)

    @pytest.mark.parametrize(
        ("given", "asked", "enough"),
        [
            (("openid",), "openid", True),
            (("openid", "profile"), "openid", True),
            (("openid",), "openid profile", False),
            (("openid",), "openid offline_access", False),
            (("openid", "offline_access"), "openid offline_access", True),
            (("profile",), "openid", False),
        ],
    )
    def test_equal_or_smaller_requests_pass(self, given, asked, enough):
        consent = make_consent(scopes=given)
        found = outcome(verify_request(scope=asked), ALICE, client=THIRD_PARTY, consents=[consent])
        assert isinstance(found, Respond) is enough
        if not enough:
            assert found == ask(Reason.CONSENT, "consent-wider", ALICE.session.id)

    @pytest.mark.parametrize(
        ("given", "enough"),
        [
            ({}, False),
            ({"claims": ("email",)}, True),
            ({"claims": ("phone_number",)}, False),
            ({"scopes": ("openid", "email")}, True),
        ],
    )
    def test_single_claims(self, given, enough):
        request = verify_request(claims='{"userinfo": {"email": null}}')
        found = outcome(request, ALICE, client=THIRD_PARTY, consents=[make_consent(**given)])
        assert isinstance(found, Respond) is enough

    def test_prompt_consent_asks_again_also_for_first_party_applications(self):
        request = verify_request(prompt="consent")
        for client in (WEB, THIRD_PARTY):
            assert outcome(request, ALICE, client=client) == self.CONSENT
            found = outcome(request, ALICE, client=client, consents=[make_consent()])
            assert found == ask(Reason.CONSENT, "prompt-consent", ALICE.session.id)

    def test_prompt_consent_is_satisfied_within_the_flow(self):
        request = verify_request(prompt="consent")
        flow = make_interaction(session_id=ALICE.session.id, done=("consent",))
        given = make_consent(granted_at=NOW - 5)
        found = outcome(request, ALICE, interaction=flow, consents=[given])
        assert isinstance(found, Respond)

    @pytest.mark.parametrize(
        ("done", "granted_at"), [((), NOW - 5), (("consent",), NOW - 31), (("login",), NOW - 5)]
    )
    def test_prompt_consent_wants_the_page_and_a_fresh_yes(self, done, granted_at):
        request = verify_request(prompt="consent")
        flow = make_interaction(session_id=ALICE.session.id, done=done)
        given = make_consent(granted_at=granted_at)
        found = outcome(request, ALICE, interaction=flow, consents=[given])
        assert found == ask(Reason.CONSENT, "prompt-consent", ALICE.session.id)

    def test_sign_in_comes_before_consent(self):
        request = verify_request(prompt="login consent")
        assert outcome(request, ALICE).reason is Reason.LOGIN
        signed_in, flow = reauthenticated()
        assert outcome(request, signed_in, interaction=flow).reason is Reason.CONSENT

    @pytest.mark.parametrize("prompt", [None, "login", "consent", "none"])
    def test_denied(self, prompt):
        flow = make_interaction(session_id=ALICE.session.id, done=("denied",))
        with pytest.raises(AccessDenied):
            outcome(verify_request(prompt=prompt), ALICE, interaction=flow)
