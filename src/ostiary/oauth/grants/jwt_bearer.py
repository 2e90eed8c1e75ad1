"""The JWT bearer grant (RFC 7523, 2.1): a client acts for itself, proven by its private key.

The assertion stands for client authentication as well (RFC 7521, 4.1), so it is verified
where clients are (`oauth.clients.door`); what is left here is what the client gets, which
is the same as by client_credentials.
"""

from ostiary.jose import jws, jwt
from ostiary.oauth.errors import InvalidScope
from ostiary.oauth.grants.narrowing import narrow_audience, narrow_scopes
from ostiary.oauth.issuance import Issuance, TokenRequest
from ostiary.oauth.reader import Reader
from ostiary.oauth.scope import IDENTITY_SCOPES

grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"


async def load(_request: TokenRequest, _reader: Reader) -> None:
    """Read nothing: the client was recognised by its assertion."""


def decide(request: TokenRequest, _facts: None) -> Issuance:
    """Give what the client itself is allowed.

    Scopes may stand in the assertion too, as Google's libraries write them.

    Raises:
        InvalidScope: an identity scope, or one that the client may not have.
        InvalidTarget: a resource that the scopes do not reach.
    """
    client = request.client
    available = tuple(scope for scope in client.allowed_scopes if scope not in IDENTITY_SCOPES)
    asserted = _asserted_scope(request.form.require("assertion"))
    scopes = narrow_scopes(request, available, default=asserted)
    return Issuance(
        subject=client.client_id,
        scopes=scopes,
        audience=narrow_audience(request, scopes, ()),
    )


def _asserted_scope(assertion: str) -> str | None:
    # The signature was verified before anything was decided.
    claims = jwt.parse_claims(jws.parse(assertion).unverified_payload)
    scope = claims.members.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise InvalidScope(
            "The scope claim of the assertion must be text: scopes separated by spaces.",
            rule="assertion-scope",
            section="RFC 6749, 3.3",
        )
    return scope
