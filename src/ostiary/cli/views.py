"""Records as commands show them: by the names that declarative files use, without secrets."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from ostiary.model.administrator import Administrator
from ostiary.model.client import Client, ClientKind
from ostiary.model.event import Event
from ostiary.model.membership import Group, Membership, ProjectGrant
from ostiary.model.organization import Api, Organization, Project, RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.user import User

_HIDDEN = frozenset(
    {
        *("version", "secrets", "lifetimes", "declared", "kind", "tokens_not_before"),
        *("key_expiry", "registration", "uses_legacy", "widened_at"),
    }
)


def time_of(seconds: int | None) -> str | None:
    """Return a time as people and programs read it."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _stamped(values: dict[str, Any], record: Any) -> dict[str, Any]:
    return values | {
        "created_at": time_of(record.created_at),
        "updated_at": time_of(record.updated_at),
    }


def view_client(client: Client) -> dict[str, Any]:
    """Show an application."""
    values = {
        name: value
        for name, value in msgspec.to_builtins(client).items()
        if name not in _HIDDEN and value is not None
    }
    values["organization"] = values.pop("organization_id")
    if client.project_id is not None:
        values["project"] = values.pop("project_id")
    for name, seconds in msgspec.to_builtins(client.lifetimes).items():
        values[f"{name}_lifetime"] = seconds
    if client.registration is not None:
        values["registered_with"] = client.registration.initial_token or "no token"
    values["client_secrets"] = [
        _without_nothing(
            {"created_at": time_of(one.created_at), "expires_at": time_of(one.expires_at)}
        )
        for one in client.secrets
    ]
    return _stamped(values, client)


def view_service_account(client: Client) -> dict[str, Any]:
    """Show a service account."""
    shown = view_client(client)
    names = (
        "organization",
        "state",
        "token_endpoint_auth_method",
        "jwks",
        "allowed_scopes",
        "access_token_type",
        "client_secrets",
        "created_at",
        "updated_at",
    )
    return {"id": client.client_id, "name": client.client_name} | {
        name: shown[name] for name in names if name in shown
    }


def view_any_client(client: Client) -> dict[str, Any]:
    """Show a client by what it is."""
    if client.kind is ClientKind.SERVICE_ACCOUNT:
        return view_service_account(client)
    return view_client(client)


def view_user(user: User) -> dict[str, Any]:
    """Show a user."""
    values: dict[str, Any] = {
        "id": user.id,
        "username": user.username,
        "organization": user.organization_id,
        "state": user.state,
        "factors": list(user.factors),
        "has_password": user.password_hash is not None,
        "profile": msgspec.to_builtins(user.profile),
        "metadata": user.metadata,
    }
    if user.email is not None:
        values["email"] = {"address": user.email, "verified": user.email_verified}
    if user.phone_number is not None:
        values["phone"] = {"number": user.phone_number, "verified": user.phone_number_verified}
    if user.address is not None:
        values["address"] = msgspec.to_builtins(user.address)
    return _stamped(values, user)


def view_organization(organization: Organization) -> dict[str, Any]:
    """Show an organization."""
    return _stamped(
        {
            "id": organization.id,
            "name": organization.name,
            "domains": organization.domains,
            "pending_domains": organization.pending_domains,
            "policies": organization.policies,
            "branding": msgspec.to_builtins(organization.branding),
            "state": organization.state,
        },
        organization,
    )


def view_project(project: Project) -> dict[str, Any]:
    """Show a project."""
    return _stamped(
        {
            "id": project.id,
            "name": project.name,
            "organization": project.organization_id,
            "state": project.state,
            "roles": [{"key": role.key, "name": role.name} for role in project.roles],
            "token_exchange": msgspec.to_builtins(project.token_exchange),
        },
        project,
    )


def view_api(api: Api) -> dict[str, Any]:
    """Show an API."""
    return _stamped(
        {
            "id": api.id,
            "audience": api.audience,
            "scopes": api.scopes,
            "organization": api.organization_id,
            "project": api.project_id,
            "state": api.state,
        },
        api,
    )


def view_assignment(assignment: RoleAssignment) -> dict[str, Any]:
    """Show who has which roles."""
    return _stamped(
        {
            "group" if assignment.of_group else "user": assignment.user_id,
            "project": assignment.project_id,
            "organization": assignment.organization_id,
            "roles": assignment.roles,
        },
        assignment,
    )


def view_membership(membership: Membership, user: User | None = None) -> dict[str, Any]:
    """Show that somebody belongs to an organization."""
    shown: dict[str, Any] = {
        "organization": membership.organization_id,
        "user": membership.user_id,
        "created_at": time_of(membership.created_at),
    }
    return shown if user is None else shown | {"username": user.username}


def view_group(group: Group) -> dict[str, Any]:
    """Show a group."""
    return _stamped(
        {
            "id": group.id,
            "key": group.key,
            "name": group.name,
            "organization": group.organization_id,
        },
        group,
    )


def view_project_grant(grant: ProjectGrant) -> dict[str, Any]:
    """Show a project grant."""
    return _stamped(
        {
            "id": grant.id,
            "project": grant.project_id,
            "organization": grant.granted_organization_id,
            "roles": grant.roles,
        },
        grant,
    )


def view_personal_token(token: PersonalToken) -> dict[str, Any]:
    """Show a personal token, without anything that could be used."""
    return {
        "id": token.id,
        "owner": token.user_id,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": time_of(token.created_at),
        "expires_at": time_of(token.expires_at),
        "last_used_at": time_of(token.last_used_at),
    }


def view_administrator(administrator: Administrator) -> dict[str, Any]:
    """Show who administers what."""
    shown = {
        "id": administrator.id,
        "user": administrator.user_id,
        "role": administrator.role,
        "organization": administrator.organization_id,
        "project": administrator.project_id,
    }
    return _stamped(_without_nothing(shown), administrator)


def view_event(position: int, event: Event) -> dict[str, Any]:
    """Show an event."""
    values = {name: value for name, value in msgspec.to_builtins(event).items() if value}
    return values | {"position": position, "at": time_of(event.at)}
