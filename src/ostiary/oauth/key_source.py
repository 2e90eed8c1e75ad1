"""Where endpoints get the keys of the moment from."""

from typing import Protocol

from ostiary.jose.keyring import KeyRing


class KeySource(Protocol):
    """The current keys."""

    async def ring(self) -> KeyRing:
        """Return the keys of this moment."""
        ...
