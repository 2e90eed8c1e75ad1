"""Subjects: the people, clients and groups that roles are given to, by ids that they share.

An id says who somebody is, and a login name only how they sign in: it can change, and is
chosen. Where either may be given the id counts first, so that nobody steps in for somebody
else by a name that reads like their id.
"""

from ostiary.admin.store import Admin
from ostiary.identity.users import canonical_name
from ostiary.model.user import User, UserState


async def find_user(admin: Admin, name: str) -> User | None:
    """Return the user with this id, or else with this login name, unless they were deleted."""
    found = await admin.store.read_user(name)
    if found is None or found.state is UserState.DELETED:
        found = await admin.store.read_user_by_login_name(canonical_name(name))
    if found is None or found.state is UserState.DELETED:
        return None
    return found


async def is_taken(admin: Admin, subject_id: str) -> bool:
    """Tell whether a chosen id is, or once was, that of somebody else.

    A client is the subject of its own tokens: it may not be registered as a user (RFC 9068,
    5), and none of both as a group, whose roles would be theirs.
    """
    return (
        await admin.store.read_user(subject_id) is not None
        or await admin.store.read_client(subject_id) is not None
        or await admin.store.read_group(subject_id) is not None
    )
