"""Organizations, their projects, and what projects own: roles and APIs.

`declared` marks what declarative configuration made: only that may be deleted when it
is no longer declared.
"""

from enum import StrEnum
from typing import Any

import msgspec

from ostiary.model.branding import Branding
from ostiary.model.record import Versioned


class State(StrEnum):
    """Whether an organization or project may be used."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class Organization(Versioned, frozen=True, kw_only=True):
    """An administrative boundary: users, projects, policies and branding live in one."""

    id: str
    name: str
    # Domains that are its own for certain, the primary one first.
    domains: tuple[str, ...] = ()
    # Domains that it says are its own: they grant nothing until that is proven.
    pending_domains: tuple[str, ...] = ()
    # What it decided for itself, by policy and key; in force within what the instance allows.
    policies: dict[str, dict[str, Any]] = {}
    branding: Branding = Branding()
    state: State = State.ACTIVE
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a project defines and that users can be assigned."""

    key: str
    name: str = ""
    declared: bool = False


class ExchangeMode(StrEnum):
    """What an exchanged token says: that somebody acts for somebody, or nothing of it."""

    DELEGATION = "delegation"
    IMPERSONATION = "impersonation"


class ExchangeRule(msgspec.Struct, frozen=True, kw_only=True):
    """That `actor` may exchange tokens of `subject_client` for tokens for these APIs.

    Both are client_ids; `audiences` are ids or audiences of APIs of the project.
    """

    actor: str
    subject_client: str
    audiences: tuple[str, ...]
    mode: ExchangeMode = ExchangeMode.DELEGATION


class Project(Versioned, frozen=True, kw_only=True):
    """A group of applications and APIs that share roles."""

    id: str
    organization_id: str
    name: str
    roles: tuple[Role, ...] = ()
    token_exchange: tuple[ExchangeRule, ...] = ()
    state: State = State.ACTIVE
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0


class Api(Versioned, frozen=True, kw_only=True):
    """A resource server: its audience and the scopes that it understands (RFC 8707)."""

    id: str
    organization_id: str
    project_id: str
    audience: str
    scopes: tuple[str, ...] = ()
    state: State = State.ACTIVE
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0


class RoleAssignment(Versioned, frozen=True, kw_only=True):
    """The roles that one user, service account or group has in one project.

    `organization_id` is the one that gave them: that of the project, or one that the
    project is granted to by `grant_id`. `user_id` is the id of whoever has them.
    """

    id: str
    organization_id: str
    project_id: str
    user_id: str
    # Whether that is a group, and not a person or service account.
    of_group: bool = False
    grant_id: str | None = None
    roles: tuple[str, ...] = ()
    declared: bool = False
    created_at: int = 0
    updated_at: int = 0
