"""What a rehearsal shows of people: members, groups and project grants as they would be."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from ostiary.admin.store import Store
from ostiary.model.event import Event
from ostiary.model.grant import Consent, Grant
from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.policy import Policies
from ostiary.model.record import Record
from ostiary.model.session import Session
from ostiary.store.reads.events import EventFilter
from ostiary.store.reads.outbox import Waiting
from ostiary.store.reads.users import UserFilter, UserPage

R = TypeVar("R", bound=Record)

# Keys of records that have several columns in them, as a plan of effects names them too.
_COLUMNS: dict[type[Record], tuple[str, ...]] = {
    Membership: ("organization_id", "user_id"),
    GroupMember: ("group_id", "user_id"),
}


def key_of(record: Record, name: str = "id") -> str:
    """Return the key of a record as one text."""
    columns = _COLUMNS.get(type(record), (name,))
    return join(tuple(str(getattr(record, column)) for column in columns))


def join(key: str | bytes | tuple[str, ...]) -> str:
    """Return a key as one text."""
    return "\0".join(key) if isinstance(key, tuple) else str(key)


class RehearsedPeople:
    """Reads through to the store, and shows what was written on top."""

    _store: Store
    _written: dict[type[Record], dict[str, Record | None]]

    def _overlay(
        self,
        kind: type[R],
        keep: Callable[[R], bool],
        position: Callable[[R], str],
        after: str,
    ) -> list[R]:
        records = cast("dict[str, R | None]", self._written[kind]).values()
        return [one for one in records if one is not None and keep(one) and position(one) > after]

    async def _several(  # noqa: PLR0913, PLR0917 - what is listed, and which page of it
        self,
        kind: type[R],
        fetch: Callable[[str, int], Awaitable[tuple[R, ...]]],
        keep: Callable[[R], bool],
        position: Callable[[R], str],
        after: str,
        limit: int,
    ) -> tuple[R, ...]:
        written = self._written[kind]
        found = self._overlay(kind, keep, position, after)
        wanted = limit + len(found)
        cursor = after
        while True:
            page = await fetch(cursor, limit)
            found += [one for one in page if key_of(one) not in written]
            if len(page) < limit or len(found) >= wanted:
                return tuple(sorted(found, key=position)[:limit])
            cursor = position(page[-1])

    def _known(self, kind: type[R], *key: str) -> tuple[bool, R | None]:
        written = self._written[kind]
        text = join(key)
        return text in written, cast("R | None", written.get(text))

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization, as they are."""
        return await self._store.policies(organization_id)

    async def search_users(self, wanted: UserFilter, after: str, limit: int) -> UserPage:
        """Return users as they are: nothing that is planned looks for them by words."""
        return await self._store.search_users(wanted, after, limit)

    async def read_membership(self, organization_id: str, user_id: str) -> Membership | None:
        """Return that a user belongs to an organization that is not their home."""
        known, found = self._known(Membership, organization_id, user_id)
        return found if known else await self._store.read_membership(organization_id, user_id)

    async def list_members(
        self, organization_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return the members that have their home elsewhere, ordered by user id."""
        return await self._several(
            Membership,
            lambda cursor, count: self._store.list_members(organization_id, cursor, count),
            lambda one: one.organization_id == organization_id,
            lambda one: one.user_id,
            after,
            limit,
        )

    async def list_memberships(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return where a user is a member besides their home, ordered by organization."""
        return await self._several(
            Membership,
            lambda cursor, count: self._store.list_memberships(user_id, cursor, count),
            lambda one: one.user_id == user_id,
            lambda one: one.organization_id,
            after,
            limit,
        )

    async def read_group(self, group_id: str) -> Group | None:
        """Return a group."""
        known, found = self._known(Group, group_id)
        return found if known else await self._store.read_group(group_id)

    async def read_group_by_key(self, organization_id: str, key: str) -> Group | None:
        """Return the group of an organization with this key."""
        for one in self._overlay(Group, lambda _: True, lambda one: one.id, ""):
            if (one.organization_id, one.key) == (organization_id, key):
                return one
        found = await self._store.read_group_by_key(organization_id, key)
        return None if found is None or found.id in self._written[Group] else found

    async def list_groups(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Group, ...]:
        """Return groups ordered by id, of one organization or of all."""
        return await self._several(
            Group,
            lambda cursor, count: self._store.list_groups(organization_id, cursor, count),
            lambda one: organization_id in {None, one.organization_id},
            lambda one: one.id,
            after,
            limit,
        )

    async def read_group_member(self, group_id: str, user_id: str) -> GroupMember | None:
        """Return that a user is in a group."""
        known, found = self._known(GroupMember, group_id, user_id)
        return found if known else await self._store.read_group_member(group_id, user_id)

    async def list_group_members(
        self, group_id: str, after: str, limit: int
    ) -> tuple[GroupMember, ...]:
        """Return who is in a group, ordered by user id."""
        return await self._several(
            GroupMember,
            lambda cursor, count: self._store.list_group_members(group_id, cursor, count),
            lambda one: one.group_id == group_id,
            lambda one: one.user_id,
            after,
            limit,
        )

    async def list_groups_of_user(self, user_id: str, after: str, limit: int) -> tuple[Group, ...]:
        """Return the groups that a user is in, ordered by id."""
        joined = self._overlay(
            GroupMember, lambda one: one.user_id == user_id, lambda one: one.group_id, after
        )
        found = [await self.read_group(one.group_id) for one in joined]
        for group in await self._store.list_groups_of_user(user_id, after, limit):
            known, member = self._known(GroupMember, group.id, user_id)
            if not known and member is None:
                found.append(await self.read_group(group.id))
        groups = [one for one in found if one is not None]
        return tuple(sorted(groups, key=lambda one: one.id)[:limit])

    async def read_project_grant(self, grant_id: str) -> ProjectGrant | None:
        """Return a project grant."""
        known, found = self._known(ProjectGrant, grant_id)
        return found if known else await self._store.read_project_grant(grant_id)

    async def read_project_grant_to(
        self, project_id: str, organization_id: str
    ) -> ProjectGrant | None:
        """Return the grant of a project to an organization."""
        for one in self._overlay(ProjectGrant, lambda _: True, lambda one: one.id, ""):
            if (one.project_id, one.granted_organization_id) == (project_id, organization_id):
                return one
        found = await self._store.read_project_grant_to(project_id, organization_id)
        return None if found is None or found.id in self._written[ProjectGrant] else found

    async def list_project_grants(
        self,
        project_id: str | None,
        organization_id: str | None,
        granted_organization_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[ProjectGrant, ...]:
        """Return project grants ordered by id: of a project, of its owner, or to somebody."""
        return await self._several(
            ProjectGrant,
            lambda cursor, count: self._store.list_project_grants(
                project_id, organization_id, granted_organization_id, cursor, count
            ),
            lambda one: (
                project_id in {None, one.project_id}
                and organization_id in {None, one.organization_id}
                and granted_organization_id in {None, one.granted_organization_id}
            ),
            lambda one: one.id,
            after,
            limit,
        )

    async def list_assignments_of_grant(
        self, grant_id: str, after: str, limit: int
    ) -> tuple[RoleAssignment, ...]:
        """Return the role assignments that rest on a project grant, ordered by id."""
        return await self._several(
            RoleAssignment,
            lambda cursor, count: self._store.list_assignments_of_grant(grant_id, cursor, count),
            lambda one: one.grant_id == grant_id,
            lambda one: one.id,
            after,
            limit,
        )

    async def list_sessions_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Session, ...]:
        """Return the sessions of a user as they are."""
        return await self._store.list_sessions_of_user(user_id, after, limit)

    async def list_grants_of_user(self, user_id: str, after: str, limit: int) -> tuple[Grant, ...]:
        """Return what a user granted to clients as it is."""
        return await self._store.list_grants_of_user(user_id, after, limit)

    async def list_messages(
        self, topic: str, after: int, limit: int, *, failed: bool
    ) -> tuple[Waiting, ...]:
        """Return messages of the outbox; none is written in a rehearsal."""
        return await self._store.list_messages(topic, after, limit, failed=failed)

    async def delete_message(self, _topic: str, _message_id: int) -> bool:
        """Keep the message: nothing is done in a rehearsal."""
        return False

    async def list_consents_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Consent, ...]:
        """Return what a user allowed clients as it is."""
        return await self._store.list_consents_of_user(user_id, after, limit)

    async def list_personal_tokens(
        self, user_id: str, after: str, limit: int
    ) -> tuple[PersonalToken, ...]:
        """Return the personal tokens of a user or service account as they are."""
        return await self._store.list_personal_tokens(user_id, after, limit)

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[tuple[int, Event], ...]:
        """Return events as they are: a rehearsal writes none."""
        return await self._store.list_events(types, before, limit, filters)

    async def read_personal_token(self, token_id: str) -> PersonalToken | None:
        """Return a personal token by its id, as it is."""
        return await self._store.read_personal_token(token_id)
