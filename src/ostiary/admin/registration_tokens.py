"""Initial access tokens: who has one may register applications (RFC 7591, 1.2 and 3).

Made by an administrator, shown once, kept as digests. One may be used again and again
unless it was made for a number of uses; these are counted with the registration itself.
"""

import msgspec

from ostiary.admin.actor import Actor, Level, authorize_instance
from ostiary.admin.change import tell
from ostiary.admin.errors import Invalid, NotFound
from ostiary.admin.store import PAGE, Admin, Registrations
from ostiary.clock import new_id
from ostiary.model.registration import RegistrationToken
from ostiary.oauth.effects import Clear, Count, Delete, Insert
from ostiary.oauth.handle import Kind, digest, make

MAX_USES = 1_000_000
_CENTURY = 100 * 365 * 86400
_UNLIMITED = 2**53


class IssuedToken(msgspec.Struct, frozen=True):
    """An initial access token, its text where it was just made, and how often it was used."""

    record: RegistrationToken
    text: str | None = None
    used: int = 0


async def create(
    admin: Admin,
    actor: Actor,
    *,
    expires_at: int | None = None,
    uses: int | None = None,
) -> IssuedToken:
    """Make a token; its text cannot be read again.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
        Invalid: it would have ended already, or be of no use.
    """
    authorize_instance(actor)
    now = admin.clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid.at("expires", "must be later than now")
    if uses is not None and not 1 <= uses <= MAX_USES:
        raise Invalid.at("uses", f"must be 1 to {MAX_USES}")
    text = make(Kind.INITIAL_ACCESS_TOKEN, admin.entropy)
    record = RegistrationToken(
        id=new_id(now, admin.entropy),
        digest=digest(text),
        uses=uses,
        created_at=now,
        expires_at=expires_at,
    )
    event = tell("registration_token.created", actor, now, target=record.id)
    await admin.store.apply((Insert(record), event))
    return IssuedToken(record, text)


async def list_all(
    admin: Admin, store: Registrations, actor: Actor, *, after: str = "", limit: int = PAGE
) -> tuple[IssuedToken, ...]:
    """Return the tokens that have not ended, ordered by id, without their texts.

    Raises:
        NotAllowed: the actor does not reach the whole instance.
    """
    authorize_instance(actor, Level.READ)
    now = admin.clock.now()
    good: list[RegistrationToken] = []
    while len(good) < limit and (page := await store.list_registration_tokens(after, limit)):
        good += [record for record in page if is_good(record, now)]
        after = page[-1].id
    return await _count(store, good[:limit])


async def show(store: Registrations, actor: Actor, token_id: str) -> IssuedToken:
    """Return a token, also one that has ended by its time, without its text.

    Raises:
        NotFound: there is none with this id.
        NotAllowed: the actor does not reach the whole instance.
    """
    authorize_instance(actor, Level.READ)
    found = await store.read_registration_token(token_id)
    if found is None:
        raise NotFound("registration token", token_id)
    (counted,) = await _count(store, [found])
    return counted


async def delete(admin: Admin, store: Registrations, actor: Actor, token_id: str) -> None:
    """End a token. What was registered with it stays.

    Raises:
        NotFound: there is none with this id.
        NotAllowed: the actor does not reach the whole instance, or may only read.
    """
    authorize_instance(actor)
    found = await store.read_registration_token(token_id)
    if found is None:
        raise NotFound("registration token", token_id)
    event = tell("registration_token.deleted", actor, admin.clock.now(), target=found.id)
    await admin.store.apply((Delete(RegistrationToken, found.id), Clear(_counter(found)), event))


def is_good(record: RegistrationToken, now: int) -> bool:
    """Tell whether a token has not ended by its time."""
    return record.expires_at is None or record.expires_at > now


def count_use(record: RegistrationToken, now: int) -> Count:
    """Return the effect that counts one use, and loses where there is none left."""
    window = _CENTURY if record.expires_at is None else record.expires_at - now
    return Count(_counter(record), record.uses or _UNLIMITED, window, now)


async def _count(store: Registrations, records: list[RegistrationToken]) -> tuple[IssuedToken, ...]:
    usage = await store.usage(tuple(map(_counter, records)))
    return tuple(
        IssuedToken(record, used=usage[key].count if (key := _counter(record)) in usage else 0)
        for record in records
    )


def _counter(record: RegistrationToken) -> str:
    return f"registration-token:{record.id}"
