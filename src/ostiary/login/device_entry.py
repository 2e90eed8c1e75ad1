"""Finding the device that waits for a person, by the code that they type (RFC 8628, 5.1).

Wrong codes are counted: of people who are signed in by person, of all others by network and
in all. So strangers can try so few that a day of trying finds a code that waits with less
than one chance in a million, and cannot use up the tries of whoever is signed in.
"""

import asyncio
from typing import Protocol

import msgspec

from ostiary.login.errors import Refused, Throttled
from ostiary.login.lockout import failures
from ostiary.login.store import LoginStore
from ostiary.model.client import Client
from ostiary.model.event import Event, Result
from ostiary.model.grant import DeviceCode, DeviceStatus
from ostiary.oauth.authorization.loading import Visit, find_browser, usable_sessions
from ostiary.oauth.device import user_code
from ostiary.oauth.effects import Conflict, Count, Effects, Emit
from ostiary.oauth.grants.device_code import grant_type
from ostiary.oauth.peer import peer_of
from ostiary.oauth.reader import DeviceReader
from ostiary.oauth.usable import client_refusal, read_owners

# Wrong codes within the window: of a person or a network, and of all strangers together.
MAX_WRONG = 5
MAX_WRONG_OF_STRANGERS = 150
WINDOW = 600


class MalformedCode(Refused):
    """What was typed cannot be a code: it is no guess, and not counted."""


class UnknownCode(Refused):
    """No device shows this code."""


class ExpiredCode(Refused):
    """A device has shown this code, and given up since."""


class AnsweredCode(Refused):
    """Somebody has answered the device that shows this code."""


class EntryStore(LoginStore, DeviceReader, Protocol):
    """The reads of typing a code, and the one way to write."""


class Waiting(msgspec.Struct, frozen=True):
    """A device that waits, and its application."""

    client: Client
    record: DeviceCode


class _Tally(msgspec.Struct, frozen=True):
    """A counter of wrong codes."""

    key: str
    limit: int


class CodeEntry:
    """Looks up what people type, one at a time in this process.

    One at a time, because a code is looked up before it is known to be wrong: of many sent
    at once none may be looked at that should have found the tries used up. Other processes
    can each look at one more.
    """

    def __init__(self, store: EntryStore) -> None:
        self._store = store
        self._turn = asyncio.Lock()

    async def find(self, typed: str, visit: Visit) -> Waiting:
        """Return the device that shows a code.

        Raises:
            Refused: `MalformedCode`, `UnknownCode`, `ExpiredCode`, `AnsweredCode`, or
                `Throttled`: too many wrong ones.
            Unavailable: the store cannot answer now.
        """
        code = user_code.read(typed)
        if code is None:
            raise MalformedCode
        async with self._turn:
            tallies, user_id = await self._tallies(visit)
            left = await self._tries_left(tallies, visit.now)
            try:
                return await self._look_up(code, visit.now)
            except Refused:
                await self._count(tallies, user_id, visit, last=left == 1)
                raise

    async def _tallies(self, visit: Visit) -> tuple[tuple[_Tally, ...], str | None]:
        browser = await find_browser(visit, self._store)
        people = await usable_sessions(browser, visit.now, self._store)
        if people:
            user_id = people[0].user.id
            return (_Tally(f"device-code:user:{user_id}", MAX_WRONG),), user_id
        return (
            _Tally(f"device-code:{peer_of(visit.source.ip)}", MAX_WRONG),
            _Tally("device-code", MAX_WRONG_OF_STRANGERS),
        ), None

    async def _tries_left(self, tallies: tuple[_Tally, ...], now: int) -> int:
        usage = await self._store.usage(tuple(tally.key for tally in tallies))
        lefts = []
        for tally in tallies:
            used = usage.get(tally.key)
            left = tally.limit - failures(used, now)
            if used is not None and left <= 0:
                raise Throttled(min(used.expires_at - now, WINDOW))
            lefts.append(left)
        return min(lefts)

    async def _look_up(self, code: str, now: int) -> Waiting:
        record = await self._store.device_by_user_code(code)
        if record is None:
            raise UnknownCode
        if record.status is not DeviceStatus.PENDING:
            raise AnsweredCode
        if record.expires_at <= now:
            raise ExpiredCode
        client = await self._store.client(record.client_id)
        owners = await read_owners(client, self._store)
        if client is None or client_refusal(client, owners) is not None:
            raise UnknownCode
        if grant_type not in client.grant_types:
            raise UnknownCode
        return Waiting(client, record)

    async def _count(
        self, tallies: tuple[_Tally, ...], user_id: str | None, visit: Visit, *, last: bool
    ) -> None:
        """Count a wrong code.

        Raises:
            Throttled: other processes have used up the tries at the same time.
        """
        source = visit.source
        event = Event(
            type="device.bruteforce" if last else "device.code_unknown",
            at=visit.now,
            result=Result.FAILURE,
            actor_type="browser" if user_id is None else "user",
            actor_id=user_id,
            user_id=user_id,
            ip=source.ip,
            user_agent=source.user_agent,
            trace_id=source.trace_id,
        )
        counts: Effects = tuple(
            Count(tally.key, tally.limit, WINDOW, visit.now) for tally in tallies
        )
        try:
            await self._store.apply((*counts, Emit(event)))
        except Conflict:
            raise Throttled(WINDOW) from None
