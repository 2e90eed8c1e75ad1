"""The organization that something is done to, and the policies that hold in it."""

from ostiary.admin import policies
from ostiary.admin.errors import NotFound
from ostiary.admin.store import Admin
from ostiary.model.narrowing import narrow
from ostiary.model.organization import Organization, State
from ostiary.model.policy import Policies

WHAT = "organization"


async def read(admin: Admin, organization_id: str) -> Organization:
    """Return an organization that is not deleted; whether the actor sees it is not looked at.

    Raises:
        NotFound: there is none with this id.
    """
    found = await admin.store.read_organization(organization_id)
    if found is None or found.state is State.DELETED:
        raise NotFound(WHAT, organization_id)
    return found


async def policies_of(admin: Admin, organization_id: str) -> Policies:
    """Return the policies in force for an organization; those of the instance without one."""
    instance = policies.in_force(await admin.store.read_configuration())
    found = await admin.store.read_organization(organization_id)
    return instance if found is None else narrow(instance, found.policies)
