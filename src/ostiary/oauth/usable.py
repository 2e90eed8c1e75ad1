"""The one gate: may this user, client and organization take part right now?

Every grant, the session loader and whoever is shown a token ask here, so that disabling
something ends it on every path.
"""

import msgspec

from ostiary.model.client import Client, ClientKind, ClientState
from ostiary.model.organization import Organization, Project, State
from ostiary.model.user import User, UserState
from ostiary.oauth.membership import Footing
from ostiary.oauth.reader import ConfigurationReader, Standing


class Owners(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a client is."""

    organization: Organization | None = None
    project: Project | None = None


async def read_owners(client: Client | None, reader: ConfigurationReader) -> Owners:
    """Read whose a client is; both from the cache."""
    if client is None:
        return Owners()
    organization = await reader.organization(client.organization_id)
    project = None if client.project_id is None else await reader.project(client.project_id)
    return Owners(organization=organization, project=project)


def client_refusal(client: Client | None, owners: Owners) -> str | None:
    """Return why a client may not take part, as a short name for the log, or None."""
    if client is None:
        return "client_unknown"
    if client.state is not ClientState.ACTIVE:
        return "client_inactive"
    if client.kind is ClientKind.BUILT_IN:
        return None
    organization, project = owners.organization, owners.project
    if organization is None or organization.state is not State.ACTIVE:
        return "organization_inactive"
    if client.project_id is not None and (project is None or project.state is not State.ACTIVE):
        return "project_inactive"
    return None


def user_refusal(user: User | None, organization: Organization | None) -> str | None:
    """Return why a user may not take part, as a short name for the log, or None."""
    if user is None:
        return "user_unknown"
    if user.state is not UserState.ACTIVE:
        return f"user_{user.state}"
    if organization is None or organization.state is not State.ACTIVE:
        return "organization_inactive"
    return None


def standing_refusal(standing: Standing, client: Client, footing: Footing, now: int) -> str | None:
    """Return why what was granted is no longer good, as a short name for the log, or None.

    A grant that is not offline ends with its session.
    """
    grant, session = standing.grant, standing.session
    reasons = (
        ("client_mismatch", grant.client_id != client.client_id),
        ("grant_revoked", grant.revoked_at is not None),
        ("grant_expired", grant.expires_at <= now),
        ("session_revoked", not grant.offline and session.revoked_at is not None),
        ("session_expired", not grant.offline and session.expires_at <= now),
        ("credentials_changed", grant.created_at < standing.user.credentials_changed_at),
    )
    for reason, holds in reasons:
        if holds:
            return reason
    return user_refusal(standing.user, footing.home) or _acting_refusal(standing, footing)


def _acting_refusal(standing: Standing, footing: Footing) -> str | None:
    grant, membership = standing.grant, footing.membership
    if grant.acting_organization_id is None:
        return None
    if footing.acting is None or footing.acting.state is not State.ACTIVE:
        return "acting_organization_inactive"
    if grant.acting_organization_id == standing.user.organization_id:
        return None
    # Whoever became a member anew has to choose anew.
    if membership is None or grant.created_at < membership.created_at:
        return "membership_ended"
    return None
