"""People and machines enough to load a server: declarative configuration, and their secrets."""

import secrets
from typing import Any

from support import acme, jose
from support.flows import Application

USERS = tuple(f"user-{number}" for number in range(16))
PASSWORD = secrets.token_urlsafe(24)

_IDENTITY = "openid profile email offline_access"
_JWT, _OPAQUE = "OIDC_TOKEN_TYPE_JWT", "OIDC_TOKEN_TYPE_BEARER"


def _application(client_id: str, scope: str) -> Application:
    return Application(client_id, secrets.token_urlsafe(32), f"{scope} orders.read".strip())


RS256 = _application("machine-rs256", "")
ES256 = _application("machine-es256", "")
OPAQUE = _application("machine-opaque", "")
MACHINES = (RS256, ES256, OPAQUE)
# ID tokens are RS256 by default; the access tokens are ES256 JWTs, or opaque.
WEB = _application("web-jwt", _IDENTITY)
WEB_OPAQUE = _application("web-opaque", _IDENTITY)
WEBS = (WEB, WEB_OPAQUE)
DEVICE = _application("device", "openid")
# A program that brings passwords itself, and the API that exchanges tokens shown to it.
PASSWORDS = _application("password", "openid")
EXCHANGER = _application("exchanger", "")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ROBOT = "robot"
ROBOT_KEY = jose.make_key("ES256")


def _machine(application: Application, kind: str, alg: str | None = None) -> dict[str, Any]:
    declared = {
        "client_id": application.client_id,
        "client_secret": application.secret,
        "client_name": application.client_id,
        "type": "API",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "allowed_scopes": application.scope.split(),
        "access_token_type": kind,
    }
    return declared if alg is None else declared | {"access_token_signing_alg": alg}


def _web(application: Application, kind: str) -> dict[str, Any]:
    return acme.web_application(
        application.client_id,
        client_secret=application.secret,
        redirect_uris=[application.redirect_uri],
        allowed_scopes=application.scope.split(),
        access_token_type=kind,
    )


def declaration(**token_lifetimes: int) -> dict[str, Any]:
    """Return the declarative configuration; lifetimes are seconds."""
    declared = acme.organization(
        _machine(RS256, _JWT, "RS256"),
        _machine(ES256, _JWT, "ES256"),
        _machine(OPAQUE, _OPAQUE),
        {
            "client_id": DEVICE.client_id,
            "client_secret": DEVICE.secret,
            "type": "DEVICE",
            "token_endpoint_auth_method": "client_secret_basic",
            "allowed_scopes": DEVICE.scope.split(),
        },
        _web(WEB, _JWT),
        _web(WEB_OPAQUE, _OPAQUE),
        _web(PASSWORDS, _JWT)
        | {
            "grant_types": ["password"],
            "response_types": [],
            "redirect_uris": [],
            "legacy": {"reason": "Measured"},
        },
        _machine(EXCHANGER, _JWT) | {"grant_types": [EXCHANGE]},
        service_accounts=(
            {
                "id": ROBOT,
                "name": "Robot",
                "jwks": {"keys": [ROBOT_KEY.public_jwk]},
                "allowed_scopes": ["orders.read"],
            },
        ),
    )
    declared["organizations"][0]["users"] = [
        {
            "username": name,
            "password": {"plain": PASSWORD},
            "email": {"address": f"{name}@acme.test", "verified": True},
            "profile": {"given_name": "Alice", "family_name": "Adams"},
        }
        for name in USERS
    ]
    policies = {"token_lifetimes": token_lifetimes} if token_lifetimes else {}
    return declared | {"instance": {"access_token_signing_alg": "ES256", "policies": policies}}
