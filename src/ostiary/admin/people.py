"""What management reads of people: where they belong, and what they have."""

from typing import Protocol

from ostiary.model.event import Event
from ostiary.model.grant import Consent, Grant
from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.policy import Policies
from ostiary.model.session import Session
from ostiary.store.reads.events import EventFilter
from ostiary.store.reads.outbox import Waiting
from ostiary.store.reads.users import UserFilter, UserPage


class People(Protocol):
    """Lists continue after the last key seen: of the thing, or of whoever is listed."""

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization."""
        ...

    async def search_users(self, wanted: UserFilter, after: str, limit: int) -> UserPage:
        """Return a page of users: by id, or where a text is given by the word that fits."""
        ...

    async def read_membership(self, organization_id: str, user_id: str) -> Membership | None:
        """Return that a user belongs to an organization that is not their home."""
        ...

    async def list_members(
        self, organization_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return the members that have their home elsewhere, ordered by user id."""
        ...

    async def list_memberships(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return where a user is a member besides their home, ordered by organization."""
        ...

    async def read_group(self, group_id: str) -> Group | None:
        """Return a group."""
        ...

    async def read_group_by_key(self, organization_id: str, key: str) -> Group | None:
        """Return the group of an organization with this key."""
        ...

    async def list_groups(
        self, organization_id: str | None, after: str, limit: int
    ) -> tuple[Group, ...]:
        """Return groups ordered by id, of one organization or of all."""
        ...

    async def read_group_member(self, group_id: str, user_id: str) -> GroupMember | None:
        """Return that a user is in a group."""
        ...

    async def list_group_members(
        self, group_id: str, after: str, limit: int
    ) -> tuple[GroupMember, ...]:
        """Return who is in a group, ordered by user id."""
        ...

    async def list_groups_of_user(self, user_id: str, after: str, limit: int) -> tuple[Group, ...]:
        """Return the groups that a user is in, ordered by id."""
        ...

    async def read_project_grant(self, grant_id: str) -> ProjectGrant | None:
        """Return a project grant."""
        ...

    async def read_project_grant_to(
        self, project_id: str, organization_id: str
    ) -> ProjectGrant | None:
        """Return the grant of a project to an organization."""
        ...

    async def list_project_grants(
        self,
        project_id: str | None,
        organization_id: str | None,
        granted_organization_id: str | None,
        after: str,
        limit: int,
    ) -> tuple[ProjectGrant, ...]:
        """Return project grants ordered by id: of a project, of its owner, or to somebody."""
        ...

    async def list_assignments_of_grant(
        self, grant_id: str, after: str, limit: int
    ) -> tuple[RoleAssignment, ...]:
        """Return the role assignments that rest on a project grant, ordered by id."""
        ...

    async def list_sessions_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Session, ...]:
        """Return the sessions of a user in whatever state, ordered by id."""
        ...

    async def list_grants_of_user(self, user_id: str, after: str, limit: int) -> tuple[Grant, ...]:
        """Return what a user granted to clients, in whatever state, ordered by id."""
        ...

    async def list_consents_of_user(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Consent, ...]:
        """Return what a user allowed clients, revoked or not, ordered by client_id."""
        ...

    async def list_personal_tokens(
        self, user_id: str, after: str, limit: int
    ) -> tuple[PersonalToken, ...]:
        """Return the personal tokens of a user or service account, ordered by id."""
        ...

    async def list_messages(
        self, topic: str, after: int, limit: int, *, failed: bool
    ) -> tuple[Waiting, ...]:
        """Return messages of the outbox ordered by id; `failed`: those tried in vain only."""
        ...

    async def delete_message(self, topic: str, message_id: int) -> bool:
        """Forget a message that nobody is to get any more; tell whether it was there."""
        ...

    async def list_events(
        self,
        types: tuple[str, ...],
        before: int | None,
        limit: int,
        filters: EventFilter | None = None,
    ) -> tuple[tuple[int, Event], ...]:
        """Return events with their position, newest first, before a position."""
        ...

    async def read_personal_token(self, token_id: str) -> PersonalToken | None:
        """Return a personal token by its id."""
        ...
