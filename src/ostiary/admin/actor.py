"""Who asks for a management operation, and what they may do where.

What an administrator may do follows from roles, each held at a place: the whole instance,
an organization, or a project. Every operation names the area that it belongs to and asks
here; nothing else decides. What somebody may not see does not exist for them: it is
answered as not found, so that ids of others cannot be probed.
"""

from enum import IntEnum, StrEnum

import msgspec

from ostiary.admin.errors import AdminError, NotAllowed, NotFound
from ostiary.model.administrator import AdministratorRole
from ostiary.model.event import Source


class Area(StrEnum):
    """What an operation is about."""

    INSTANCE = "instance"  # configuration, policies, keys; which organizations there are
    ORGANIZATION = "organization"  # an organization itself
    PROJECT = "project"  # projects with their roles, applications and APIs
    USER = "user"  # people, service accounts, their sessions and grants
    ASSIGNMENT = "assignment"  # who has which roles in projects
    ADMINISTRATOR = "administrator"  # who administers what
    EVENT = "event"  # the audit trail


class Level(IntEnum):
    """How far a right reaches: whoever may change something may see it."""

    READ = 1
    WRITE = 2


Rights = dict[Area, Level]
_EVERYTHING: Rights = dict.fromkeys(Area, Level.WRITE)
_OF_ORGANIZATION: Rights = {
    area: level for area, level in _EVERYTHING.items() if area is not Area.INSTANCE
}


def _reading(rights: Rights) -> Rights:
    return dict.fromkeys(rights, Level.READ)


RIGHTS: dict[AdministratorRole, Rights] = {
    AdministratorRole.INSTANCE_OWNER: _EVERYTHING,
    AdministratorRole.INSTANCE_VIEWER: _reading(_EVERYTHING),
    AdministratorRole.ORG_OWNER: _OF_ORGANIZATION,
    AdministratorRole.ORG_USER_MANAGER: {
        Area.ORGANIZATION: Level.READ,
        Area.PROJECT: Level.READ,
        Area.USER: Level.WRITE,
        Area.ASSIGNMENT: Level.READ,
        Area.EVENT: Level.READ,
    },
    AdministratorRole.ORG_VIEWER: _reading(_OF_ORGANIZATION),
    AdministratorRole.PROJECT_OWNER: {
        Area.PROJECT: Level.WRITE,
        Area.ASSIGNMENT: Level.WRITE,
        Area.ADMINISTRATOR: Level.WRITE,
    },
}
"""What each role may do at the place where it is held."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """A role at a place: without an organization the instance, without a project all of one."""

    role: AdministratorRole
    organization_id: str | None = None
    project_id: str | None = None

    def covers(self, organization_id: str | None, project_id: str | None) -> bool:
        """Tell whether a place is within that of the role."""
        if self.organization_id is None:
            return True
        if self.organization_id != organization_id:
            return False
        return self.project_id is None or self.project_id == project_id


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The author of a change, as the audit trail names it, and what they hold."""

    type: str
    id: str
    holds: tuple[Holding, ...]
    source: Source = Source()

    def may(
        self,
        area: Area,
        level: Level,
        organization_id: str | None = None,
        project_id: str | None = None,
    ) -> bool:
        """Tell whether the actor has a right at a place; without one, in the whole instance."""
        return any(
            RIGHTS[one.role].get(area, 0) >= level
            for one in self.holds
            if one.covers(organization_id, project_id)
        )

    def outranks(self, other: Holding) -> bool:
        """Tell whether the actor may do, at its place, everything that a role allows."""
        return all(
            self.may(area, level, other.organization_id, other.project_id)
            for area, level in RIGHTS[other.role].items()
        )

    def reaches(self, organization_id: str) -> bool:
        """Tell whether an organization exists for the actor."""
        return self.may(Area.ORGANIZATION, Level.READ, organization_id)

    @property
    def everywhere(self) -> bool:
        """Whether the actor sees the whole instance."""
        return self.may(Area.INSTANCE, Level.READ)

    @property
    def organizations(self) -> frozenset[str] | None:
        """The organizations that the actor holds something in; None stands for all."""
        if self.everywhere:
            return None
        return frozenset(one.organization_id for one in self.holds if one.organization_id)

    @property
    def projects(self) -> frozenset[str]:
        """The projects that the actor holds something in, and not in all of the organization."""
        return frozenset(one.project_id for one in self.holds if one.project_id)


def operator(name: str) -> Actor:
    """Return the actor for whoever runs commands on the server's machine.

    They can read the database and its keys anyway, so there is nothing to keep from them.
    """
    return _unlimited("operator", name, Source())


def system(part: str) -> Actor:
    """Return the actor for what a part of the server does of itself."""
    return _unlimited("system", part, Source())


def founder(source: Source) -> Actor:
    """Return the actor for whoever sets the instance up by the link that was printed."""
    return _unlimited("setup", "link", source)


def within(type_: str, id_: str, organization_id: str, source: Source) -> Actor:
    """Return an actor that owns one organization: for what the server does on behalf of somebody.

    `type_` and `id_` are what the audit trail names.
    """
    owner = Holding(role=AdministratorRole.ORG_OWNER, organization_id=organization_id)
    return Actor(type=type_, id=id_, holds=(owner,), source=source)


def _unlimited(type_: str, id_: str, source: Source) -> Actor:
    everything = Holding(role=AdministratorRole.INSTANCE_OWNER)
    return Actor(type=type_, id=id_, holds=(everything,), source=source)


def authorize_read(  # noqa: PLR0913 - who, where, and how it is called
    actor: Actor,
    organization_id: str,
    what: str,
    key: str,
    area: Area = Area.ORGANIZATION,
    *,
    project_id: str | None = None,
) -> None:
    """Hold a read to what the actor may see.

    Raises:
        NotFound: it does not exist for the actor.
    """
    if not actor.may(area, Level.READ, organization_id, project_id):
        raise NotFound(what, key)


def authorize_change(  # noqa: PLR0913 - as above
    actor: Actor,
    organization_id: str,
    what: str,
    key: str,
    area: Area = Area.ORGANIZATION,
    *,
    project_id: str | None = None,
) -> None:
    """Hold a change to what the actor may do.

    Raises:
        NotFound: it does not exist for the actor.
        NotAllowed: the actor may only see it.
    """
    authorize_read(actor, organization_id, what, key, area, project_id=project_id)
    if not actor.may(area, Level.WRITE, organization_id, project_id):
        raise NotAllowed(f"You may look at this {what}, but not change it.")


def authorize_creation(
    actor: Actor,
    area: Area,
    organization_id: str,
    project_id: str | None,
    unknown: AdminError,
) -> None:
    """Hold what is made in an organization or project to what the actor may do there.

    Raises:
        NotAllowed: the actor sees the place, and may make nothing of this kind in it.
        AdminError: `unknown`, where the place does not exist for the actor.
    """
    if actor.may(area, Level.WRITE, organization_id, project_id):
        return
    seen = Area.ORGANIZATION if project_id is None else Area.PROJECT
    if actor.may(area, Level.READ, organization_id, project_id) or actor.may(
        seen, Level.READ, organization_id, project_id
    ):
        raise NotAllowed(f"Your administrator roles do not let you change this: {area}.")
    raise unknown


def authorize_instance(actor: Actor, level: Level = Level.WRITE) -> None:
    """Hold what concerns the instance itself to actors that administer all of it.

    Raises:
        NotAllowed: the actor administers only a part, or may only look.
    """
    if not actor.may(Area.INSTANCE, level):
        raise NotAllowed("This needs an administrator of the whole instance.")
