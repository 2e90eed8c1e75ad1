"""Who calls the API: by an access token of this server, for this API (RFC 6750).

The token is looked at anew for each request: a token, grant, session, user, client or
organization that was revoked or switched off is refused at once, and so is what somebody
no longer administers.
"""

import msgspec

from ostiary.admin.actor import Actor
from ostiary.admin.holdings import holding_of
from ostiary.model.client import ClientKind
from ostiary.model.event import Source
from ostiary.oauth import management
from ostiary.oauth.errors import InsufficientScope, InvalidToken
from ostiary.oauth.token.bearer import Presented, examine, read_bearer
from ostiary.web.api.problems import Refused
from ostiary.web.idp import Idp

REALM = 'Bearer realm="ostiary"'


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who an access token speaks for.

    `since`, where it is given, is when their roles must have been given to count.
    """

    type: str
    id: str
    since: int | None = None


async def authenticate(idp: Idp, authorization: str | None, source: Source) -> Actor:
    """Return who calls, with everything that they administer now, and by this token.

    Raises:
        Refused: there is no access token.
        OAuthError: the token is not good, or not for this API.
        Unavailable: the store cannot answer now.
    """
    token = read_bearer(authorization, None)
    if token is None:
        raise Refused(
            401,
            "invalid_token",
            "Send an access token as: Authorization: Bearer, a space, and the token.",
            headers={"WWW-Authenticate": f'{REALM}, scope="{management.SCOPE}"'},
        )
    caller = await identify(idp, token)
    found = await idp.store.administrators_of(caller.id)
    holds = tuple(
        holding_of(one) for one in found if caller.since is None or one.created_at <= caller.since
    )
    if not holds:
        raise Refused(
            403,
            "not_allowed",
            "You administer nothing here. Whoever administers the place can make you an "
            "administrator of it.",
        )
    return Actor(type=caller.type, id=caller.id, holds=holds, source=source)


async def identify(idp: Idp, token: str) -> Caller:
    """Return who an access token speaks for.

    Other kinds of credentials than access tokens are told apart here, by their prefix.

    Raises:
        InvalidToken: it is not good, or also meant for others, who could use it here.
        InsufficientScope: it is not for this API.
    """
    ring = await idp.keys.ring()
    presented = await examine(token, idp.store, ring, idp.issuer, idp.clock.now())
    if management.SCOPE not in presented.scopes:
        raise InsufficientScope(
            f"This API takes access tokens with the scope {management.SCOPE}.",
            rule="management-scope",
            section="RFC 6750, 3.1",
            received=" ".join(presented.scopes),
            expected=management.SCOPE,
        )
    _check_audience(presented, idp.issuer)
    return _speaks_for(presented)


def _check_audience(presented: Presented, issuer: str) -> None:
    """Hold a token to this API alone, and the issuer's userinfo endpoint.

    Any other API that gets the token could send it here.
    """
    own = management.audience_of(issuer)
    if own not in presented.audience or not set(presented.audience) <= {own, issuer}:
        raise InvalidToken(
            "The access token is meant for other APIs as well; ask for one with "
            f"resource={own}, or with no scopes of other APIs.",
            rule="management-audience",
            section="RFC 9068, 4",
            received=" ".join(presented.audience),
            expected=own,
        )


def _speaks_for(presented: Presented) -> Caller:
    if presented.standing is not None:
        # A person's own token may have been made by others, before the person was given a role:
        # it does not grow with them.
        since = None if presented.personal is None else presented.issued_at
        return Caller(type="user", id=presented.standing.user.id, since=since)
    # A token of an application that acts for itself: nobody can make it an administrator.
    client = presented.client
    kind = "service_account" if client.kind is ClientKind.SERVICE_ACCOUNT else "client"
    return Caller(type=kind, id=client.client_id)
