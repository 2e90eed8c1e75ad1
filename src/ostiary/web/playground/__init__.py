"""/playground: the protocol to be tried out, against the real endpoints of this server."""

from ostiary.playground.sandbox import CALLBACK, PATH
from ostiary.web.idp import Idp
from ostiary.web.playground.callback import Callback
from ostiary.web.playground.courier import Courier, Loopback
from ostiary.web.playground.flow import FlowResource, Index
from ostiary.web.playground.resource import Surroundings
from ostiary.web.playground.token import Tokens

__all__ = ["Loopback", "routes"]


def routes(idp: Idp, loopback: Loopback) -> list[tuple[str, object]]:
    """List the routes of the playground; none where the instance has no clients for it."""
    if idp.sandbox is None:
        return []
    around = Surroundings(idp, idp.sandbox, Courier(idp.issuer, loopback))
    return [
        (PATH, Index(around)),
        (CALLBACK, Callback(around)),
        (f"{PATH}/token", Tokens(around)),
        (f"{PATH}/{{flow_id}}", FlowResource(around)),
    ]
