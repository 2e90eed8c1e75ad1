"""The frames that tell applications of a sign-out (OpenID Connect Front-Channel Logout 1.0, 2)."""

from urllib.parse import urlencode

from ostiary.model.client import Client, ClientState
from ostiary.oauth.authorization.session_state import origin_of


def wants_frame(client: Client) -> bool:
    """Tell whether a client wants to be shown in a frame when its user signs out."""
    return client.state is ClientState.ACTIVE and client.frontchannel_logout_uri is not None


def frame_address(client: Client, issuer: str, sid: str) -> str:
    """Return the address of a client's frame: the registered one, with `iss` and `sid`."""
    uri = client.frontchannel_logout_uri or ""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': issuer, 'sid': sid})}"


def frame_origin(client: Client) -> str:
    """Return the origin of a client's frame."""
    return origin_of(client.frontchannel_logout_uri or "")
