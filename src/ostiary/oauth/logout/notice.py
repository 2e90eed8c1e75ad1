"""The message that has an application told of a session's end (Back-Channel Logout 1.0, 2.5)."""

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client, ClientState
from ostiary.model.session import Session
from ostiary.oauth.authorization.approval import session_id_for
from ostiary.oauth.effects import Enqueue
from ostiary.oauth.subject import subject_of

TOPIC = "backchannel_logout"
"""The topic of such messages in the outbox."""


def wants_notice(client: Client) -> bool:
    """Tell whether an application has registered to be told."""
    return client.state is ClientState.ACTIVE and client.backchannel_logout_uri is not None


def logout_notice(client: Client, session: Session, ring: KeyRing, now: int) -> Enqueue:
    """Return the message for one application and one session."""
    return Enqueue(
        TOPIC,
        {
            "client_id": client.client_id,
            "sub": subject_of(client, session.user_id, ring),
            "user_id": session.user_id,
            "sid": session_id_for(client, session, ring.mac("sid")[1]),
            "session_id": session.id,
            "organization_id": session.organization_id,
        },
        now,
    )
