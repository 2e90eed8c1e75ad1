"""The decision at the authorization endpoint is safe on any facts, and every flow ends."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ostiary.model.grant import Consent, Interaction
from ostiary.model.session import Proof, ProofKind
from ostiary.oauth.authorization.interaction import Facts, Interact, Reason, Respond, decide
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.errors import OAuthError
from support.authorization import WEB, change, make_consent, make_interaction, sign_in
from support.jose import NOW

PEOPLE = ("alice", "bob")
SCOPES = ("openid", "email", "offline_access")
AGES = st.sampled_from([0, 1, 5, 29, 30, 31, 100, 5000])
PROMPTS = st.one_of(
    st.just(("none",)),
    st.lists(st.sampled_from(["login", "consent", "select_account"]), unique=True).map(tuple),
)
REQUESTS = st.builds(
    AuthorizationRequest,
    client_id=st.just("web"),
    redirect_uri=st.just("https://app.test/cb"),
    response_mode=st.just("query"),
    scopes=st.lists(st.sampled_from(SCOPES), min_size=1, unique=True).map(tuple),
    prompts=PROMPTS,
    max_age=st.none() | AGES,
    login_hint=st.sampled_from([None, "alice", "BOB@acme.test", "carol"]),
    subjects=st.sampled_from([None, ("alice",), ("bob",), PEOPLE, ("carol",), ()]),
    claims=st.sampled_from([None, {"userinfo": {"phone_number": None}}]),
)
SESSIONS = st.lists(
    st.builds(lambda who, age: sign_in(who, NOW - age), st.sampled_from(PEOPLE), AGES),
    max_size=2,
    unique_by=lambda signed_in: signed_in.user.id,
).map(tuple)
CONSENTS = st.lists(
    st.builds(
        lambda who, age, scopes, claims, revoked: make_consent(
            who, granted_at=NOW - age, scopes=tuple(scopes), claims=claims, revoked_at=revoked
        ),
        st.sampled_from(PEOPLE),
        AGES,
        st.lists(st.sampled_from(SCOPES), unique=True),
        st.sampled_from([(), ("phone_number",)]),
        st.sampled_from([None, None, NOW]),
    ),
    max_size=2,
    unique_by=lambda consent: consent.user_id,
)
FLOWS = st.none() | st.builds(
    lambda who, done: make_interaction(
        session_id=who and f"session-{who}", done=tuple(done), created_at=NOW - 30
    ),
    st.sampled_from([None, *PEOPLE, "carol"]),
    st.lists(st.sampled_from(["login", "consent", "select_account"]), unique=True),
)
CLIENTS = st.sampled_from([WEB, change(WEB, require_consent=True)])


def facts_of(client, sessions, consents, flow):
    return Facts(
        client=client,
        signed_in=sessions,
        consents={consent.user_id: consent for consent in consents},
        interaction=flow,
    )


def attempt(request, facts, now=NOW):
    try:
        return decide(request, facts, now)
    except OAuthError as refusal:
        return refusal


@given(REQUESTS, CLIENTS, SESSIONS, CONSENTS, FLOWS)
def test_an_answer_breaks_no_rule(request, client, sessions, consents, flow):
    facts = facts_of(client, sessions, consents, flow)
    found = attempt(request, facts)
    if isinstance(found, Interact):
        assert "none" not in request.prompts
    if not isinstance(found, Respond):
        return
    user, auth_time = found.signed_in.user, found.authentication.auth_time
    assert found.signed_in in sessions
    assert request.subjects is None or user.id in request.subjects
    done = flow.done if flow else ()
    here = flow is not None and flow.session_id == found.signed_in.session.id
    anew = here and "login" in done and auth_time >= flow.created_at
    if "login" in request.prompts or request.max_age == 0:
        assert anew
    if request.max_age is not None and not anew:
        assert NOW - auth_time <= request.max_age
    if "select_account" in request.prompts and request.subjects is None:
        assert here
    if len(sessions) > 1 and request.subjects is None and request.login_hint is None:
        assert here
    if client.require_consent or "consent" in request.prompts:
        (consent,) = (one for one in consents if one.user_id == user.id)
        assert consent.revoked_at is None
        assert set(request.scopes) <= set(consent.scopes)
        assert set(request.single_claims) <= set(consent.claims)
        if "consent" in request.prompts:
            assert "consent" in done
            assert consent.granted_at >= flow.created_at


class Person:
    """Somebody who completes every page that is shown, as the pages note it."""

    def __init__(self, request, client, sessions, consents, who):
        self.request, self.client, self.who = request, client, who
        self.sessions = {signed_in.user.id: signed_in for signed_in in sessions}
        self.consents = {consent.user_id: consent for consent in consents}
        self.flow: Interaction | None = None
        self.now = NOW

    def facts(self):
        consents = self.consents.values()
        return facts_of(self.client, tuple(self.sessions.values()), consents, self.flow)

    def complete(self, page: Interact) -> None:
        if self.flow is None:
            self.flow = make_interaction(created_at=self.now, session_id=page.session_id)
        elif page.session_id is not None:
            self.flow = change(self.flow, session_id=page.session_id)
        self.now += 7
        match page.reason:
            case Reason.LOGIN:
                signed_in = self.sessions.get(self.who) or sign_in(self.who, self.now)
                proof = Proof(kind=ProofKind.PASSWORD, at=self.now)
                session = change(signed_in.session, proofs=(proof,))
                self.sessions[self.who] = change(signed_in, session=session)
                self.advance(session.id, "login")
            case Reason.SELECT_ACCOUNT:
                who = self.who if self.who in self.sessions else next(iter(self.sessions))
                self.advance(self.sessions[who].session.id, "select_account")
            case Reason.CONSENT:
                user_id = page.session_id.removeprefix("session-")
                self.consents[user_id] = Consent(
                    user_id=user_id,
                    client_id="web",
                    scopes=self.request.scopes,
                    claims=self.request.single_claims,
                    granted_at=self.now,
                )
                self.advance(page.session_id, "consent")

    def advance(self, session_id, step):
        done = self.flow.done
        if self.flow.session_id not in {None, session_id}:
            done = tuple(name for name in done if name == "select_account")
        self.flow = msgspec.structs.replace(self.flow, session_id=session_id, done=(*done, step))


@given(REQUESTS, CLIENTS, SESSIONS, CONSENTS, st.sampled_from(PEOPLE))
def test_whoever_does_what_the_pages_ask_gets_an_answer(request, client, sessions, consents, who):
    """At most one page of each kind is shown, consent to each person: no request loops."""
    person = Person(request, client, sessions, consents, who)
    shown = []
    while isinstance(found := attempt(request, person.facts(), person.now), Interact):
        shown.append((found.reason, found.session_id))
        assert len(set(shown)) == len(shown)
        person.complete(found)
    if isinstance(found, OAuthError):
        assert found.error in {
            "login_required",
            "consent_required",
            "account_selection_required",
        }
        assert "none" in request.prompts or found.rule == "subject-differs"
