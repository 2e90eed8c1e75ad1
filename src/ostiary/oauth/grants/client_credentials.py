"""The client credentials grant (RFC 6749, 4.4): the client acts for itself.

Only resource scopes; no ID token and no refresh token (4.4.3). The tokens belong to no
user's grant: `Client.tokens_not_before` is what ends them early.
"""

from ostiary.oauth.errors import UnauthorizedClient
from ostiary.oauth.grants.narrowing import narrow_audience, narrow_scopes
from ostiary.oauth.issuance import Issuance, TokenRequest
from ostiary.oauth.reader import Reader
from ostiary.oauth.scope import IDENTITY_SCOPES

grant_type = "client_credentials"


async def load(_request: TokenRequest, _reader: Reader) -> None:
    """Read nothing: the client and its organization are known by now."""


def decide(request: TokenRequest, _facts: None) -> Issuance:
    """Give what the client itself is allowed.

    Raises:
        UnauthorizedClient: a public client, which proves nothing.
        InvalidScope: an identity scope, or one that the client may not have.
        InvalidTarget: a resource that the scopes do not reach.
    """
    client = request.client
    if client.public:
        raise UnauthorizedClient(
            "A public client cannot use client_credentials: it cannot keep a secret.",
            rule="grant-confidential",
            section="RFC 6749, 4.4",
        )
    available = tuple(scope for scope in client.allowed_scopes if scope not in IDENTITY_SCOPES)
    scopes = narrow_scopes(request, available)
    return Issuance(
        subject=client.client_id,
        scopes=scopes,
        audience=narrow_audience(request, scopes, ()),
    )
