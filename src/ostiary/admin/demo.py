"""The people of development mode, and whether a server for the world still lets them in.

Their password is no secret: it stands in a file of the development folder, and on a terminal.
"""

from typing import Protocol

from ostiary.model.demo import ADMINISTRATOR, ORGANIZATION, USER
from ostiary.model.organization import Organization, State
from ostiary.model.user import User, UserState


class Reader(Protocol):
    """Where they are found."""

    async def organization(self, organization_id: str) -> Organization | None:
        """Return an organization."""
        ...

    async def user_by_login_name(self, name: str) -> User | None:
        """Return the user who signs in under this case-folded name."""
        ...


async def find_people(reader: Reader) -> tuple[User, ...]:
    """Return the people of development mode who can sign in by a password.

    Whether it is still the one that they were made with, nothing tells.
    """
    organization = await reader.organization(ORGANIZATION)
    if organization is None or organization.state is not State.ACTIVE:
        return ()
    found = [await reader.user_by_login_name(name) for name in (ADMINISTRATOR, USER)]
    return tuple(
        user
        for user in found
        if user is not None
        and user.organization_id == ORGANIZATION
        and user.state is UserState.ACTIVE
        and user.password_hash is not None
    )
