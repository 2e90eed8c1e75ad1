"""The organization that the end-to-end tests sign people of in: declarative configuration."""

import secrets
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey

USERNAME = "alice"
PASSWORD = "correct horse battery staple"
ORDERS = "https://orders.acme.test"
ALGS = ["RS256", "ES256", "PS256", "EdDSA"]

ALICE = {
    "username": USERNAME,
    "password": {"plain": PASSWORD},
    "email": {"address": "alice@acme.test", "verified": True},
    "phone": {"number": "+41446681800", "verified": True},
    "profile": {
        "given_name": "Alice",
        "family_name": "Adams",
        "nickname": "Al",
        "locale": "en",
        "zoneinfo": "Europe/Zurich",
        "birthdate": "1990-01-01",
    },
    "address": {"locality": "Zürich", "postal_code": "8001", "country": "CH"},
}


def organization(
    *applications: dict[str, Any],
    service_accounts: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """Describe ACME with Alice, a shop with an API, and these applications of the shop."""
    shop = {
        "id": "shop",
        "name": "Shop",
        "roles": [{"key": "buyer", "name": "Buyer"}],
        "apis": [{"id": "orders", "audience": ORDERS, "scopes": ["orders.read", "orders.write"]}],
        "applications": list(applications),
    }
    acme = {
        "id": "acme",
        "name": "ACME",
        "domains": ["acme.test"],
        "users": [ALICE],
        "service_accounts": list(service_accounts),
        "projects": [shop],
    }
    return {"instance": {"enabled_algs": ALGS}, "organizations": [acme]}


def web_application(client_id: str, **metadata: Any) -> dict[str, Any]:
    """Describe a web application with a secret; `metadata` wins."""
    application = {
        "client_id": client_id,
        "client_name": client_id.replace("-", " ").capitalize(),
        "type": "OIDC_APP_TYPE_WEB",
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": secrets.token_urlsafe(32),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "allowed_scopes": ["openid", "profile", "email", "offline_access"],
    }
    return application | metadata


def public_application(client_id: str, kind: str, **metadata: Any) -> dict[str, Any]:
    """Describe an application without a secret: `OIDC_APP_TYPE_NATIVE` or `_USER_AGENT`."""
    application = web_application(
        client_id, type=kind, token_endpoint_auth_method="none", **metadata
    )
    del application["client_secret"]
    return application


def key_pair(alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a key: the private JWK for the client, and the key set that it registers."""
    parameters: dict[str, Any] = {"alg": alg, "use": "sig", "kid": secrets.token_hex(8)}
    key: ECKey | OKPKey | RSAKey
    if alg == "ES256":
        key = ECKey.generate_key("P-256", parameters)
    elif alg == "EdDSA":
        key = OKPKey.generate_key("Ed25519", parameters)
    else:
        key = RSAKey.generate_key(2048, parameters)
    return key.as_dict(private=True), {"keys": [key.as_dict(private=False)]}


def encryption_key_pair(alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a key that answers are encrypted for: the private JWK, and the registered key set."""
    parameters: dict[str, Any] = {"alg": alg, "use": "enc", "kid": secrets.token_hex(8)}
    key: ECKey | RSAKey
    if alg.startswith("ECDH"):
        key = ECKey.generate_key("P-256", parameters)
    else:
        key = RSAKey.generate_key(2048, parameters)
    return key.as_dict(private=True), {"keys": [key.as_dict(private=False)]}


def assert_signed_in(answer: dict[str, Any], issuer: str, client_id: str) -> None:
    """Check what a client learnt: ID token, userinfo, and both once more after a refresh."""
    claims, userinfo = answer["claims"], answer["userinfo"]
    audience = claims["aud"]
    assert claims["iss"] == issuer
    assert client_id in ([audience] if isinstance(audience, str) else audience)
    assert claims["sub"] == userinfo["sub"]
    assert userinfo["name"] == "Alice Adams"
    assert userinfo["email"] == "alice@acme.test"
    assert userinfo["email_verified"] is True


def assert_refreshed(answer: dict[str, Any]) -> None:
    """Check that a refresh gave new tokens for the same person."""
    before, after = answer["tokens"], answer["refreshed"]
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert answer["refreshed_userinfo"] == answer["userinfo"]
