"""Sessions: when they stop answering for their user."""

import pytest

from ostiary.model.organization import State
from ostiary.model.session import Proof, ProofKind
from ostiary.model.user import UserState
from ostiary.oauth.authorization.authentication import authentication_of, session_refusal
from support.authorization import ORGANIZATION, change, make_session, sign_in
from support.jose import NOW

ALICE = sign_in("alice")


def session(**fields):
    return change(ALICE, session=change(ALICE.session, **fields))


def user(**fields):
    return change(ALICE, user=change(ALICE.user, **fields))


def test_a_session_that_answers():
    assert session_refusal(ALICE, ORGANIZATION, NOW) is None
    lasting = session(idle_expires_at=NOW + 1, expires_at=NOW + 1)
    assert session_refusal(lasting, ORGANIZATION, NOW) is None
    unchanged = user(credentials_changed_at=ALICE.session.proofs[0].at)
    assert session_refusal(unchanged, ORGANIZATION, NOW) is None


@pytest.mark.parametrize(
    ("signed_in", "organization", "reason"),
    [
        (session(revoked_at=NOW - 1), ORGANIZATION, "session_revoked"),
        (session(idle_expires_at=NOW), ORGANIZATION, "session_expired"),
        (session(expires_at=NOW), ORGANIZATION, "session_expired"),
        (session(proofs=()), ORGANIZATION, "session_unproven"),
        (user(credentials_changed_at=NOW - 99), ORGANIZATION, "credentials_changed"),
        (user(state=UserState.LOCKED), ORGANIZATION, "user_locked"),
        (user(state=UserState.DEACTIVATED), ORGANIZATION, "user_deactivated"),
        (user(state=UserState.DELETED), ORGANIZATION, "user_deleted"),
        (ALICE, change(ORGANIZATION, state=State.INACTIVE), "organization_inactive"),
        (ALICE, None, "organization_inactive"),
    ],
)
def test_a_session_that_does_not(signed_in, organization, reason):
    assert session_refusal(signed_in, organization, NOW) == reason


def test_the_strength_follows_from_the_proofs():
    proofs = tuple(Proof(kind=ProofKind.PASSWORD, at=at) for at in (NOW - 9, NOW - 3, NOW - 7))
    found = authentication_of(make_session(proofs=proofs))
    assert (found.auth_time, found.acr, found.amr) == (NOW - 3, "urn:ostiary:acr:1fa", ("pwd",))
