"""The organization and the project that exist from the start.

Commands and the console keep them out of sight until there are others.
"""

from contextlib import suppress

from ostiary.admin import organizations, projects
from ostiary.admin.actor import system
from ostiary.admin.errors import AlreadyExists
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.projects import ProjectFields
from ostiary.admin.store import Admin

SYSTEM = system("setup")
_NAME = "Default"


async def establish(admin: Admin) -> None:
    """Make the default organization and project, unless they were made before.

    What an administrator deleted since stays deleted. Of two that do this at the same
    time one is first, and both are content.
    """
    store = admin.store
    if await store.read_organization(organizations.DEFAULT_ID) is not None:
        return
    with suppress(AlreadyExists):
        fields = OrganizationFields(id=organizations.DEFAULT_ID, name=_NAME)
        await organizations.create(admin, SYSTEM, fields)
    with suppress(AlreadyExists):
        await projects.create(
            admin,
            SYSTEM,
            organizations.DEFAULT_ID,
            ProjectFields(id=projects.DEFAULT_ID, name=_NAME),
        )
