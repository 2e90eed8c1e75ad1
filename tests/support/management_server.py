"""A real server with the things that the examples of the API speak of, and an owner's tokens."""

import time
from collections.abc import Callable

import httpx

from ostiary.oauth import management
from support.server import Server

ACCOUNT = "tester"
PLACE = "testers"
_EARLY = 60


def prepare(server: Server) -> Callable[[], str]:
    """Make ACME's shop, and a service account that owns the instance; return who gets tokens."""
    server.apply(
        {
            "organizations": [
                {
                    "id": "acme",
                    "name": "ACME",
                    "users": [{"username": "alice"}],
                    "service_accounts": [
                        {"id": "robot", "name": "Robot", "allowed_scopes": [management.SCOPE]}
                    ],
                    "projects": [
                        {
                            "id": "shop",
                            "roles": [{"key": "clerk"}],
                            "apis": [{"id": "orders", "audience": "https://orders.acme.test"}],
                            "applications": [
                                {
                                    "client_id": "shop-web",
                                    "redirect_uris": ["https://shop.acme.test/callback"],
                                }
                            ],
                        }
                    ],
                },
            ],
        }
    )
    return make_owner(server)


def make_owner(server: Server) -> "Tokens":
    """Make a service account that owns the instance; return who gets its tokens."""
    server.apply(
        {
            "organizations": [
                {
                    "id": PLACE,
                    "service_accounts": [{"id": ACCOUNT, "allowed_scopes": [management.SCOPE]}],
                }
            ],
            "administrators": [{"service_account": ACCOUNT, "role": "instance_owner"}],
        }
    )
    made = server.run("service-account", "rotate-secret", ACCOUNT, "--overlap", "0")
    return Tokens(server, ACCOUNT, made["client_secret"])


class Tokens:
    """Access tokens of a service account: a new one before the last one ends."""

    def __init__(self, server: Server, account: str, secret: str) -> None:
        self._server = server
        self._credentials = (account, secret)
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        """Return a token that is good for a minute at least."""
        if time.monotonic() > self._until:
            issued = httpx.post(
                f"{self._server.issuer}/oauth/v2/token",
                data={"grant_type": "client_credentials", "scope": management.SCOPE},
                auth=self._credentials,
            ).json()
            self._token = issued["access_token"]
            self._until = time.monotonic() + issued["expires_in"] - _EARLY
        return self._token
