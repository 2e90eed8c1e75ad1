"""RFC 8176: how a person was authenticated, as `amr` tells it; and how strongly, as `acr` does.

The classes are those of the OpenID Connect Extended Authentication Profile (`phr`, `phrh`) and
two of our own below them.
"""

import itertools

import pytest

from ostiary.model.session import Proof, ProofKind
from ostiary.oauth import registry
from ostiary.oauth.authorization.authentication import LEVELS, authentication_of
from support.authorization import make_session
from support.jose import NOW

FIRST, SECOND, PHISHING_RESISTANT, HARDWARE = LEVELS
PASSWORD = Proof(kind=ProofKind.PASSWORD, at=NOW - 50)
TOTP = Proof(kind=ProofKind.TOTP, at=NOW - 40)
MAILED = Proof(kind=ProofKind.EMAIL_CODE, at=NOW - 40)
RECOVERY = Proof(kind=ProofKind.RECOVERY_CODE, at=NOW - 40)
SYNCED = Proof(kind=ProofKind.PASSKEY, at=NOW - 30, credential_id="a")
LINK = Proof(kind=ProofKind.CONSOLE_LINK, at=NOW - 50)
BOUND = Proof(kind=ProofKind.PASSKEY, at=NOW - 30, credential_id="b", bound=True)
TRUSTED = Proof(kind=ProofKind.TRUSTED_DEVICE, at=NOW - 20)


def found(*proofs):
    return authentication_of(make_session(proofs=proofs))


@pytest.mark.parametrize(
    ("proofs", "acr", "amr"),
    [
        ((PASSWORD,), FIRST, ("pwd",)),
        ((PASSWORD, TOTP), SECOND, ("pwd", "otp", "mfa")),
        ((PASSWORD, MAILED), SECOND, ("pwd", "otp", "mfa")),
        ((PASSWORD, RECOVERY), SECOND, ("pwd", "otp", "mfa")),
        ((PASSWORD, TRUSTED), FIRST, ("pwd",)),
        ((LINK,), FIRST, ("otp",)),
        ((LINK, TOTP), SECOND, ("otp", "mfa")),
        ((SYNCED,), PHISHING_RESISTANT, ("swk", "pop", "user", "mfa")),
        ((BOUND,), HARDWARE, ("hwk", "pop", "user", "mfa")),
        ((PASSWORD, SYNCED), PHISHING_RESISTANT, ("pwd", "swk", "pop", "user", "mfa")),
        ((PASSWORD, TOTP, BOUND), HARDWARE, ("pwd", "otp", "hwk", "pop", "user", "mfa")),
    ],
    ids=str,
)
def test_2_methods_follow_from_the_proofs(proofs, acr, amr):
    assert (found(*proofs).acr, found(*proofs).amr) == (acr, amr)


@pytest.mark.parametrize("proofs", [(TOTP,), (TRUSTED,), (MAILED, RECOVERY), (TOTP, TRUSTED)])
def test_a_code_alone_is_no_authentication(proofs):
    assert (found(*proofs).acr, found(*proofs).auth_time) == (FIRST, 0)


def test_a_trusted_device_makes_no_session_stronger():
    for proofs in itertools.permutations((PASSWORD, TOTP, SYNCED), 2):
        assert found(*proofs, TRUSTED) == found(*proofs)


def test_a_further_proof_never_makes_a_session_weaker():
    everything = (TOTP, MAILED, RECOVERY, SYNCED, BOUND, TRUSTED)
    for count in range(3):
        for proofs in itertools.combinations(everything, count):
            before = found(PASSWORD, *proofs)
            for more in everything:
                assert found(PASSWORD, *proofs, more).reaches(before.acr)


def test_auth_time_is_that_of_what_would_do_alone():
    """OpenID Connect Core 2: a code that was typed in later makes no session younger."""
    assert found(PASSWORD, TOTP).auth_time == PASSWORD.at
    assert found(PASSWORD, SYNCED).auth_time == SYNCED.at


def test_the_classes_are_in_order_and_an_unknown_one_is_never_reached():
    assert registry.ACR_VALUES == LEVELS
    strongest = found(BOUND)
    assert all(map(strongest.reaches, LEVELS))
    assert [level for level in LEVELS if found(PASSWORD).reaches(level)] == [FIRST]
    assert not strongest.reaches("urn:example:loa4")
