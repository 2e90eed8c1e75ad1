"""Who administers what: the roles that people and service accounts hold at Ostiary itself.

These are not the roles of projects, which applications read in tokens.
"""

from enum import StrEnum

from ostiary.model.record import Versioned


class AdministratorRole(StrEnum):
    """What an administrator is; `ostiary.admin.actor` says what each may do."""

    INSTANCE_OWNER = "instance_owner"
    INSTANCE_VIEWER = "instance_viewer"
    ORG_OWNER = "org_owner"
    ORG_USER_MANAGER = "org_user_manager"
    ORG_VIEWER = "org_viewer"
    PROJECT_OWNER = "project_owner"


class Administrator(Versioned, frozen=True, kw_only=True):
    """One role that somebody holds at one place.

    `user_id` may be that of a service account. Roles of the instance name no
    organization, those of an organization no project.
    """

    id: str
    user_id: str
    role: AdministratorRole
    organization_id: str | None = None
    project_id: str | None = None
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0
