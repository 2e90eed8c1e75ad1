"""How a person was authenticated, computed from a session's proofs (OpenID Connect Core 2).

There is no flag that says "signed in": strength and time follow from the proofs alone.
"""

import msgspec

from ostiary.model.organization import Organization
from ostiary.model.session import Proof, ProofKind, Session
from ostiary.oauth.reader import SignedIn
from ostiary.oauth.usable import user_refusal

ACR_1FA = "urn:ostiary:acr:1fa"
ACR_2FA = "urn:ostiary:acr:2fa"
# Phishing-resistant, and so by keys in hardware (OpenID Connect Extended Authentication
# Profile ACR Values 1.0, 4).
PHR = "phr"
PHRH = "phrh"
LEVELS = (ACR_1FA, ACR_2FA, PHR, PHRH)
"""Authentication context classes, weakest first: each includes those before it."""

# Authentication method references (RFC 8176, 2).
_AMR = {
    ProofKind.PASSWORD: ("pwd",),
    ProofKind.TOTP: ("otp",),
    ProofKind.EMAIL_CODE: ("otp",),
    ProofKind.RECOVERY_CODE: ("otp",),
    ProofKind.CONSOLE_LINK: ("otp",),
    ProofKind.TRUSTED_DEVICE: (),
}
_SECOND = {ProofKind.TOTP, ProofKind.EMAIL_CODE, ProofKind.RECOVERY_CODE}
# What a person can sign in with alone. A passkey is taken from a verified user only.
_FIRST = {ProofKind.PASSWORD, ProofKind.PASSKEY, ProofKind.CONSOLE_LINK}
# What a code is a second factor to.
_KNOWN = {ProofKind.PASSWORD, ProofKind.CONSOLE_LINK}


class Authentication(msgspec.Struct, frozen=True):
    """When, how and how strongly a person was authenticated."""

    auth_time: int
    acr: str
    amr: tuple[str, ...]

    def reaches(self, acr: str) -> bool:
        """Tell whether this is as strong as a class; never, where the class is unknown."""
        return acr in LEVELS and LEVELS.index(acr) <= LEVELS.index(self.acr)


def authentication_of(session: Session) -> Authentication:
    """Compute the authentication that a session rests on.

    Its time is that of the last proof that would do alone: a code that was typed in later
    makes a session stronger, not younger.
    """
    proofs = session.proofs
    kinds = {proof.kind for proof in proofs}
    acr = ACR_1FA
    if ProofKind.PASSKEY in kinds:
        acr = PHRH if any(proof.bound for proof in proofs) else PHR
    elif kinds & _KNOWN and kinds & _SECOND:
        acr = ACR_2FA
    methods = [method for proof in proofs for method in _methods(proof)]
    if acr != ACR_1FA:
        methods.append("mfa")
    return Authentication(
        auth_time=max((proof.at for proof in proofs if proof.kind in _FIRST), default=0),
        acr=acr,
        amr=tuple(dict.fromkeys(methods)),
    )


def _methods(proof: Proof) -> tuple[str, ...]:
    if proof.kind is ProofKind.PASSKEY:
        return ("hwk" if proof.bound else "swk", "pop", "user")
    return _AMR[proof.kind]


def session_refusal(signed_in: SignedIn, organization: Organization | None, now: int) -> str | None:
    """Return why a session answers for nobody (any more), as a short name, or None.

    `organization` is the user's. Proofs from before a change of credentials are worth
    nothing.
    """
    session, user = signed_in.session, signed_in.user
    reasons = (
        ("session_revoked", session.revoked_at is not None),
        ("session_expired", min(session.idle_expires_at, session.expires_at) <= now),
        ("session_unproven", not any(proof.kind in _FIRST for proof in session.proofs)),
        (
            "credentials_changed",
            any(proof.at < user.credentials_changed_at for proof in session.proofs),
        ),
    )
    for reason, holds in reasons:
        if holds:
            return reason
    return user_refusal(user, organization)
