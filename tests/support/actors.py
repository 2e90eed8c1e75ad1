"""Administrators of every kind, as management operations get them."""

from ostiary.admin.actor import Actor, Holding
from ostiary.model.administrator import AdministratorRole


def holding(
    role: AdministratorRole | str, organization_id: str | None = None, project_id: str | None = None
) -> Actor:
    """Return somebody who holds one role at one place."""
    held = Holding(
        role=AdministratorRole(role), organization_id=organization_id, project_id=project_id
    )
    return Actor(type="user", id=f"{role} of {project_id or organization_id}", holds=(held,))
