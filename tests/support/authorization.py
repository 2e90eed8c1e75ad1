"""Authorization requests for tests: an organization, its clients, and requests that are fine."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import AppType, Client
from ostiary.model.event import Source
from ostiary.model.grant import Consent, Interaction
from ostiary.model.organization import Api, Organization, Project
from ostiary.model.session import Proof, ProofKind, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.parameters import Facts
from ostiary.oauth.authorization.request import AuthorizationRequest, UnverifiedRequest
from ostiary.oauth.authorization.response import FormPost, Redirection, Reply
from ostiary.oauth.authorization.steps import prove, read_client_id, verify
from ostiary.oauth.message import parse_form
from ostiary.oauth.reader import SignedIn
from ostiary.oauth.usable import Owners
from support.jose import NOW, make_instance_key, make_ring, make_signing_key

ISSUER = "https://id.test"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
SOURCE = Source(ip="192.0.2.1", user_agent="test", trace_id="trace")

ORGANIZATION = Organization(id="t1", name="T1")
PROJECT = Project(id="shop", organization_id="t1", name="Shop")
SIGNING_KEYS = (
    make_signing_key("ES256"),
    *(
        make_instance_key(purpose)
        for purpose in ("sid", "browser", "refresh", "pairwise", "webhook", "ticket")
    ),
)
APIS = (
    Api(
        id="orders",
        organization_id="t1",
        project_id="shop",
        audience="https://orders.test",
        scopes=("orders.read", "orders.write"),
    ),
    Api(
        id="bills",
        organization_id="t1",
        project_id="shop",
        audience="https://bills.test",
        scopes=("bills.read",),
    ),
)

WEB = Client(
    client_id="web",
    organization_id="t1",
    client_name="Web",
    redirect_uris=("https://app.test/cb",),
    grant_types=("authorization_code", "refresh_token"),
    allowed_scopes=("openid", "profile", "email", "offline_access", "orders.read"),
)
SPA = Client(
    client_id="spa",
    organization_id="t1",
    type=AppType.USER_AGENT,
    token_endpoint_auth_method="none",
    redirect_uris=("https://spa.test/cb",),
)
NAT = Client(
    client_id="nat",
    organization_id="t1",
    type=AppType.NATIVE,
    token_endpoint_auth_method="none",
    redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"),
)
EVIL = Client(client_id="evil", organization_id="t1", redirect_uris=("https://evil.test/cb",))
CLIENTS = {client.client_id: client for client in (WEB, SPA, NAT, EVIL)}


def change(struct: Any, **changes: Any) -> Any:
    """Return a struct with other values."""
    return msgspec.structs.replace(struct, **changes)


def parameters(**changes: str | None) -> dict[str, str]:
    """Return the parameters of a request of `web` that is fine; None leaves one out."""
    fine = {
        "response_type": "code",
        "client_id": "web",
        "redirect_uri": "https://app.test/cb",
        "scope": "openid",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    merged = fine | changes
    return {name: value for name, value in merged.items() if value is not None}


def query(**changes: str | None) -> bytes:
    """Return such parameters as they are sent."""
    return urlencode(parameters(**changes)).encode()


def prove_request(
    raw: bytes, client: Client | None = WEB, organization: Organization | None = ORGANIZATION
) -> AuthorizationRequest:
    """Prove client and redirect URI; what this raises is shown on a page."""
    unverified = UnverifiedRequest(parse_form(raw))
    read_client_id(unverified)
    return prove(unverified, client, Owners(organization=organization))[0]


def verify_request(
    client: Client = WEB,
    ring: KeyRing | None = None,
    raw: bytes = b"",
    apis: tuple[Api, ...] = APIS,
    **changes: str | None,
) -> AuthorizationRequest:
    """Verify a request; what this raises is told to the client."""
    raw = raw or query(**changes)
    facts = Facts(
        form=parse_form(raw),
        client=client,
        apis=apis,
        issuer=ISSUER,
        ring=ring or make_ring(),
        now=NOW,
    )
    return verify(prove_request(raw, client), facts)


def make_user(user_id: str = "alice", **fields: Any) -> User:
    """Return an active user of T1."""
    values = {"username": user_id, "email": f"{user_id}@acme.test"} | fields
    return User(id=user_id, organization_id="t1", **values)


def make_session(user_id: str = "alice", at: int = NOW - 100, **fields: Any) -> Session:
    """Return a session that began with a password at a time."""
    values: dict[str, Any] = {
        "id": f"session-{user_id}",
        "browser_id": "browser",
        "proofs": (Proof(kind=ProofKind.PASSWORD, at=at),),
        "created_at": at,
        "last_seen_at": at,
        "idle_expires_at": at + 7200,
        "expires_at": at + 43200,
    }
    return Session(user_id=user_id, organization_id="t1", **(values | fields))


def sign_in(user_id: str = "alice", at: int = NOW - 100, **fields: Any) -> SignedIn:
    """Return a session and its user."""
    return SignedIn(session=make_session(user_id, at, **fields), user=make_user(user_id))


def make_interaction(**fields: Any) -> Interaction:
    """Return a flow that began half a minute ago."""
    values: dict[str, Any] = {
        "digest": b"d" * 32,
        "browser_id": "browser",
        "client_id": "web",
        "request": {},
        "created_at": NOW - 30,
        "expires_at": NOW + 1770,
    }
    return Interaction(**(values | fields))


def make_consent(user_id: str = "alice", **fields: Any) -> Consent:
    """Return a consent for what `web` asks for in a plain request."""
    values: dict[str, Any] = {"client_id": "web", "scopes": ("openid",), "granted_at": NOW - 1000}
    return Consent(user_id=user_id, **(values | fields))


def read_reply(answer: Reply) -> dict[str, str]:
    """Return the parameters of an answer, whatever its mode."""
    if isinstance(answer, FormPost):
        return dict(answer.fields)
    assert isinstance(answer, Redirection)
    parts = urlsplit(answer.location)
    return dict(parse_qsl(parts.fragment or parts.query, strict_parsing=True))
