"""Records to fill a store with: a small organization, and what a sign-in leaves behind."""

import hashlib
import itertools

import msgspec

from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.client import Client
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.event import Event, Result
from ostiary.model.factor import Factor, FactorKind, Totp, TrustedDevice
from ostiary.model.grant import (
    AccessToken,
    AuthorizationCode,
    Consent,
    DeviceCode,
    Grant,
    Interaction,
    PushedRequest,
    RefreshFamily,
)
from ostiary.model.idempotency import KeptAnswer
from ostiary.model.image import Image
from ostiary.model.key import InstanceKey, KeyState, SigningKey
from ostiary.model.lint import Mend, Silence
from ostiary.model.membership import Group, GroupMember, Membership, ProjectGrant
from ostiary.model.organization import Api, Organization, Project, Role, RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.registration import RegistrationToken, UnusedClient
from ostiary.model.session import Browser, Proof, ProofKind, Session
from ostiary.model.setup import SetupToken
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.trace import Endpoint, Trace
from ostiary.model.user import Address, LoginName, Profile, User
from ostiary.model.webhook import Webhook, WebhookSecret
from ostiary.oauth.effects import Effect, Insert

NOW = 1_800_000_000
DAY = 86400

_numbers = itertools.count(1)


def digest(text: str) -> bytes:
    """Return what is stored of a random value."""
    return hashlib.sha256(text.encode()).digest()


def fresh(prefix: str) -> str:
    """Return a name that no other record has."""
    return f"{prefix}-{next(_numbers)}"


def organization(id_: str = "acme", **fields: object) -> Organization:
    """Make an organization."""
    return msgspec.structs.replace(
        Organization(id=id_, name="ACME", domains=("acme.test",), created_at=NOW), **fields
    )


def project(id_: str = "shop", **fields: object) -> Project:
    """Make a project."""
    return msgspec.structs.replace(
        Project(
            id=id_,
            organization_id="acme",
            name="Shop",
            roles=(Role(key="buyer", name="Buyer"),),
            created_at=NOW,
        ),
        **fields,
    )


def api(id_: str = "orders", **fields: object) -> Api:
    """Make an API."""
    return msgspec.structs.replace(
        Api(
            id=id_,
            organization_id="acme",
            project_id="shop",
            audience=f"https://{id_}.acme.test",
            scopes=("orders.read", "orders.write"),
        ),
        **fields,
    )


def client(client_id: str = "shop-web", **fields: object) -> Client:
    """Make an application."""
    return msgspec.structs.replace(
        Client(
            client_id=client_id,
            organization_id="acme",
            project_id="shop",
            client_name="Shop",
            redirect_uris=("https://shop.acme.test/callback",),
        ),
        **fields,
    )


def user(id_: str = "alice", **fields: object) -> User:
    """Make a user."""
    return msgspec.structs.replace(
        User(
            id=id_,
            organization_id="acme",
            username=id_,
            email=f"{id_}@acme.test",
            profile=Profile(given_name="Alice", locale="de-CH"),
            address=Address(locality="Zürich", country="CH"),
            metadata={"plan": "gold"},
        ),
        **fields,
    )


def login_name(name: str = "alice", user_id: str = "alice") -> LoginName:
    """Make a login name."""
    return LoginName(name=name, user_id=user_id)


def role_assignment(id_: str = "assignment", **fields: object) -> RoleAssignment:
    """Make a role assignment."""
    return msgspec.structs.replace(
        RoleAssignment(
            id=id_,
            organization_id="acme",
            project_id="shop",
            user_id="alice",
            roles=("buyer",),
        ),
        **fields,
    )


def membership(**fields: object) -> Membership:
    """Make a membership of Alice."""
    return msgspec.structs.replace(
        Membership(organization_id="acme", user_id="alice", created_at=NOW), **fields
    )


def verified_domain(domain: str = "acme.test", **fields: object) -> VerifiedDomain:
    """Prove a domain."""
    return msgspec.structs.replace(
        VerifiedDomain(
            domain=domain, organization_id="acme", proof=DomainProof.DNS, verified_at=NOW
        ),
        **fields,
    )


def image(id_: str = "organization:acme", **fields: object) -> Image:
    """Make a logo."""
    return msgspec.structs.replace(
        Image(
            id=id_,
            digest="0" * 64,
            content=b"\x00image\xff",
            source="https://acme.test/logo.png",
            updated_at=NOW,
        ),
        **fields,
    )


def group(id_: str = "group-1", **fields: object) -> Group:
    """Make a group."""
    return msgspec.structs.replace(
        Group(id=id_, organization_id="acme", key="staff", name="Staff"), **fields
    )


def group_member(**fields: object) -> GroupMember:
    """Put Alice into the group."""
    return msgspec.structs.replace(
        GroupMember(group_id="group-1", user_id="alice", created_at=NOW), **fields
    )


def project_grant(id_: str = "project-grant", **fields: object) -> ProjectGrant:
    """Share the shop."""
    return msgspec.structs.replace(
        ProjectGrant(
            id=id_,
            project_id="shop",
            organization_id="acme",
            granted_organization_id="acme",
            roles=("buyer",),
        ),
        **fields,
    )


def personal_token(text: str = "personal", **fields: object) -> PersonalToken:
    """Make a personal token of Alice."""
    return msgspec.structs.replace(
        PersonalToken(
            digest=digest(text),
            id=f"{text}-id",
            user_id="alice",
            organization_id="acme",
            name="Backup",
            scopes=("orders.read",),
            audience=("https://orders.acme.test",),
            created_at=NOW,
            expires_at=NOW + 30 * DAY,
        ),
        **fields,
    )


def administrator(id_: str = "administrator", **fields: object) -> Administrator:
    """Make Alice an owner of ACME."""
    return msgspec.structs.replace(
        Administrator(
            id=id_,
            user_id="alice",
            role=AdministratorRole.ORG_OWNER,
            organization_id="acme",
            created_at=NOW,
        ),
        **fields,
    )


def kept_answer(text: str = "kept", **fields: object) -> KeptAnswer:
    """Make the answer of a request that may be sent again."""
    return msgspec.structs.replace(
        KeptAnswer(
            digest=digest(text),
            fingerprint=b"\x00\xff",
            status=201,
            sealed=b"\xff\x00",
            created_at=NOW,
            expires_at=NOW + DAY,
        ),
        **fields,
    )


def signing_key(kid: str = "key", **fields: object) -> SigningKey:
    """Make a signing key; what it holds is no key."""
    return msgspec.structs.replace(
        SigningKey(
            kid=kid,
            alg="ES256",
            state=KeyState.ACTIVE,
            public_jwk={"kty": "EC", "crv": "P-256"},
            private_sealed=b"\x00sealed\xff",
            created_at=NOW,
        ),
        **fields,
    )


def instance_key(id_: str = "refresh-1", **fields: object) -> InstanceKey:
    """Make a symmetric key."""
    return msgspec.structs.replace(
        InstanceKey(id=id_, purpose="refresh", key_version=1, sealed=b"\x00\x01", created_at=NOW),
        **fields,
    )


def factor(id_: str = "totp:alice", **fields: object) -> Factor:
    """Make an authenticator app of Alice."""
    return msgspec.structs.replace(
        Factor(
            id=id_,
            user_id="alice",
            kind=FactorKind.TOTP,
            credential=Totp(sealed=b"\x00sealed\xff", last_step=7),
            created_at=NOW,
        ),
        **fields,
    )


def trusted_device(id_: str = "trusted", **fields: object) -> TrustedDevice:
    """Make a device that Alice trusts."""
    return msgspec.structs.replace(
        TrustedDevice(id=id_, user_id="alice", created_at=NOW, expires_at=NOW + 30 * DAY), **fields
    )


def setup_token(text: str = "setup", **fields: object) -> SetupToken:
    """Make a setup token."""
    return msgspec.structs.replace(
        SetupToken(digest=digest(text), created_at=NOW, expires_at=NOW + 900), **fields
    )


def ticket(text: str = "ticket", **fields: object) -> Ticket:
    """Make a ticket for resetting a password."""
    return msgspec.structs.replace(
        Ticket(
            digest=digest(text),
            id=text,
            purpose=Purpose.PASSWORD_RESET,
            user_id="alice",
            organization_id="acme",
            email="alice@acme.test",
            key_version=1,
            flow=digest("flow"),
            values={"address": "alice@new.test"},
            created_at=NOW,
            expires_at=NOW + 900,
        ),
        **fields,
    )


def registration_token(text: str = "initial", **fields: object) -> RegistrationToken:
    """Make an initial access token."""
    return msgspec.structs.replace(
        RegistrationToken(
            id=text, digest=digest(text), uses=3, created_at=NOW, expires_at=NOW + DAY
        ),
        **fields,
    )


def trace(id_: str = "trace", **fields: object) -> Trace:
    """Make the trace of a token request that failed."""
    made = Trace(
        id=id_,
        at=NOW,
        endpoint=Endpoint.TOKEN,
        outcome=Result.FAILURE,
        client_id="web",
        organization_id="acme",
        project_id="shop",
        error="invalid_grant",
        rule="code-expired",
    )
    return msgspec.structs.replace(made, **fields)


def webhook(id_: str = "siem", **fields: object) -> Webhook:
    """Make a webhook of the whole instance."""
    made = Webhook(
        id=id_,
        url="https://siem.test/events",
        events=("auth.*",),
        secrets=(WebhookSecret(number=1, key_version=1, created_at=NOW),),
        created_at=NOW,
    )
    return msgspec.structs.replace(made, **fields)


def silence(client_id: str = "shop-web", **fields: object) -> Silence:
    """Make a finding that somebody accepts."""
    return msgspec.structs.replace(
        Silence(
            client_id=client_id,
            rule="nonce-never-sent",
            reason="Its library cannot.",
            created_at=NOW,
            actor_type="user",
            actor_id="alice",
        ),
        **fields,
    )


def mend(id_: str = "mend", **fields: object) -> Mend:
    """Make a change that lint proposed."""
    return msgspec.structs.replace(
        Mend(
            id=id_,
            client_id="shop-web",
            rule="scope-unused",
            before={"allowed_scopes": ["openid", "email"]},
            after={"allowed_scopes": ["openid"]},
            created_at=NOW,
            expires_at=NOW + 90 * DAY,
        ),
        **fields,
    )


def unused_client(client_id: str = "shop-web", **fields: object) -> UnusedClient:
    """Make the note that a client was not used yet."""
    return msgspec.structs.replace(UnusedClient(client_id=client_id, created_at=NOW), **fields)


def browser(id_: str = "browser", **fields: object) -> Browser:
    """Make a browser."""
    return msgspec.structs.replace(
        Browser(id=id_, digest=digest(id_), created_at=NOW, expires_at=NOW + 30 * DAY), **fields
    )


def session(id_: str = "session", **fields: object) -> Session:
    """Make a session of Alice."""
    return msgspec.structs.replace(
        Session(
            id=id_,
            browser_id="browser",
            user_id="alice",
            organization_id="acme",
            proofs=(Proof(kind=ProofKind.PASSWORD, at=NOW),),
            created_at=NOW,
            last_seen_at=NOW,
            idle_expires_at=NOW + 7200,
            expires_at=NOW + 43200,
            ip="192.0.2.1",
            user_agent="Firefox",
        ),
        **fields,
    )


def grant(id_: str = "grant", **fields: object) -> Grant:
    """Make a grant of Alice to the shop."""
    return msgspec.structs.replace(
        Grant(
            id=id_,
            client_id="shop-web",
            user_id="alice",
            organization_id="acme",
            session_id="session",
            sid="sid",
            scopes=("openid", "profile"),
            claims={"userinfo": {"email": None}},
            auth_time=NOW,
            acr="urn:ostiary:acr:1fa",
            amr=("pwd",),
            created_at=NOW,
            expires_at=NOW + 30 * DAY,
        ),
        **fields,
    )


def code(text: str = "code", **fields: object) -> AuthorizationCode:
    """Make an authorization code."""
    return msgspec.structs.replace(
        AuthorizationCode(
            digest=digest(text),
            grant_id="grant",
            client_id="shop-web",
            redirect_uri="https://shop.acme.test/callback",
            code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            nonce="n-0S6_WzA2Mj",
            created_at=NOW,
            expires_at=NOW + 60,
        ),
        **fields,
    )


def family(id_: bytes = b"family", **fields: object) -> RefreshFamily:
    """Make a refresh family."""
    return msgspec.structs.replace(
        RefreshFamily(
            id=id_,
            grant_id="grant",
            client_id="shop-web",
            key_version=1,
            rotated_at=NOW,
            created_at=NOW,
            idle_expires_at=NOW + 14 * DAY,
            expires_at=NOW + 30 * DAY,
        ),
        **fields,
    )


def access_token(text: str = "token", **fields: object) -> AccessToken:
    """Make an opaque access token."""
    return msgspec.structs.replace(
        AccessToken(
            digest=digest(text),
            jti=text,
            grant_id="grant",
            client_id="shop-web",
            subject="alice",
            scopes=("openid",),
            audience=("https://orders.acme.test",),
            issued_at=NOW,
            expires_at=NOW + 300,
        ),
        **fields,
    )


def consent(**fields: object) -> Consent:
    """Make what Alice allowed the shop."""
    return msgspec.structs.replace(
        Consent(user_id="alice", client_id="shop-web", scopes=("openid",), granted_at=NOW),
        **fields,
    )


def interaction(text: str = "interaction", **fields: object) -> Interaction:
    """Make a request that waits for a person."""
    return msgspec.structs.replace(
        Interaction(
            digest=digest(text),
            browser_id="browser",
            client_id="shop-web",
            request={"scope": ["openid"], "claims": {"id_token": {"acr": {"essential": True}}}},
            peer="192.0.2.1",
            created_at=NOW,
            expires_at=NOW + 1800,
        ),
        **fields,
    )


def pushed_request(text: str = "pushed", **fields: object) -> PushedRequest:
    """Make a request that its client sent ahead."""
    return msgspec.structs.replace(
        PushedRequest(
            digest=digest(text),
            client_id="shop-web",
            request={"scope": ["openid"]},
            created_at=NOW,
            begin_before=NOW + 60,
            expires_at=NOW + 1860,
        ),
        **fields,
    )


def device_code(text: str = "device", **fields: object) -> DeviceCode:
    """Make a device that waits for a person."""
    return msgspec.structs.replace(
        DeviceCode(
            digest=digest(text),
            user_code="BCDFGHJK",
            client_id="shop-tv",
            scopes=("openid",),
            interval=5,
            created_at=NOW,
            expires_at=NOW + 600,
        ),
        **fields,
    )


def event(type_: str = "token.issued", **fields: object) -> Event:
    """Make an event."""
    return msgspec.structs.replace(
        Event(
            type=type_,
            at=NOW,
            client_id="shop-web",
            target="0190f5b8-7d8e-7d8e-9d8e-0190f5b87d8e",
            ip="192.0.2.1",
            user_agent="Firefox",
            trace_id="0190f5b8-7d8e-7d8e-9d8e-0190f5b87d8f",
        ),
        **fields,
    )


def place() -> tuple[Effect, ...]:
    """Return what makes the organization with its project, application and user."""
    return (
        Insert(organization()),
        Insert(project()),
        Insert(client()),
        Insert(user()),
        Insert(login_name()),
    )


def sign_in() -> tuple[Effect, ...]:
    """Return what Alice's signing in leaves behind."""
    return (Insert(browser()), Insert(session()), Insert(grant()))
