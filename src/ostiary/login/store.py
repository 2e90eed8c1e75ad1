"""What signing in needs of the store. The store fits this Protocol structurally."""

from typing import Protocol

from ostiary.oauth.effects import Effects
from ostiary.oauth.reader import BrowserReader, ConfigurationReader, UserReader


class LoginStore(ConfigurationReader, BrowserReader, UserReader, Protocol):
    """The reads of signing in, and the one way to write."""

    async def apply(self, effects: Effects) -> None:
        """Commit effects, all or none.

        Raises:
            Conflict: a precondition did not hold.
            Unavailable: the store cannot answer now.
        """
        ...
