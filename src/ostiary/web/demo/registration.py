"""What the demo application is registered with, as kept in the folder of the instance."""

from pathlib import Path

import msgspec

from ostiary.model.demo import ADMINISTRATOR, USER
from ostiary.settings.load import DEV_FOLDER

FILE = Path(DEV_FOLDER) / "demo.json"
PATH = "/demo"
CALLBACK = f"{PATH}/callback"
SCOPES = ("openid", "profile", "email", "phone", "address", "offline_access")


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's issuer, its client, the person who signs in, and who administers."""

    issuer: str
    username: str = USER
    administrator: str = ADMINISTRATOR
    password: str
    client_id: str = "demo"
    client_secret: str

    @property
    def page(self) -> str:
        """The address of the demo."""
        return self.issuer + PATH

    @property
    def redirect_uri(self) -> str:
        """Where people are sent back to."""
        return self.issuer + CALLBACK


def read_registration() -> Registration | None:
    """Return what was made at the first start; None where it is missing or damaged."""
    try:
        return msgspec.json.decode(FILE.read_bytes(), type=Registration)
    except (OSError, msgspec.DecodeError):
        return None
