"""The endpoints that clients call about tokens: token, introspection and revocation."""

from ostiary.oauth.metadata import INTROSPECT, REVOKE
from ostiary.oauth.metadata import TOKEN as PATH
from ostiary.oauth.registry import GRANTS
from ostiary.oauth.token.endpoint import TokenEndpoint
from ostiary.oauth.token.introspection import IntrospectionEndpoint
from ostiary.oauth.token.revocation import RevocationEndpoint
from ostiary.web.idp import Idp
from ostiary.web.oauth.back_channel import BackChannel, make_door

__all__ = ["PATH", "endpoints"]


def endpoints(idp: Idp) -> tuple[BackChannel, ...]:
    """Return the endpoints of an instance; one door counts the failures at all of them."""
    door = make_door(idp)
    token = TokenEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + PATH,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
        entropy=idp.entropy,
        grants=GRANTS,
    )
    introspection = IntrospectionEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + INTROSPECT,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
    )
    revocation = RevocationEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + REVOKE,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
    )
    return (
        BackChannel(idp, PATH, token),
        BackChannel(idp, INTROSPECT, introspection),
        BackChannel(idp, REVOKE, revocation),
    )
