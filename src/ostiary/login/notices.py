"""When people are told of a sign-in."""

from ostiary.identity import notices
from ostiary.login.device import Device, knows
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.model.user import User
from ostiary.oauth.effects import Effects

# Everywhere is new to somebody who has only just joined.
_JOINING = 3600


def tell_new_device(flow: Flow, user: User, device: Device | None, keys: MacKeys) -> Effects:
    """Mail a person that somebody signed in as them where nobody had before."""
    if flow.now - user.created_at < _JOINING:
        return ()
    if knows(device, keys, user.id, user.credentials_changed_at):
        return ()
    return notices.new_device(user, flow.source, flow.now)
