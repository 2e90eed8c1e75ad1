"""What is part of the program and not of any database: clients, and what belongs to them.

They are no records: nobody registers, changes or deletes them, and no chosen id can be one of
theirs. The clients of our own pages have no redirect URI, no grant type and no credentials,
so that no endpoint gives them anything: a request of one is answered inside the server alone
(`AuthorizationRequest.entry`). What else there is by itself is given to the store (`Furnished`).
"""

import msgspec

from ostiary.model.client import Client, ClientKind
from ostiary.model.organization import Api, Organization, Project

# No organization: what they are held to are the policies of the instance.
_INSTANCE = ""


def _pages(name: str, client_name: str, german: str) -> Client:
    """Make the client of pages of our own, which are below the issuer, unlike an application's.

    No keys are registered, so that nobody can authenticate as this client.
    """
    return Client(
        client_id=f"ostiary:{name}",
        kind=ClientKind.BUILT_IN,
        organization_id=_INSTANCE,
        client_name=client_name,
        localized={"client_name#de": german},
        client_uri=f"/{name}",
        token_endpoint_auth_method="private_key_jwt",
        grant_types=(),
        response_types=(),
        allowed_scopes=(),
    )


ACCOUNT = _pages("account", "Account", "Konto")
"""The pages on which people look after their own account."""

CONSOLE = msgspec.structs.replace(
    _pages("console", "Console", "Konsole"),
    # A working day: a session that lasts for weeks must not administer anything for as long.
    default_max_age=8 * 3600,
)
"""The pages on which administrators manage what they administer."""

PLAYGROUND = _pages("playground", "Playground", "Playground")
"""The pages on which developers try the protocol; its own clients are `Furnished`."""

BUILT_IN = {client.client_id: client for client in (ACCOUNT, CONSOLE, PLAYGROUND)}
"""Those of our own pages, by client_id."""


IDLE = {CONSOLE.client_id: 15 * 60}
"""After so many seconds without a page, whoever is back at these pages signs in again."""


class Furnished(msgspec.Struct, frozen=True, kw_only=True):
    """An organization with its project that come with the program.

    Its clients go through the same endpoints and rules as those of anybody, and reach nothing
    but the APIs named here.
    """

    organization: Organization
    project: Project
    apis: tuple[Api, ...]
    clients: dict[str, Client]
