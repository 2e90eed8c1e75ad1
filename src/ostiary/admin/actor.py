"""Who asks for a management operation, and how far they may reach.

Everything outside of an actor's organizations does not exist for the actor: it is
answered as not found, so that ids of others cannot be probed.
"""

import msgspec

from ostiary.admin.errors import NotAllowed, NotFound
from ostiary.model.event import Source


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The author of a change, as the audit trail names it.

    `organizations` is None where the actor reaches the whole instance.
    """

    type: str
    id: str
    organizations: frozenset[str] | None = None
    read_only: bool = False
    source: Source = Source()

    @property
    def everywhere(self) -> bool:
        """Whether the actor reaches the whole instance."""
        return self.organizations is None

    def reaches(self, organization_id: str) -> bool:
        """Tell whether things of this organization exist for the actor."""
        return self.organizations is None or organization_id in self.organizations


def operator(name: str) -> Actor:
    """Return the actor for whoever runs commands on the server's machine.

    They can read the database and its keys anyway, so there is nothing to keep from them.
    """
    return Actor(type="operator", id=name)


def authorize_change(actor: Actor, organization_id: str, what: str, key: str) -> None:
    """Hold a change to what the actor reaches.

    Raises:
        NotFound: the thing belongs to an organization that the actor does not reach.
        NotAllowed: the actor may only read.
    """
    authorize_read(actor, organization_id, what, key)
    if actor.read_only:
        raise NotAllowed(f"You may look at this {what}, but not change it.")


def authorize_read(actor: Actor, organization_id: str, what: str, key: str) -> None:
    """Hold a read to what the actor reaches.

    Raises:
        NotFound: the thing belongs to an organization that the actor does not reach.
    """
    if not actor.reaches(organization_id):
        raise NotFound(what, key)


def authorize_instance(actor: Actor) -> None:
    """Hold a change of the instance itself to actors that reach all of it.

    Raises:
        NotAllowed: the actor reaches only some organizations, or may only read.
    """
    if not actor.everywhere or actor.read_only:
        raise NotAllowed("This needs an administrator of the whole instance.")
