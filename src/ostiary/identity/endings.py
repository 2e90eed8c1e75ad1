"""What ends with credentials that change or are taken away.

The time of the change ends what is older: every use of a session or grant looks at it. Times
are whole seconds, so that what somebody granted within the second of the change looks as if
it came after it. That is ended by itself.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from ostiary.model.factor import Factor, TrustedDevice
from ostiary.model.session import ProofKind, Session
from ostiary.oauth.effects import Delete, Effects, RevokeGrant, Update


class GrantReader(Protocol):
    """What the grants of people are found in."""

    async def grants_since(self, user_id: str, since: int) -> tuple[str, ...]:
        """Return the ids of what a user granted since a time and did not take back."""
        ...


async def end_new_grants(store: GrantReader, user_id: str, reason: str, now: int) -> Effects:
    """Return the effects that end what a user granted within this second.

    Raises:
        Unavailable: the store cannot answer now.
    """
    return tuple(RevokeGrant(id_, reason, now) for id_ in await store.grants_since(user_id, now))


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
