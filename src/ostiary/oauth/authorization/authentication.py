"""How a person was authenticated, computed from a session's proofs (OpenID Connect Core 2).

There is no flag that says "signed in": strength and time follow from the proofs alone.
"""

import msgspec

from ostiary.model.organization import Organization
from ostiary.model.session import ProofKind, Session
from ostiary.oauth.reader import SignedIn
from ostiary.oauth.usable import user_refusal

ACR_1FA = "urn:ostiary:acr:1fa"
# Authentication method references (RFC 8176, 2).
_AMR = {ProofKind.PASSWORD: "pwd"}


class Authentication(msgspec.Struct, frozen=True):
    """When, how and how strongly a person was authenticated."""

    auth_time: int
    acr: str
    amr: tuple[str, ...]


def authentication_of(session: Session) -> Authentication:
    """Compute the authentication that a session rests on."""
    return Authentication(
        auth_time=max(proof.at for proof in session.proofs),
        acr=ACR_1FA,
        amr=tuple(dict.fromkeys(_AMR[proof.kind] for proof in session.proofs)),
    )


def session_refusal(signed_in: SignedIn, organization: Organization | None, now: int) -> str | None:
    """Return why a session answers for nobody (any more), as a short name, or None.

    `organization` is the user's. Proofs from before a change of credentials are worth
    nothing.
    """
    session, user = signed_in.session, signed_in.user
    reasons = (
        ("session_revoked", session.revoked_at is not None),
        ("session_expired", min(session.idle_expires_at, session.expires_at) <= now),
        ("session_unproven", not session.proofs),
        (
            "credentials_changed",
            any(proof.at < user.credentials_changed_at for proof in session.proofs),
        ),
    )
    for reason, holds in reasons:
        if holds:
            return reason
    return user_refusal(user, organization)
