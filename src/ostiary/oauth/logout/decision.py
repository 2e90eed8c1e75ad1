"""Whose session a logout request ends: at once, after a question, or nobody's."""

from collections.abc import Sequence

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.oauth.authorization.approval import session_id_for
from ostiary.oauth.logout.request import LogoutRequest
from ostiary.oauth.reader import SignedIn
from ostiary.oauth.subject import subject_of


class End(msgspec.Struct, frozen=True):
    """These sessions end without a question; with none, nobody was signed in."""

    sessions: tuple[SignedIn, ...]


class Confirm(msgspec.Struct, frozen=True):
    """The person is asked whether these sessions shall end."""

    sessions: tuple[SignedIn, ...]


Outcome = End | Confirm


def decide(
    request: LogoutRequest, client: Client | None, sessions: Sequence[SignedIn], ring: KeyRing
) -> Outcome:
    """Decide on the sessions of a browser that were not ended."""
    if not request.proven:
        return Confirm(_hinted(request, sessions)) if sessions else End(())
    if client is not None and request.sid is not None:
        sid_key = ring.mac("sid")[1]
        same = tuple(
            one for one in sessions if session_id_for(client, one.session, sid_key) == request.sid
        )
        if same:
            return End(same)
    # The session of the token is over. Whoever it was may have signed in anew since, which
    # the token says nothing about.
    of_person = tuple(one for one in sessions if _subject(client, one, ring) == request.sub)
    return Confirm(of_person) if of_person else End(())


def _subject(client: Client | None, signed_in: SignedIn, ring: KeyRing) -> str:
    user_id = signed_in.user.id
    return user_id if client is None else subject_of(client, user_id, ring)


def _hinted(request: LogoutRequest, sessions: Sequence[SignedIn]) -> tuple[SignedIn, ...]:
    """Return the sessions that a `logout_hint` names, or all of them."""
    hint = request.logout_hint
    named = tuple(one for one in sessions if hint and hint in {one.user.username, one.user.email})
    return named or tuple(sessions)
