"""Token requests for tests of decisions alone: no server, no store."""

from typing import Any
from urllib.parse import urlencode

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.grant import AuthorizationCode, Grant, RefreshFamily
from ostiary.model.policy import Configuration, Policies
from ostiary.oauth.issuance import TokenRequest
from ostiary.oauth.message import parse_form
from ostiary.oauth.reader import CodeStanding, FamilyStanding, Standing
from support.authorization import (
    APIS,
    CHALLENGE,
    ISSUER,
    ORGANIZATION,
    SOURCE,
    WEB,
    make_session,
    make_user,
)
from support.jose import NOW, make_instance_key, make_ring, make_signing_key

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
_RING: list[KeyRing] = []


def key_ring() -> KeyRing:
    """Return a ring that can do all that the token endpoint asks for."""
    if not _RING:
        keys = (make_signing_key("ES256"), make_signing_key("RS256"), make_instance_key("refresh"))
        _RING.append(make_ring(*keys))
    return _RING[0]


def ask(client: Client = WEB, now: int = NOW, **parameters: Any) -> TokenRequest:
    """Return the request of an authenticated client."""
    pairs = [
        (name, value)
        for name, values in parameters.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return TokenRequest(
        form=parse_form(urlencode(pairs).encode()),
        client=client,
        organization=ORGANIZATION,
        apis=APIS,
        policies=Policies(),
        configuration=Configuration(),
        issuer=ISSUER,
        ring=key_ring(),
        now=now,
        source=SOURCE,
    )


def make_grant(**fields: Any) -> Grant:
    """Return a grant of alice to `web`."""
    values: dict[str, Any] = {
        "id": "grant",
        "client_id": "web",
        "user_id": "alice",
        "organization_id": "t1",
        "session_id": "session-alice",
        "sid": "sid",
        "scopes": ("openid", "email", "offline_access", "orders.read"),
        "auth_time": NOW - 100,
        "acr": "urn:ostiary:acr:1fa",
        "amr": ("pwd",),
        "offline": True,
        "created_at": NOW,
        "expires_at": NOW + 40 * 86400,
    }
    return Grant(**(values | fields))


def stand(grant: Grant | None = None, **user: Any) -> Standing:
    """Return a grant with its session and user."""
    return Standing(
        grant=grant or make_grant(), session=make_session(), user=make_user("alice", **user)
    )


def make_code(standing: Standing | None = None, **fields: Any) -> CodeStanding:
    """Return a code that `web` can redeem."""
    values: dict[str, Any] = {
        "digest": b"c" * 32,
        "grant_id": "grant",
        "client_id": "web",
        "redirect_uri": "https://app.test/cb",
        "code_challenge": CHALLENGE,
        "nonce": "n-0S6_WzA2Mj",
        "created_at": NOW,
        "expires_at": NOW + 60,
    }
    code = AuthorizationCode(**(values | fields))
    return CodeStanding(code=code, standing=standing or stand())


def make_family(standing: Standing | None = None, **fields: Any) -> FamilyStanding:
    """Return a family of refresh tokens that has just begun."""
    values: dict[str, Any] = {
        "id": b"f" * 16,
        "grant_id": "grant",
        "client_id": "web",
        "key_version": 1,
        "rotated_at": NOW,
        "created_at": NOW,
        "idle_expires_at": NOW + 14 * 86400,
        "expires_at": NOW + 30 * 86400,
    }
    family = RefreshFamily(**(values | fields))
    return FamilyStanding(family=family, standing=standing or stand())
