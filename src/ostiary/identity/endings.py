"""What ends with credentials that change.

The time of the change ends what is older: every use of a session or grant looks at it. Times
are whole seconds, so that what somebody granted within the second of the change looks as if
it came after it. That is ended by itself.
"""

from typing import Protocol

from ostiary.oauth.effects import Effects, RevokeGrant


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
