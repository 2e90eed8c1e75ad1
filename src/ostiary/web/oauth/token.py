"""The endpoints that clients call themselves: token, introspection, revocation, PAR, devices."""

from ostiary.login.direct import DirectSignIn
from ostiary.login.factors.password import PasswordFactor
from ostiary.oauth.authorization.pushed import PushedRequestEndpoint
from ostiary.oauth.device.endpoint import DeviceEndpoint
from ostiary.oauth.device.polls import Polls
from ostiary.oauth.grants.password import PasswordGrant
from ostiary.oauth.metadata import DEVICE_AUTHORIZATION, INTROSPECT, PAR, REVOKE
from ostiary.oauth.metadata import TOKEN as PATH
from ostiary.oauth.paths import DEVICE
from ostiary.oauth.registry import GRANTS
from ostiary.oauth.token.endpoint import TokenEndpoint
from ostiary.oauth.token.introspection import IntrospectionEndpoint
from ostiary.oauth.token.revocation import RevocationEndpoint
from ostiary.web.idp import Idp
from ostiary.web.oauth.authorization import make_request_objects
from ostiary.web.oauth.back_channel import BackChannel, make_door
from ostiary.web.ration import Ration

__all__ = ["PATH", "endpoints"]

# By public clients, which anybody can pose as, from one address.
_PUSHED_PER_MINUTE = 300
_DEVICES_PER_MINUTE = 60


def endpoints(idp: Idp) -> tuple[BackChannel, ...]:
    """Return the endpoints of an instance; one door counts the failures at all of them."""
    door = make_door(idp)
    factor = PasswordFactor(idp.store, idp.passwords, idp.clock)
    password = PasswordGrant(DirectSignIn(factor, idp.settings.dev), idp.entropy)
    token = TokenEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + PATH,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
        entropy=idp.entropy,
        grants={**GRANTS, password.grant_type: password},
        polls=Polls(),
        sightings=idp.sightings,
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
    pushed = PushedRequestEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + PAR,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
        entropy=idp.entropy,
        objects=make_request_objects(idp),
        ration=Ration(_PUSHED_PER_MINUTE),
    )
    device = DeviceEndpoint(
        issuer=idp.issuer,
        url=idp.issuer + DEVICE_AUTHORIZATION,
        page=idp.issuer + DEVICE,
        door=door,
        store=idp.store,
        keys=idp.keys,
        clock=idp.clock,
        entropy=idp.entropy,
        ration=Ration(_DEVICES_PER_MINUTE),
    )
    return (
        BackChannel(idp, DEVICE_AUTHORIZATION, device),
        BackChannel(idp, PAR, pushed, status=201),
        BackChannel(idp, PATH, token),
        BackChannel(idp, INTROSPECT, introspection),
        BackChannel(idp, REVOKE, revocation),
    )
