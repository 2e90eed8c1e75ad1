"""Members of organizations, groups, and projects that are shared."""

import msgspec

from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import RoleAssignment
from ostiary.store.codec import Row, codec_of
from ostiary.store.engine import query
from ostiary.store.reads.reads import Reads, by_key

_GROUP = by_key(Group)
_GROUP_BY_KEY = query(
    f"SELECT {codec_of(Group).select('r')} FROM user_groups r "
    "WHERE r.organization_id = ?1 AND r.key = ?2"
)
_MEMBERSHIP = by_key(Membership)
_MEMBERS = query(
    f"SELECT {codec_of(Membership).select('r')} FROM memberships r "
    "WHERE r.organization_id = ?1 AND r.user_id > ?2 ORDER BY r.user_id LIMIT ?3"
)
_MEMBERSHIPS = query(
    f"SELECT {codec_of(Membership).select('r')} FROM memberships r "
    "WHERE r.user_id = ?1 AND r.organization_id > ?2 ORDER BY r.organization_id LIMIT ?3"
)
_GROUP_MEMBER = by_key(GroupMember)
_GROUP_MEMBERS = query(
    f"SELECT {codec_of(GroupMember).select('r')} FROM group_members r "
    "WHERE r.group_id = ?1 AND r.user_id > ?2 ORDER BY r.user_id LIMIT ?3"
)
_GROUPS_OF_USER = query(
    f"SELECT {codec_of(Group).select('r')} FROM group_members m "
    "JOIN user_groups r ON r.id = m.group_id "
    "WHERE m.user_id = ?1 AND m.group_id > ?2 ORDER BY m.group_id LIMIT ?3"
)
# What somebody belongs to counts only while they belong to its organization.
_BELONGS = (
    "(u.organization_id = {0}.organization_id OR EXISTS (SELECT 1 FROM memberships b "
    "WHERE b.organization_id = {0}.organization_id AND b.user_id = u.id))"
)
_GROUP_KEYS = query(
    "SELECT w.key FROM users u JOIN group_members m ON m.user_id = u.id "
    "JOIN user_groups w ON w.id = m.group_id "
    f"WHERE u.id = ?1 AND w.organization_id = ?2 AND {_BELONGS.format('w')} ORDER BY w.key"
)
_PROJECT_GRANT = by_key(ProjectGrant)
_PROJECT_GRANT_TO = query(
    f"SELECT {codec_of(ProjectGrant).select('r')} FROM project_grants r "
    "WHERE r.project_id = ?1 AND r.granted_organization_id = ?2"
)
_ASSIGNMENTS_OF_GRANT = query(
    f"SELECT {codec_of(RoleAssignment).select('r')} FROM role_assignments r "
    "WHERE r.grant_id = ?1 AND r.id > ?2 ORDER BY r.id LIMIT ?3"
)
_ASSIGNMENT = codec_of(RoleAssignment)
_GRANT = codec_of(ProjectGrant)
# All that somebody is in a project: directly, by groups, and by grants to organizations.
# Whoever it may be is found first: a project may have more assignments than anybody has.
_HELD = query(
    f"SELECT {_ASSIGNMENT.select('r')}, {_GRANT.select('g')} "
    "FROM (SELECT CAST(?1 AS text) AS id UNION ALL "
    "SELECT m.group_id FROM group_members m WHERE m.user_id = ?1) holders "
    "CROSS JOIN role_assignments r JOIN projects p ON p.id = r.project_id "
    "JOIN organizations o ON o.id = r.organization_id AND o.state = 'active' "
    "LEFT JOIN project_grants g ON g.id = r.grant_id LEFT JOIN users u ON u.id = ?1 "
    "WHERE r.user_id = holders.id AND r.project_id = ?2 "
    "AND (g.id IS NOT NULL OR r.organization_id = p.organization_id) "
    f"AND (u.id IS NULL OR {_BELONGS.format('r')}) ORDER BY r.id"
)


class MemberReads(Reads):
    """Reads of who belongs where, and of what that makes them."""

    async def role_assignments(self, project_id: str, user_id: str) -> tuple[RoleAssignment, ...]:
        """Return what a user or service account is in a project, in whatever way.

        Roles that the project no longer grants to the organization that gave them are
        left out; so is what a group has for whoever is no member of it, whatever their id.
        """
        rows = await self._engine.rows(_HELD, user_id, project_id)
        found = map(_narrow, rows)
        return tuple(one for one in found if one.of_group == (one.user_id != user_id))

    async def group_keys(self, organization_id: str, user_id: str) -> tuple[str, ...]:
        """Return the keys of the groups of an organization that a user is in."""
        rows = await self._engine.rows(_GROUP_KEYS, user_id, organization_id)
        return tuple(row[0] for row in rows)

    async def read_membership(self, organization_id: str, user_id: str) -> Membership | None:
        """Return that a user belongs to an organization that is not their home."""
        return await self._one(Membership, _MEMBERSHIP, organization_id, user_id)

    async def list_members(
        self, organization_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return the members that have their home elsewhere, ordered by user id."""
        return await self._page(Membership, _MEMBERS, organization_id, after, limit)

    async def list_memberships(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return where a user is a member besides their home, ordered by organization."""
        return await self._page(Membership, _MEMBERSHIPS, user_id, after, limit)

    async def read_group(self, group_id: str) -> Group | None:
        """Return a group."""
        return await self._one(Group, _GROUP, group_id)

    async def read_group_by_key(self, organization_id: str, key: str) -> Group | None:
        """Return the group of an organization with this key."""
        return await self._one(Group, _GROUP_BY_KEY, organization_id, key)

    async def list_groups(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Group, ...]:
        """Return groups ordered by id, of one organization or of all."""
        return await self._list(Group, after, limit, organization_id=organization_id)

    async def read_group_member(self, group_id: str, user_id: str) -> GroupMember | None:
        """Return that a user is in a group."""
        return await self._one(GroupMember, _GROUP_MEMBER, group_id, user_id)

    async def list_group_members(
        self, group_id: str, after: str, limit: int
    ) -> tuple[GroupMember, ...]:
        """Return who is in a group, ordered by user id."""
        return await self._page(GroupMember, _GROUP_MEMBERS, group_id, after, limit)

    async def list_groups_of_user(self, user_id: str, after: str, limit: int) -> tuple[Group, ...]:
        """Return the groups that a user is in, ordered by id."""
        return await self._page(Group, _GROUPS_OF_USER, user_id, after, limit)

    async def read_project_grant(self, grant_id: str) -> ProjectGrant | None:
        """Return a project grant."""
        return await self._one(ProjectGrant, _PROJECT_GRANT, grant_id)

    async def read_project_grant_to(
        self, project_id: str, organization_id: str
    ) -> ProjectGrant | None:
        """Return the grant of a project to an organization."""
        return await self._one(ProjectGrant, _PROJECT_GRANT_TO, project_id, organization_id)

    async def list_project_grants(
        self,
        project_id: str | None,
        organization_id: str | None,
        granted_organization_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[ProjectGrant, ...]:
        """Return project grants ordered by id: of a project, of its owner, or to somebody."""
        return await self._list(
            ProjectGrant,
            after,
            limit,
            project_id=project_id,
            organization_id=organization_id,
            granted_organization_id=granted_organization_id,
        )

    async def list_assignments_of_grant(
        self, grant_id: str, after: str, limit: int
    ) -> tuple[RoleAssignment, ...]:
        """Return the role assignments that rest on a project grant, ordered by id."""
        return await self._page(RoleAssignment, _ASSIGNMENTS_OF_GRANT, grant_id, after, limit)


def _narrow(row: Row) -> RoleAssignment:
    assignment = _ASSIGNMENT.decode(row)
    if row[_ASSIGNMENT.width] is None:
        return assignment
    granted = _GRANT.decode(row, _ASSIGNMENT.width).roles
    kept = tuple(role for role in assignment.roles if role in granted)
    return msgspec.structs.replace(assignment, roles=kept)
