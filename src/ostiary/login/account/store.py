"""What a person's own account needs of the store, which fits this Protocol structurally."""

from typing import Protocol

from ostiary.identity.factors import FactorReader
from ostiary.login.store import LoginStore
from ostiary.model.event import Event
from ostiary.model.grant import Consent
from ostiary.model.membership import Group, Membership
from ostiary.model.organization import RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.session import Session
from ostiary.model.user import User
from ostiary.store.reads.accounts import Access


class AccountReader(Protocol):
    """Lists of what belongs to one person, each bounded."""

    async def live_sessions(self, user: User, now: int) -> tuple[Session, ...]:
        """Return where somebody is signed in, last used first; at most a hundred places."""
        ...

    async def access_of(self, user: User, now: int) -> tuple[Access, ...]:
        """Return the applications that can act for somebody, ordered by client_id."""
        ...

    async def consents_of(self, user_id: str) -> tuple[Consent, ...]:
        """Return what somebody allows applications, ordered by client_id."""
        ...

    async def sessions_with(self, user_id: str, client_id: str) -> tuple[Session, ...]:
        """Return the sessions that somebody uses an application with; at most a hundred."""
        ...

    async def list_role_assignments(
        self, project_id: str | None, user_id: str | None, after: str, limit: int
    ) -> tuple[RoleAssignment, ...]:
        """Return role assignments ordered by id."""
        ...

    async def list_groups_of_user(self, user_id: str, after: str, limit: int) -> tuple[Group, ...]:
        """Return the groups that somebody is in, ordered by id."""
        ...

    async def list_memberships(
        self, user_id: str, after: str, limit: int
    ) -> tuple[Membership, ...]:
        """Return where somebody is a member besides their home, ordered by organization."""
        ...

    async def list_personal_tokens(
        self, user_id: str, after: str, limit: int
    ) -> tuple[PersonalToken, ...]:
        """Return the personal tokens of somebody, ordered by id."""
        ...

    async def activity(
        self, user_id: str, types: tuple[str, ...], before: int, limit: int
    ) -> tuple[tuple[int, Event], ...]:
        """Return somebody's events of some types with their position, newest first."""
        ...


class AccountStore(LoginStore, FactorReader, AccountReader, Protocol):
    """All reads of the account pages, and the one way to write."""
