"""What answers authorization requests for an instance, put together in one place."""

from ostiary.oauth.authorization.endpoint import AuthorizationEndpoint
from ostiary.oauth.authorization.proving import Proving
from ostiary.oauth.authorization.request_object import RequestObjects
from ostiary.oauth.paths import TRACES
from ostiary.web.idp import Idp
from ostiary.web.ration import Ration

# Request objects fetched for one client, on behalf of one address.
_FETCHED_PER_MINUTE = 60


def make_request_objects(idp: Idp) -> RequestObjects:
    """Make what reads the request objects of an instance's clients."""
    return RequestObjects(
        issuer=idp.issuer,
        remote_keys=idp.remote_keys,
        remote_requests=idp.remote_requests,
        ration=Ration(_FETCHED_PER_MINUTE),
    )


def make_authorization_endpoint(idp: Idp) -> AuthorizationEndpoint:
    """Make what answers the authorization requests of an instance's clients."""
    return AuthorizationEndpoint(
        issuer=idp.issuer,
        store=idp.store,
        keys=idp.keys,
        remote_keys=idp.remote_keys,
        entropy=idp.entropy,
        proving=Proving(
            issuer=idp.issuer,
            store=idp.store,
            keys=idp.keys,
            objects=make_request_objects(idp),
        ),
        sightings=idp.sightings,
        explanations=idp.issuer + TRACES if idp.traces.kept else None,
    )
