"""Reading what instructions and role assertions need: nothing, for most requests."""

from typing import Protocol

from ostiary.model.client import Client
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
    asserted = client.id_token_role_assertion or client.access_token_role_assertion
    if not asserted and not any(scope.startswith(PREFIXES) for scope in scopes):
        return NOTHING
    asked = wants_roles(client, scopes)
    roles: tuple[str, ...] | None = None
    if asked:
        roles = ()
        if client.project_id is not None:
            found = await reader.role_assignments(client.project_id, standing.user.id)
            roles = tuple(dict.fromkeys(role for one in found for role in one.roles))
    organization = await reader.organization(standing.user.organization_id)
    return Extras(roles=roles, organization=organization)
