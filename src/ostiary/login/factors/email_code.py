"""Codes by mail: six digits, ten minutes, three tries, for one flow; the last one counts.

No record and no message holds a code: it is made anew from its ticket (`identity.tickets`).
"""

from ostiary.clock import Entropy
from ostiary.identity import notices, tickets
from ostiary.jose.keyring import KeyRing
from ostiary.login.errors import Throttled
from ostiary.login.flow import Flow
from ostiary.login.lockout import failures
from ostiary.login.store import LoginStore
from ostiary.model.grant import SentCode
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import Count, Effects, Emit, Insert, Update
from ostiary.oauth.reader import SignedIn

TEMPLATE = "email_code"
MAX_TRIES = 3
MAX_SENT = 3
SENDING_WINDOW = 600


def send(flow: Flow, signed: SignedIn, ring: KeyRing, lifetime: int, entropy: Entropy) -> Effects:
    """Mail a code, which is good in this flow and for this session alone.

    `Conflict` of the count means that too many were sent.
    """
    user, now = signed.user, flow.now
    wanted = tickets.Request(
        purpose=Purpose.EMAIL_CODE,
        user_id=user.id,
        organization_id=user.organization_id,
        email=user.email or "",
        lifetime=lifetime,
        since=user.credentials_changed_at,
        flow=flow.interaction.digest,
    )
    ticket = tickets.issue(ring, wanted, now, entropy)
    sent = SentCode(
        digest=ticket.digest, session_id=signed.session.id, expires_at=ticket.expires_at
    )
    return (
        Update(flow.interaction, {"sent_code": sent, "session_id": signed.session.id}),
        Count(sending_key(user), MAX_SENT, SENDING_WINDOW, now),
        Insert(ticket),
        notices.send_ticket(TEMPLATE, ticket, user, now),
        Emit(flow.event("factor.code_sent", user, signed.session.id, method="email_code")),
    )


def sending_key(user: User) -> str:
    """Name the counter of the codes that are mailed to somebody."""
    return f"email-code:{user.id}"


async def may_send(store: LoginStore, user: User, now: int) -> None:
    """Hold the number of mails to what is sensible.

    Raises:
        Throttled: three in ten minutes were sent.
    """
    key = sending_key(user)
    used = (await store.usage((key,))).get(key)
    if used is not None and failures(used, now) >= MAX_SENT:
        raise Throttled(min(used.expires_at - now, SENDING_WINDOW))


def waiting_code(flow: Flow, signed: SignedIn) -> SentCode | None:
    """Return the code that was mailed for this session within this flow, if it is still good."""
    sent = flow.interaction.sent_code
    if sent is None or sent.session_id != signed.session.id or sent.expires_at <= flow.now:
        return None
    return sent


def count_try(sent: SentCode, now: int) -> Count:
    """Count a try of one code: there are three."""
    return Count(f"email-code-try:{sent.digest.hex()}", MAX_TRIES, SENDING_WINDOW, now)


async def find_right(
    store: LoginStore, flow: Flow, signed: SignedIn, typed: str, ring: KeyRing
) -> Ticket | None:
    """Return the ticket whose code was typed, or None where it is not the one that counts."""
    sent = waiting_code(flow, signed)
    ticket = None if sent is None else await store.ticket(sent.digest)
    if ticket is None or not tickets.is_open(ticket, flow.now):
        return None
    if ticket.email != signed.user.email:
        return None  # it went to an address that was changed since
    return ticket if tickets.matches_code(ring, ticket, typed) else None
