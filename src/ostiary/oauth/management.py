"""The management API as a resource server of this one: its audience and its one scope.

To the protocol it is an API like those of projects (RFC 8707), but that it belongs to no
project: no application introspects its tokens, and no token is exchanged for one of it.
"""

from ostiary.model.organization import Api

PATH = "/api/v1"
SCOPE = "urn:ostiary:api"
# The longest life of an access token that may manage, in seconds.
LIFETIME = 900


def audience_of(issuer: str) -> str:
    """Return the audience of the management API."""
    return issuer + PATH


def with_management(apis: tuple[Api, ...], issuer: str) -> tuple[Api, ...]:
    """Return APIs of an organization, and the management API after them."""
    own = Api(
        id=SCOPE,
        organization_id="",
        project_id="",
        audience=audience_of(issuer),
        scopes=(SCOPE,),
    )
    return (*apis, own)
