"""Where a person is signed in, and signing out elsewhere."""

from ostiary.login.account.person import NotYours, Person
from ostiary.login.account.store import AccountStore
from ostiary.model.session import Session
from ostiary.oauth.effects import Effects, Emit, RevokeSession

REASON = "user_revoked"
# Rounds of a hundred sessions; nobody has more by honest means.
_ROUNDS = 20


def end(person: Person, session: Session, reason: str = REASON) -> Effects:
    """Return the effects that end one of a person's sessions."""
    event = person.event("session.revoked", session_id=session.id)
    return (RevokeSession(session.id, reason, person.now), Emit(event))


async def sign_out(store: AccountStore, person: Person, session_id: str) -> None:
    """End one of a person's sessions.

    Raises:
        NotYours: the person has no such session, or not any more.
        Unavailable: the store cannot answer now.
    """
    for session in await store.live_sessions(person.user, person.now):
        if session.id == session_id:
            await store.apply(end(person, session))
            return
    raise NotYours


async def sign_out_others(store: AccountStore, person: Person) -> int:
    """End all of a person's sessions but the present one; return how many.

    Raises:
        Unavailable: the store cannot answer now.
    """
    count = 0
    for _ in range(_ROUNDS):
        others = [
            session
            for session in await store.live_sessions(person.user, person.now)
            if session.id != person.session.id
        ]
        if not others:
            break
        await store.apply(tuple(effect for one in others for effect in end(person, one)))
        count += len(others)
    return count
