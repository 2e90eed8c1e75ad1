"""Tickets: mailed links and codes that are good once, for one thing, for a while.

The secret of a link is an HMAC over the ticket's id and purpose under an instance key. The
database holds its digest, the outbox the id alone, and whoever sends the mail makes the
secret anew: neither a copy of the database nor a mail that waits opens anything.
"""

import hashlib
import hmac
from functools import partial
from typing import Any, Protocol

import msgspec

from ostiary.clock import Entropy, new_id
from ostiary.identity.listing import read_all
from ostiary.jose.keyring import KeyRing
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import Consume, Effects
from ostiary.oauth.handle import BODY_LENGTH, Kind, digest, encode62, make, seal, unseal

KEY = "ticket"
CODE_DIGITS = 6
# Wrong codes that are looked at for one ticket.
CODE_TRIES = 5

# The page behind a link of each purpose.
PATHS = {
    Purpose.PASSWORD_RESET: "/login/reset",
    Purpose.REGISTRATION: "/login/verify",
    Purpose.EMAIL_VERIFICATION: "/login/verify",
    Purpose.EMAIL_CHANGE: "/login/verify",
    Purpose.EMAIL_UNDO: "/login/verify",
    Purpose.INVITATION: "/login/invitation",
    # Never followed: its mail has the code alone.
    Purpose.EMAIL_CODE: "/login/email-code",
    # There in development mode alone.
    Purpose.CONSOLE: "/dev/console",
}

_PAGE = 100
_DAY = 86400
# Seconds that an address may be confirmed in. Lifetimes that policies decide are not here.
CONFIRMATION = _DAY
# Seconds that a change of address can be taken back in.
UNDO = 7 * _DAY


class TicketOver(Exception):
    """The link is none of ours, was used, has expired, or is overtaken by a later change."""


class TicketStore(Protocol):
    """What tickets are looked up in."""

    async def ticket(self, digest: bytes) -> Ticket | None:
        """Return the ticket whose secret has this digest, used up or not."""
        ...

    async def unused_ticket(self, user_id: str, purpose: Purpose) -> Ticket | None:
        """Return the last ticket of a user for a purpose that was not used, expired or not."""
        ...

    async def list_tickets_of_user(
        self, user_id: str, purpose: Purpose, after: str, limit: int
    ) -> tuple[Ticket, ...]:
        """Return the tickets of a user for a purpose, used up or not, ordered by id."""
        ...


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket is to be made of. `lifetime` is in seconds.

    `since` is the user's `credentials_changed_at`; `email` is where the mail goes, or empty.
    """

    purpose: Purpose
    user_id: str
    organization_id: str
    email: str
    lifetime: int
    since: int = 0
    flow: bytes | None = None
    values: dict[str, Any] = {}


def issue(ring: KeyRing, request: Request, now: int, entropy: Entropy) -> Ticket:
    """Make a ticket.

    Raises:
        NoSigningKey: the instance has no key for tickets yet; the server makes it.
    """
    version, _ = ring.mac(KEY)
    draft = _draft(request, version, now, entropy)
    return msgspec.structs.replace(draft, digest=digest(token_of(ring, draft)))


def issue_shown(request: Request, now: int, entropy: Entropy) -> tuple[Ticket, str]:
    """Make a ticket whose secret is shown at once and never made anew; return both."""
    token = make(Kind.TICKET, entropy)
    draft = _draft(request, 0, now, entropy)
    return msgspec.structs.replace(draft, digest=digest(token)), token


def _draft(request: Request, key_version: int, now: int, entropy: Entropy) -> Ticket:
    fields = msgspec.structs.asdict(request)
    lifetime = fields.pop("lifetime")
    return Ticket(
        digest=b"",
        id=new_id(now, entropy),
        key_version=key_version,
        created_at=now,
        expires_at=now + lifetime,
        **fields,
    )


def token_of(ring: KeyRing, ticket: Ticket) -> str:
    """Make the secret of a ticket's link: 256 bits, in the usual form of our tokens.

    Raises:
        NoSigningKey: the key that it was made with is gone.
    """
    return seal(Kind.TICKET, encode62(_derive(ring, ticket, "link"), BODY_LENGTH))


def link_of(issuer: str, ring: KeyRing, ticket: Ticket) -> str:
    """Make a ticket's link. Its origin is the configured one, whatever a request said."""
    return f"{issuer}{PATHS[ticket.purpose]}?ticket={token_of(ring, ticket)}"


def code_of(ring: KeyRing, ticket: Ticket) -> str:
    """Make the code that can be typed in place of following the link: six digits."""
    number = int.from_bytes(_derive(ring, ticket, "code")) % 10**CODE_DIGITS
    return f"{number:0{CODE_DIGITS}}"


def matches_code(ring: KeyRing, ticket: Ticket, code: str) -> bool:
    """Compare what was typed with a ticket's code; blanks do not count."""
    typed = "".join(code.split()).encode()
    return hmac.compare_digest(code_of(ring, ticket).encode(), typed)


def _derive(ring: KeyRing, ticket: Ticket, use: str) -> bytes:
    parts = (use, ticket.purpose.value, ticket.id)
    text = b"".join(len(part).to_bytes(4) + part for part in map(str.encode, parts))
    return hmac.digest(ring.mac_key(KEY, ticket.key_version), text, hashlib.sha256)


async def find(
    store: TicketStore, token: str | None, purposes: frozenset[Purpose], now: int
) -> Ticket:
    """Return the ticket of a link, and leave it good.

    Raises:
        TicketOver: it is not good, or not for any of these purposes.
    """
    if token is None or unseal(Kind.TICKET, token) is None:
        raise TicketOver
    found = await store.ticket(digest(token))
    if found is None or found.purpose not in purposes or not is_open(found, now):
        raise TicketOver
    return found


def is_open(ticket: Ticket, now: int) -> bool:
    """Tell whether a ticket was not used and has not expired."""
    return ticket.consumed_at is None and ticket.expires_at > now


def require_bound(ticket: Ticket, user: User | None) -> User:
    """Return the user of a ticket, where nothing has overtaken it since it was made.

    Raises:
        TicketOver: the credentials changed, or the address that it was sent to.
    """
    if user is None or user.id != ticket.user_id:
        raise TicketOver
    if user.credentials_changed_at != ticket.since or user.email != ticket.email:
        raise TicketOver
    return user


async def use_up(store: TicketStore, user_id: str, purpose: Purpose, now: int) -> Effects:
    """Return the effects that make a user's open ticket for a purpose worthless, if any."""
    before = await store.unused_ticket(user_id, purpose)
    return () if before is None or not is_open(before, now) else (consume(before, now),)


async def list_open(
    store: TicketStore, user_id: str, purpose: Purpose, now: int
) -> tuple[Ticket, ...]:
    """Return all tickets of a user for a purpose that are still good."""
    found = await read_all(partial(store.list_tickets_of_user, user_id, purpose))
    return tuple(one for one in found if is_open(one, now))


def consume(ticket: Ticket, now: int) -> Consume:
    """Use a ticket up: of two at once, one does."""
    return Consume(Ticket, ticket.digest, now)
