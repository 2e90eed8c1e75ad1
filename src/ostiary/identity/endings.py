"""What ends with credentials that are taken away."""

from collections.abc import Callable, Iterable

from ostiary.model.factor import Factor, TrustedDevice
from ostiary.model.session import ProofKind, Session
from ostiary.oauth.effects import Delete, Effects, Update


def end_resting_on(
    removal: Effects, sessions: Iterable[Session], end: Callable[[Session], Effects]
) -> Effects:
    """Return the effects on sessions of factors and trusted devices that are deleted.

    What a passkey opened ends with it, by `end`: it may be the device that was lost. Where trust
    in the device stood for a second factor, that is asked for.
    """
    gone = {
        effect.key
        for effect in removal
        if isinstance(effect, Delete) and effect.kind in {Factor, TrustedDevice}
    }
    found: list[Effects] = []
    for session in sessions:
        lost = [proof for proof in session.proofs if proof.credential_id in gone]
        if any(proof.kind is ProofKind.PASSKEY for proof in lost):
            found.append(end(session))
        elif lost:
            left = tuple(proof for proof in session.proofs if proof not in lost)
            found.append((Update(session, {"proofs": left}),))
    return tuple(effect for effects in found for effect in effects)
