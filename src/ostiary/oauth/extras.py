"""Reading what instructions and role assertions need: nothing, for most requests."""

from typing import Protocol

from ostiary.model.client import Client
from ostiary.model.organization import Organization
from ostiary.oauth.instructions import PREFIXES, Extras, wants_roles
from ostiary.oauth.reader import ConfigurationReader, RoleReader, Standing


class Reader(ConfigurationReader, RoleReader, Protocol):
    """What is read here."""


NOTHING = Extras()


async def read_extras(
    client: Client, standing: Standing | None, scopes: tuple[str, ...], reader: Reader
) -> Extras:
    """Return what is asked for beyond the claims of the person; roles are read uncached."""
    if standing is None:
        return NOTHING
    acting = await _read_acting(standing, reader)
    asserted = client.id_token_role_assertion or client.access_token_role_assertion
    instructed = any(scope.startswith(PREFIXES) for scope in scopes)
    if acting is None and not asserted and not instructed and not client.groups_assertion:
        return NOTHING
    roles = groups = None
    if wants_roles(client, scopes):
        roles = await _read_roles(client, standing.user.id, acting, reader)
    if client.groups_assertion:
        groups = await reader.group_keys(client.organization_id, standing.user.id)
    organization = await reader.organization(standing.user.organization_id)
    return Extras(roles=roles, groups=groups, organization=organization, acting=acting)


async def _read_acting(standing: Standing, reader: Reader) -> Organization | None:
    acting_id = standing.grant.acting_organization_id
    return None if acting_id is None else await reader.organization(acting_id)


async def _read_roles(
    client: Client, user_id: str, acting: Organization | None, reader: Reader
) -> dict[str, dict[str, str]]:
    """Return each role with the organizations that gave it, and their domains.

    Whoever acts for an organization brings nothing that another one gave them: what they are
    there and what the owner of the project made them is all that they are.
    """
    if client.project_id is None:
        return {}
    roles: dict[str, dict[str, str]] = {}
    givers = None if acting is None else {client.organization_id, acting.id}
    for one in await reader.role_assignments(client.project_id, user_id):
        if givers is not None and one.organization_id not in givers:
            continue
        giver = await reader.organization(one.organization_id)
        domain = giver.domains[0] if giver is not None and giver.domains else ""
        for role in one.roles:
            roles.setdefault(role, {})[one.organization_id] = domain
    return roles
