"""An example of every answer, for the documentation.

They tell one story, that of ACME's shop. A test holds each to the type that it is an
example of.
"""

from typing import Any

import msgspec

from ostiary.model.client import AppType, Client, ClientSecret
from ostiary.model.policy import Policies
from ostiary.web.api import views
from ostiary.web.api.resources import advisor

_AT = 1_790_000_000
_STAMPS = {"created_at": "2026-09-21T14:13:20Z", "updated_at": "2026-09-21T14:13:20Z"}
_ALICE = "019966d4-4c00-7d5a-9c1f-3f6d1c0b7e21"
_ID = "019966d4-5ba0-7a1e-8f43-91e2d7c0a4b3"
_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "robot-1",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_CLIENT = Client(
    client_id="shop-web",
    organization_id="acme",
    project_id="shop",
    type=AppType.WEB,
    client_name="Shop",
    redirect_uris=("https://shop.example/callback",),
    grant_types=("authorization_code", "refresh_token"),
    allowed_scopes=("openid", "profile", "email", "offline_access"),
    secrets=(ClientSecret(digest=b"", created_at=_AT),),
    created_at=_AT,
    updated_at=_AT,
)
_ACCOUNT = Client(
    client_id="robot",
    organization_id="acme",
    type=AppType.API,
    client_name="Robot",
    allowed_scopes=("urn:ostiary:api",),
    secrets=(ClientSecret(digest=b"", created_at=_AT),),
    created_at=_AT,
    updated_at=_AT,
)
_FINDING: dict[str, Any] = {
    "rule": "redirect-uri-loopback",
    "target": "http://localhost:8000/callback",
    "severity": "caution",
    "member": "redirect_uris",
    "title": "A redirect URI leads to the own machine: http://localhost:8000/callback",
    "why": "It is of development, beside addresses of production: any program on the machine of a "
    "person could receive what is sent there.",
    "todo": "Take it away, and register another application for development.",
    "references": ["RFC 9700, 2.1", "RFC 8252, 8.3"],
    "mend": {"redirect_uris": ["https://shop.example/callback"]},
    "silenced": None,
}
_HOP = {
    "id": "4Zk0yXbq7Gd2LmWe",
    "at": "2026-09-21T14:13:20Z",
    "endpoint": "authorization",
    "outcome": "failure",
    "status": 400,
    "duration": 1840,
    "client_id": "shop-web",
    "organization": "acme",
    "project": "shop",
    "grant": None,
    "error": "invalid_request",
    "rule": "redirect-uri-mismatch",
    "given": [],
}
_KEY = {
    "kid": "Ww2uGdYl9K8mC6aXb3tQ0eRf5hJ7nP1s",
    "alg": "ES256",
    "state": "active",
    "created_at": "2026-09-20T14:13:20Z",
    "published_at": "2026-09-20T14:13:20Z",
    "activated_at": "2026-09-21T14:13:20Z",
    "retired_at": None,
    "revoked_at": None,
    "next_state": "retired",
    "next_at": "2026-12-20T14:13:20Z",
}


def _first_of(all_of_it: advisor.Advisor) -> advisor.Advisor:
    """Return the first of each: a document is no place for all."""
    return advisor.Advisor(
        questions=all_of_it.questions[:1],
        frameworks=all_of_it.frameworks[:1],
        rules=all_of_it.rules[:1],
        flows=all_of_it.flows[:1],
    )


_EXAMPLES: dict[str, dict[str, Any]] = {
    "Organization": {
        "id": "acme",
        "name": "ACME",
        "domains": ["acme.example"],
        "pending_domains": [],
        "policies": {"password": {"min_length": 20}},
        "branding": {"accent": "#7a1f5c"},
        "state": "active",
        **_STAMPS,
    },
    "Domain": {
        "domain": "acme.example",
        "verified": True,
        "record": "_ostiary-challenge.acme.example",
        "url": "https://acme.example/.well-known/ostiary-domain",
        "value": "ostiary-domain-verification=Zp3lqkQVJm1Y5T8cWb0dGf7hR2sXnA9uE6iKoLvMwyE",
    },
    "Project": {
        "id": "shop",
        "organization": "acme",
        "name": "Shop",
        "state": "active",
        "roles": [{"key": "clerk", "name": "Clerk"}],
        "token_exchange": [],
        **_STAMPS,
    },
    "Role": {"project": "shop", "key": "clerk", "name": "Clerk"},
    "ApplicationVerification": {
        "client_id": "shop-web",
        "verified": False,
        "steps": [
            {
                "id": "request",
                "title": "The application sends people here to sign in",
                "needed": True,
                "seen_at": "2026-09-21T14:13:20Z",
            },
            {"id": "token", "title": "It gets tokens", "needed": True, "seen_at": None},
        ],
        "failures": [
            {
                "at": "2026-09-21T14:13:21Z",
                "type": "client_auth.failed",
                "reason": "secret",
                "trace_id": "arFDIEF0f3kXbWQz",
            }
        ],
    },
    "ApplicationQuickstart": {
        "stack": "fastapi",
        "title": "FastAPI or Starlette",
        "tested": True,
        "env": {"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "shop-web"},
        "env_file": "OIDC_ISSUER=https://login.example.com\nOIDC_CLIENT_ID=shop-web",
        "install": ["pip install -r requirements.txt"],
        "run": ["set -a; . ./.env; set +a", "python -m uvicorn application:app --port 8000"],
        "program": "application.py",
        "files": [{"name": "application.py", "content": "…"}],
        "url": "https://shop.example/",
        "note": "",
        "stacks": [{"id": "fastapi", "title": "FastAPI or Starlette", "tested": True}],
    },
    "Application": msgspec.to_builtins(views.application(_CLIENT)),
    "NewSecret": {
        "client_id": "shop-web",
        "client_secret": "ost_cs_… (shown once)",
        "client_secrets": [{"created_at": _STAMPS["created_at"], "expires_at": None}],
    },
    "Api": {
        "id": "orders",
        "organization": "acme",
        "project": "shop",
        "audience": "https://orders.acme.example",
        "scopes": ["orders.read", "orders.write"],
        "state": "active",
        **_STAMPS,
    },
    "User": {
        "id": _ALICE,
        "organization": "acme",
        "username": "alice",
        "state": "active",
        "has_password": True,
        "email": {"address": "alice@acme.example", "verified": True},
        "phone": None,
        "profile": {"given_name": "Alice", "family_name": "Adams"},
        "address": None,
        "metadata": {"plan": "gold"},
        **_STAMPS,
    },
    "Invitation": {
        "user": _ALICE,
        "organization": "acme",
        "username": "carol@acme.example",
        "email": "carol@acme.example",
        "standing": "open",
        "created_at": _STAMPS["created_at"],
        "expires_at": "2026-09-24T14:13:20Z",
    },
    "NewPassword": {"user": _ALICE, "password": "… (shown once)"},
    "ServiceAccount": msgspec.to_builtins(views.service_account(_ACCOUNT)),
    "ServiceAccountKey": {
        "service_account": "robot",
        "key_id": "robot-1",
        "public_jwk": _JWK,
        "expires_at": "2027-09-21T14:13:20Z",
    },
    "NewServiceAccountKey": {
        "service_account": "robot",
        "key_id": "robot-1",
        "expires_at": "2027-09-21T14:13:20Z",
        "file": {
            "type": "service_account",
            "key_id": "robot-1",
            "service_account_id": "robot",
            "private_key": "-----BEGIN PRIVATE KEY-----\n… (shown once)",
            "token_uri": "https://id.example/oauth/v2/token",
        },
    },
    "RoleAssignment": {
        "id": _ID,
        "organization": "acme",
        "project": "shop",
        "user": _ALICE,
        "group": None,
        "roles": ["clerk"],
        **_STAMPS,
    },
    "Administrator": {
        "id": _ID,
        "user": _ALICE,
        "role": "org_user_manager",
        "organization": "acme",
        "project": None,
        "created_at": _STAMPS["created_at"],
    },
    "Session": {
        "id": _ID,
        "user": _ALICE,
        "organization": "acme",
        "authenticated_by": ["password"],
        "remembered": False,
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "created_at": _STAMPS["created_at"],
        "last_seen_at": "2026-09-21T15:00:00Z",
        "expires_at": "2026-09-21T17:00:00Z",
        "revoked_at": None,
        "revoked_reason": None,
    },
    "Grant": {
        "id": _ID,
        "user": _ALICE,
        "organization": "acme",
        "client_id": "shop-web",
        "session": "019966d4-5000-7c11-a0b2-5d9e3f1c8a70",
        "scopes": ["openid", "profile"],
        "resources": [],
        "offline": False,
        "created_at": _STAMPS["created_at"],
        "expires_at": "2026-10-21T14:13:20Z",
        "revoked_at": None,
        "revoked_reason": None,
    },
    "PoliciesInForce": {"policies": msgspec.to_builtins(Policies())},
    "Key": _KEY,
    "Keys": {"keys": [_KEY]},
    "Event": {
        "position": 4711,
        "type": "account.created",
        "at": _STAMPS["created_at"],
        "result": "success",
        "reason": None,
        "actor_type": "service_account",
        "actor": "robot",
        "user": _ALICE,
        "client_id": None,
        "organization": "acme",
        "session": None,
        "grant": None,
        "target": None,
        "ip": "192.0.2.7",
        "user_agent": "curl/8.5.0",
        "trace_id": "4Zk0yXbq7Gd2LmWe",
        "details": {},
    },
    "TraceSummary": _HOP,
    "Trace": {
        "id": "4Zk0yXbq7Gd2LmWe",
        "at": _STAMPS["created_at"],
        "endpoint": "authorization",
        "outcome": "failure",
        "method": "GET",
        "status": 400,
        "duration": 1840,
        "client_id": "shop-web",
        "organization": "acme",
        "project": "shop",
        "flow": None,
        "grant": None,
        "session": None,
        "authentication": None,
        "parameters": {
            "response_type": "code",
            "client_id": "shop-web",
            "redirect_uri": "https://shop.example/callback/",
            "state": "24 characters",
        },
        "answer": {},
        "origin": None,
        "readable": True,
        "error": "invalid_request",
        "description": "The parameter redirect_uri is not a registered redirect URI of this "
        "client. It differs from a registered one only in the slash at its end.",
        "received": "https://shop.example/callback/",
        "expected": "https://shop.example/callback",
        "detail": None,
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "explanation": {
            "cause": "The redirect_uri is none of those that are registered, which are compared "
            "character by character. It differs from a registered one only in the slash at its "
            "end.",
            "mend": "Send one of the registered redirect URIs exactly, or register this one if it "
            "is the application's own.",
            "rule": "redirect-uri-mismatch",
            "section": "RFC 9700, 4.1.3",
            "received": [
                {"text": "https://shop.example/callback", "differs": False},
                {"text": "/", "differs": True},
            ],
            "expected": [{"text": "https://shop.example/callback", "differs": False}],
            "operation": {
                "title": "Register this redirect URI: https://shop.example/callback/",
                "operation": "update_application",
                "method": "PATCH",
                "path": "/applications/shop-web",
                "body": {
                    "redirect_uris": [
                        "https://shop.example/callback",
                        "https://shop.example/callback/",
                    ]
                },
                "version": 1,
            },
        },
        "hops": [_HOP],
    },
    "Recording": {"client_id": "shop-web", "until": "2026-05-04T09:45:00Z"},
    "TraceArchive": {
        "log": {
            "version": "1.2",
            "creator": {"name": "Ostiary", "version": "0.1.0"},
            "entries": [],
        },
    },
    "Webhook": {
        "id": "siem",
        "organization": "acme",
        "name": "SIEM",
        "url": "https://siem.example.com/events",
        "events": ["auth.*"],
        "personal_data": False,
        "state": "active",
        "disabled_reason": None,
        "secrets": [{"created_at": _STAMPS["created_at"], "expires_at": None}],
        **_STAMPS,
    },
    "Delivery": {
        "position": 4711,
        "type": "auth.logout",
        "state": "delivered",
        "attempts": 1,
        "first_at": _STAMPS["created_at"],
        "last_at": _STAMPS["created_at"],
        "last_error": None,
    },
    "Replayed": {"position": 4710},
    "Advisor": msgspec.to_builtins(_first_of(advisor.describe())),
    "Advised": msgspec.to_builtins(
        advisor.answer({"who": "person", "where": "browser"}, "https://id.example")
    ),
    "Group": {"id": _ID, "organization": "acme", "key": "sales", "name": "Sales", **_STAMPS},
    "GroupMember": {"group": _ID, "user": _ALICE, "username": "alice"},
    "Membership": {
        "organization": "acme",
        "user": "019966d4-4d00-7b21-b3e0-8d1c5a7f9e02",
        "created_at": _STAMPS["created_at"],
    },
    "ProjectGrant": {
        "id": _ID,
        "project": "shop",
        "organization": "globex",
        "owner": "acme",
        "roles": ["clerk"],
        **_STAMPS,
    },
    "PersonalToken": {
        "id": _ID,
        "user": "robot",
        "organization": "acme",
        "name": "Nightly import",
        "scopes": ["urn:ostiary:api"],
        "audience": ["https://id.example/api/v1"],
        "created_at": _STAMPS["created_at"],
        "expires_at": "2026-12-20T14:13:20Z",
        "last_used_at": None,
        "token": "ost_pat_… (shown once)",
    },
    "Factor": {
        "id": _ID,
        "kind": "totp",
        "name": "Phone",
        "codes_left": None,
        "created_at": _STAMPS["created_at"],
        "last_used_at": "2026-09-22T07:00:00Z",
    },
    "TrustedDevice": {
        "id": "Zq3vVt0mXn6Yk1Lw8uJ2dA",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "created_at": _STAMPS["created_at"],
        "expires_at": "2026-10-21T14:13:20Z",
    },
    "UserExport": {
        "format": "ostiary-user-export/1",
        "exported_at": "2026-09-22T07:00:00Z",
        "account": {"id": _ALICE, "username": "alice", "organization": "acme"},
        "sessions": [],
        "applications": [{"client_id": "shop-web", "scopes": ["openid", "profile"]}],
        "consents": [],
        "personal_tokens": [],
        "factors": [{"kind": "totp", "name": "Phone", "created_at": _STAMPS["created_at"]}],
        "trusted_devices": [],
        "groups": [{"key": "sales", "name": "Sales", "organization": "acme"}],
        "memberships": [],
        "roles": [{"project": "shop", "organization": "acme", "roles": ["clerk"]}],
        "events": [],
        "events_truncated": False,
    },
    "UserImport": {
        "organization": "acme",
        "applied": True,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "failed": 0,
        "users": [
            {
                "number": 1,
                "outcome": "created",
                "username": "bob",
                "user": "auth0-5f7c8ec7c33c6c004bbafe82",
                "problems": [],
            }
        ],
    },
    "RegistrationToken": {
        "id": _ID,
        "uses": 3,
        "used": 0,
        "created_at": _STAMPS["created_at"],
        "expires_at": "2026-09-22T14:13:20Z",
        "token": "ost_iat_… (shown once)",
    },
    "LogoutDelivery": {
        "id": 4712,
        "client_id": "shop-web",
        "user": _ALICE,
        "session": _ID,
        "attempts": 2,
        "created_at": _STAMPS["created_at"],
        "next_at": "2026-09-21T14:18:20Z",
        "last_error": "it answered 503",
    },
    "ApplicationLint": {
        "client_id": "shop-web",
        "client_name": "Shop",
        "organization": "acme",
        "project": "shop",
        "findings": [_FINDING],
        "nearest": {
            "rule": "web",
            "title": "A web application on a server",
            "answers": {"who": "person", "where": "server", "purpose": "away"},
            "deviations": [{"member": "access_token_lifetime", "registered": 600, "advised": 300}],
        },
        "last_seen_at": "2026-09-22T07:00:00Z",
        "watched_since": _STAMPS["created_at"],
    },
    "PolicyLint": {
        "findings": [
            {
                "rule": "policy-mfa",
                "target": "",
                "severity": "note",
                "member": "mfa",
                "title": "Nobody needs a second factor",
                "why": "Whoever learns the password of an administrator has everything that they "
                "administer.",
                "todo": "Require a second factor of administrators at least.",
                "references": ["NIST SP 800-63B-4, 2.2"],
                "mend": {"mfa": {"required": "administrators"}},
                "silenced": None,
            }
        ]
    },
    "LegacyApplication": {
        "client_id": "portal",
        "client_name": "Portal",
        "organization": "acme",
        "project": "shop",
        "reason": "A portal of 2015.",
        "until": "2027-06-30",
        "in_force": True,
        "uses": ["code id_token"],
        "last_used": "2026-09-21",
    },
    "LintMend": {
        "id": _ID,
        "client_id": "shop-web",
        "rule": _FINDING["rule"],
        "target": _FINDING["target"],
        "before": {"redirect_uris": [*_CLIENT.redirect_uris, _FINDING["target"]]},
        "after": {"redirect_uris": list(_CLIENT.redirect_uris)},
        "created_at": _STAMPS["created_at"],
        "undo_until": "2026-12-20T14:13:20Z",
        "undone_at": None,
    },
    "Instance": {
        "issuer": "https://id.example",
        "access_token_signing_alg": "RS256",
        "enabled_algs": ["RS256", "ES256"],
        "rsa_bits": 2048,
    },
    "Preview": {
        "id_token_claims": [
            {"name": "sub", "value": _ALICE, "because": []},
            {"name": "roles", "value": ["clerk"], "because": ["setting id_token_role_assertion"]},
        ],
        "access_token_claims": [
            {"name": "scope", "value": "openid profile", "because": ["scope openid"]},
        ],
        "userinfo_claims": [
            {"name": "given_name", "value": "Alice", "because": ["scope profile"]},
        ],
    },
}


def example_of(answer: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the example of an answer.

    Raises:
        KeyError: there is none.
    """
    return _EXAMPLES[answer.__name__]
