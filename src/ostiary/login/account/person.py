"""Whoever acts on their own account."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from ostiary.login.authorship import event_of
from ostiary.model.event import Event, Result, Source
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.oauth.effects import Conflict, Unavailable


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person, the session in which they act, where from and when."""

    user: User
    session: Session
    source: Source
    now: int

    def event(
        self,
        kind: str,
        *,
        client_id: str | None = None,
        session_id: str | None = None,
        result: Result = Result.SUCCESS,
        **details: Any,
    ) -> Event:
        """Make an event about what the person did; of their own session unless another is named."""
        return event_of(
            self.user,
            kind,
            self.source,
            self.now,
            session_id=session_id or self.session.id,
            client_id=client_id,
            result=result,
            **details,
        )


class NotYours(Exception):
    """There is no such thing among what belongs to the person; whose it is, is not told."""


async def twice(step: Callable[[], Awaitable[None]]) -> None:
    """Decide and write; once more on fresh facts where somebody else was faster.

    Raises:
        Unavailable: the race was lost twice.
    """
    for _ in range(2):
        try:
            return await step()
        except Conflict:
            continue
    raise Unavailable
