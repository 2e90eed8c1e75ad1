"""The first use of a client that registered itself, which keeps it from expiring."""

from collections import OrderedDict

from ostiary.model.client import Client
from ostiary.model.registration import UnusedClient
from ostiary.oauth.effects import Delete, Effects

_CAPACITY = 10_000


class Uses:
    """Notes that registered clients are in use: once each, as far as this process remembers.

    To note it again does nothing; it only costs a write.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()

    def note(self, client: Client) -> Effects:
        """Return what has to be committed with something that a client is given."""
        if client.registration is None or client.client_id in self._known:
            return ()
        return (Delete(UnusedClient, client.client_id),)

    def remember(self, client: Client) -> None:
        """Remember that it was committed."""
        if client.registration is None:
            return
        self._known[client.client_id] = None
        if len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
