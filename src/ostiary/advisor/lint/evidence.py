"""What is known of a client: how it is registered, what holds for it, what was seen of it."""

from collections.abc import Iterable

import msgspec

from ostiary.model.client import Client
from ostiary.model.policy import Policies
from ostiary.model.sighting import DAY, Sighting, Trait
from ostiary.oauth.grants import client_credentials
from ostiary.oauth.legacy import IMPLICIT
from ostiary.oauth.registry import REFRESHABLE

CODE = "authorization_code"
REFRESH = "refresh_token"
LATELY = 30 * DAY
"""What was seen within this time is in use."""

LONG = 90 * DAY
"""What was not seen for this time is not in use: what happens once a quarter still is."""

_BY_PEOPLE = REFRESHABLE | {IMPLICIT}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that rules about a client go by. Times are in seconds since the epoch.

    `watched_since` is when servers began to write down what they see; None: they never did.
    """

    client: Client
    policies: Policies
    issuer: str
    now: int
    sightings: tuple[Sighting, ...] = ()
    watched_since: int | None = None

    def seen(self, trait: Trait, within: int = LATELY) -> frozenset[str]:
        """Return the values of a trait that were seen within so many seconds."""
        since = self.now - within
        return frozenset(
            one.value for one in self.sightings if one.trait is trait and one.last_seen_at > since
        )

    def last_seen(self, trait: Trait | None = None, value: str | None = None) -> int | None:
        """Return when anything of this kind was seen last."""
        times = [
            one.last_seen_at
            for one in self.sightings
            if trait in (None, one.trait) and value in (None, one.value)
        ]
        return max(times, default=None)

    def watched(self, span: int, *members: str) -> bool:
        """Tell whether the client could be seen for so long, as these members let it be used.

        What was registered later was not there to be seen.
        """
        if self.watched_since is None:
            return False
        widened = (self.client.widened_at.get(member, 0) for member in members)
        return self.now - max(self.watched_since, self.client.created_at, *widened, 0) >= span

    def unseen(
        self, trait: Trait, registered: Iterable[str], member: str, within: int = LONG
    ) -> tuple[str, ...]:
        """Return what is registered and was not seen for long, while other things were."""
        seen = self.seen(trait, within)
        if not seen or not self.watched(within, member):
            return ()
        return tuple(one for one in registered if one not in seen)

    def uses(self, grant_type: str) -> bool:
        """Tell whether a grant type is registered."""
        return grant_type in self.client.grant_types

    @property
    def people(self) -> bool:
        """Whether people sign in to it."""
        return bool(_BY_PEOPLE.intersection(self.client.grant_types))

    @property
    def access_token_lifetime(self) -> int:
        """How long its access tokens live."""
        own, policy = self.client.lifetimes.access_token, self.policies.token_lifetimes
        if own is not None:
            return own
        machine = set(self.client.grant_types) == {client_credentials.grant_type}
        return policy.access_token_machine if machine else policy.access_token

    @property
    def refresh_idle_lifetime(self) -> int:
        """How long its refresh tokens live unused."""
        own = self.client.lifetimes.refresh_idle
        return self.policies.token_lifetimes.refresh_idle if own is None else own
