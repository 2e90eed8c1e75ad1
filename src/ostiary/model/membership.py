"""How people belong to organizations besides their own, to groups, and what is shared."""

from ostiary.model.record import Record, Versioned


class Membership(Record, frozen=True, kw_only=True):
    """That a user belongs to an organization that is not their home."""

    organization_id: str
    user_id: str
    declared: bool = False
    created_at: int = 0


class Group(Versioned, frozen=True, kw_only=True):
    """People of an organization who are given roles together. `key` is what tokens hold."""

    id: str
    organization_id: str
    key: str
    name: str = ""
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0


class GroupMember(Record, frozen=True, kw_only=True):
    """That a user is in a group of an organization that they belong to."""

    group_id: str
    user_id: str
    created_at: int = 0


class ProjectGrant(Versioned, frozen=True, kw_only=True):
    """A project shared with another organization, which may assign some of its roles.

    `organization_id` owns the project; assignments of the other one rest on this grant.
    """

    id: str
    project_id: str
    organization_id: str
    granted_organization_id: str
    roles: tuple[str, ...] = ()
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0
