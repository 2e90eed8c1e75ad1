"""Evidence for the rules of lint, and cases of each: what it finds, and what it does not."""

from typing import Any

import msgspec

from ostiary.advisor.lint.evidence import Evidence
from ostiary.model.client import (
    AccessTokenType,
    AppType,
    Client,
    ClientSecret,
    Legacy,
    Lifetimes,
)
from ostiary.model.policy import Policies, TokenLifetimes
from ostiary.model.sighting import DAY, HOUR, Sighting, Trait
from support.jose import make_key

NOW = 1_800_000_000
TODAY, SOON, PAST = "2027-01-15", "2027-02-10", "2026-12-31"
ISSUER = "https://id.example"
CODE, IMPLICIT, REFRESH = "authorization_code", "implicit", "refresh_token"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
WEB = Client(
    client_id="web",
    organization_id="acme",
    redirect_uris=("https://app.example/cb",),
    grant_types=(CODE,),
    allowed_scopes=("openid", "profile"),
    access_token_type=AccessTokenType.OPAQUE,
    secrets=(ClientSecret(digest=b"1" * 32, created_at=NOW - 100 * DAY),),
    created_at=NOW - 300 * DAY,
)
HYBRID: dict[str, Any] = {
    "grant_types": (CODE, IMPLICIT),
    "response_types": ("code", "code id_token"),
    "legacy": Legacy(reason="A portal of 2015.", until="2027-12-31"),
}
PUBLIC: dict[str, Any] = {
    "type": AppType.USER_AGENT,
    "token_endpoint_auth_method": "none",
    "secrets": (),
}
USED = {Trait.GRANT_TYPE: {CODE: 1}}
Seen = dict[Trait, dict[str, float]]


def evidence(
    seen: Seen | None = None,
    *,
    watched: float | None = 300,
    policies: Policies | None = None,
    issuer: str = ISSUER,
    **fields: Any,
) -> Evidence:
    """Make evidence of the application Web; `seen` and `watched` tell days before now."""
    client = msgspec.structs.replace(WEB, **fields)
    return Evidence(
        client=client,
        policies=policies or Policies(),
        issuer=issuer,
        now=NOW,
        watched_since=None if watched is None else NOW - int(watched * DAY),
        sightings=tuple(
            Sighting(
                client_id=client.client_id,
                trait=trait,
                value=value,
                first_seen_at=NOW - 299 * DAY,
                last_seen_at=NOW - int(ago * DAY),
            )
            for trait, values in (USED if seen is None else seen).items()
            for value, ago in values.items()
        ),
    )


def secret(days: int, ends: int | None = None) -> ClientSecret:
    """Make a secret of some days ago, which ends in some days."""
    return ClientSecret(
        digest=days.to_bytes(32),
        created_at=NOW - days * DAY,
        expires_at=None if ends is None else NOW + ends * DAY,
    )


def made(days: int) -> str:
    """Return what a secret of some days ago is known by."""
    return str(NOW - days * DAY)


_SENT = {Trait.CODE_CHALLENGE: {"S256": 1.0}}
_TWO = ("https://app.example/cb", "https://old.example/cb")
_OWN = ("https://app.example/cb", "http://localhost:8000/cb")
_SOFT = Legacy(reason="A library of 2015.", until="2027-12-31")
_KEYS = {"keys": [make_key("ES256").public_jwk]}

# By rule: what it finds, and evidence like it in which there is nothing to find.
CASES: dict[str, tuple[tuple[Evidence, ...], tuple[Evidence, ...]]] = {
    "pkce-not-required": (
        (
            evidence(require_pkce=False),
            evidence(_SENT, require_pkce=False),
            # A reason is none, where PKCE is always sent.
            evidence(_SENT, require_pkce=False, legacy=_SOFT),
        ),
        (
            evidence(_SENT),
            evidence(
                {Trait.CODE_CHALLENGE: {"S256": 1, "none": 2}}, require_pkce=False, legacy=_SOFT
            ),
            evidence(_SENT, require_pkce=False, legacy=_SOFT, watched=3),
        ),
    ),
    "nonce-never-sent": (
        (
            evidence({Trait.NONCE: {"absent": 1}}),
            evidence({Trait.NONCE: {"absent": 1, "sent": 40}}),
        ),
        (
            evidence({Trait.NONCE: {"absent": 1, "sent": 2}}),
            evidence({Trait.NONCE: {"absent": 40}}),
            evidence({Trait.NONCE: {"absent": 0.1}}, watched=0.5),
        ),
    ),
    "pushed-not-required": (
        (evidence({Trait.PUSHED: {"yes": 1}}),),
        (
            evidence({Trait.PUSHED: {"yes": 1, "no": 20}}),
            evidence({Trait.PUSHED: {"yes": 1}}, require_pushed_authorization_requests=True),
            evidence(
                {Trait.PUSHED: {"yes": 1}},
                policies=Policies(require_pushed_authorization_requests=True),
            ),
            evidence({Trait.PUSHED: {"yes": 1}}, watched=6),
        ),
    ),
    "legacy-unused": (
        (
            evidence(legacy=_SOFT),
            evidence({Trait.RESPONSE_TYPE: {"code": 1}}, **HYBRID),
            evidence(
                {Trait.RESPONSE_TYPE: {"code": 1, "code id_token": 31}},
                **{**HYBRID, "grant_types": (CODE, IMPLICIT, REFRESH)},
            ),
            # Nothing else would be left of it.
            evidence({}, **{**HYBRID, "response_types": ("code id_token",)}),
            evidence(
                {}, grant_types=("password",), response_types=(), redirect_uris=(), legacy=_SOFT
            ),
        ),
        (
            evidence(),
            evidence({Trait.RESPONSE_TYPE: {"code id_token": 1}}, **HYBRID),
            evidence({}, watched=29, **HYBRID),
            evidence({}, widened_at={"response_types": NOW - 3 * DAY}, **HYBRID),
            # It is needed to do without PKCE.
            evidence(legacy=_SOFT, require_pkce=False),
        ),
    ),
    "legacy-without-end": (
        (evidence(**{**HYBRID, "legacy": Legacy(reason="A portal.")}),),
        (evidence(**HYBRID), evidence()),
    ),
    "legacy-ending": (
        (
            evidence(**{**HYBRID, "legacy": Legacy(reason="A portal.", until=SOON)}),
            evidence(**{**HYBRID, "legacy": Legacy(reason="A portal.", until=TODAY)}),
        ),
        (evidence(**HYBRID), evidence(**{**HYBRID, "legacy": Legacy(reason="A.", until=PAST)})),
    ),
    "legacy-ended": (
        (
            evidence(**{**HYBRID, "legacy": Legacy(reason="A portal.", until=PAST)}),
            evidence(legacy=Legacy(reason="A portal.", until=PAST), require_pkce=False),
        ),
        (
            evidence(**HYBRID),
            evidence(**{**HYBRID, "legacy": Legacy(reason="A.", until=TODAY)}),
            evidence(**{**HYBRID, "legacy": Legacy(reason="A.")}),
        ),
    ),
    "legacy-could-be-code": (
        (evidence({Trait.RESPONSE_TYPE: {"code": 1, "code id_token": 2}, **_SENT}, **HYBRID),),
        (
            evidence({Trait.RESPONSE_TYPE: {"code id_token": 2}, **_SENT}, **HYBRID),
            evidence({Trait.RESPONSE_TYPE: {"code": 1, "code id_token": 2}}, **HYBRID),
            evidence({Trait.RESPONSE_TYPE: {"code": 1}, **_SENT}, **HYBRID),
            evidence({Trait.RESPONSE_TYPE: {"code": 1}, **_SENT}),
        ),
    ),
    "openid-missing": (
        (
            evidence(allowed_scopes=("orders",)),
            evidence(
                grant_types=(IMPLICIT,), response_types=("token",), allowed_scopes=("orders",)
            ),
        ),
        (evidence(), evidence(grant_types=("client_credentials",), allowed_scopes=())),
    ),
    "type-contradicts-method": (
        (
            evidence(token_endpoint_auth_method="none", secrets=()),
            evidence(
                token_endpoint_auth_method="none",
                secrets=(),
                grant_types=(CODE, DEVICE),
            ),
        ),
        (evidence(), evidence(**PUBLIC)),
    ),
    "native-secret": (
        (evidence(type=AppType.NATIVE),),
        (evidence(), evidence(**{**PUBLIC, "type": AppType.NATIVE})),
    ),
    "redirect-uri-unused": (
        (
            evidence({Trait.REDIRECT_URI: {_TWO[0]: 1}}, redirect_uris=_TWO),
            evidence({Trait.REDIRECT_URI: {_TWO[0]: 1, _TWO[1]: 91}}, redirect_uris=_TWO),
        ),
        (
            evidence({Trait.REDIRECT_URI: {_TWO[0]: 1, _TWO[1]: 89}}, redirect_uris=_TWO),
            evidence({Trait.REDIRECT_URI: {_TWO[0]: 1}}, redirect_uris=_TWO, watched=80),
            evidence({}, redirect_uris=_TWO),
            # One that is not registered any more says nothing about the one that is.
            evidence({Trait.REDIRECT_URI: {"https://gone.example/": 1}}),
            evidence(
                {Trait.REDIRECT_URI: {_TWO[0]: 1}},
                redirect_uris=_TWO,
                widened_at={"redirect_uris": NOW - 10 * DAY},
            ),
        ),
    ),
    "redirect-uri-loopback": (
        (
            evidence(redirect_uris=_OWN),
            evidence(redirect_uris=("http://[::1]/cb", *_TWO), **PUBLIC),
        ),
        (
            evidence(redirect_uris=_TWO),
            evidence(redirect_uris=_OWN, issuer="http://localhost:8080"),
            evidence(redirect_uris=_OWN[1:]),
            evidence(redirect_uris=_OWN, **{**PUBLIC, "type": AppType.NATIVE}),
        ),
    ),
    "origin-loopback": (
        (evidence(web_origins=("https://app.example", "http://127.0.0.1:5173"), **PUBLIC),),
        (
            evidence(web_origins=("https://app.example",), **PUBLIC),
            evidence(web_origins=("http://localhost:5173",), **PUBLIC),
        ),
    ),
    "scope-unused": (
        (evidence({Trait.SCOPE: {"openid": 1}}), evidence({Trait.SCOPE: {"profile": 91, "x": 1}})),
        (
            evidence({Trait.SCOPE: {"openid": 1, "profile": 60}}),
            evidence({Trait.SCOPE: {"profile": 1}}),
            evidence({Trait.SCOPE: {"openid": 1}}, watched=None),
            evidence({}),
        ),
    ),
    "grant-unused": (
        (
            evidence(grant_types=(CODE, "client_credentials")),
            evidence({Trait.GRANT_TYPE: {REFRESH: 1}}, grant_types=(CODE, REFRESH)),
            evidence({Trait.GRANT_TYPE: {"x": 1}}, grant_types=("client_credentials",)),
            # Without what gives it, nothing is left that a refresh token could come with.
            evidence(
                {Trait.GRANT_TYPE: {"client_credentials": 1, REFRESH: 1}},
                grant_types=(DEVICE, "client_credentials", REFRESH),
                redirect_uris=(),
                response_types=(),
            ),
        ),
        (
            evidence(),
            evidence(
                {Trait.GRANT_TYPE: {CODE: 1, "client_credentials": 80}},
                grant_types=(CODE, "client_credentials"),
            ),
            evidence(grant_types=(CODE, REFRESH)),
        ),
    ),
    "refresh-unused": (
        (
            evidence(grant_types=(CODE, REFRESH)),
            evidence(
                {Trait.GRANT_TYPE: {CODE: 1, REFRESH: 31}},
                grant_types=(CODE, REFRESH),
                refresh_token_always=True,
            ),
        ),
        (
            evidence(),
            evidence({Trait.GRANT_TYPE: {CODE: 1, REFRESH: 29}}, grant_types=(CODE, REFRESH)),
            evidence({}, grant_types=(CODE, REFRESH)),
            evidence(grant_types=(CODE, REFRESH), watched=20),
            evidence(
                {Trait.GRANT_TYPE: {CODE: 1, REFRESH: 59}},
                grant_types=(CODE, REFRESH),
                lifetimes=Lifetimes(refresh_idle=60 * DAY),
            ),
        ),
    ),
    "never-used": (
        (evidence({}), evidence({}, watched=30)),
        (evidence(), evidence({}, watched=29), evidence({}, watched=None)),
    ),
    "unused-lately": (
        (evidence({Trait.SCOPE: {"openid": 90}}),),
        (evidence({Trait.SCOPE: {"openid": 89}}), evidence({})),
    ),
    "secret-ends": (
        (
            evidence(secrets=(secret(9, ends=20),)),
            evidence({Trait.SECRET: {made(50): 1}}, secrets=(secret(50, ends=3), secret(1))),
        ),
        (
            evidence(),
            evidence(secrets=(secret(9, ends=31),)),
            evidence(
                {Trait.SECRET: {made(50): 2, made(9): 1}}, secrets=(secret(50, ends=3), secret(9))
            ),
            evidence(secrets=(secret(50, ends=-1), secret(9))),
        ),
    ),
    "secret-old": (
        (evidence(secrets=(secret(365),)),),
        (
            evidence(secrets=(secret(364),)),
            evidence(secrets=(secret(400, ends=5), secret(3))),
            evidence(secrets=(secret(400),), token_endpoint_auth_method="private_key_jwt"),
        ),
    ),
    "secret-unused": (
        (
            evidence(
                {Trait.SECRET: {made(9): 0.1, made(50): 2}}, secrets=(secret(50, ends=3), secret(9))
            ),
        ),
        (
            evidence(
                {Trait.SECRET: {made(9): 0.1, made(50): 0.2}},
                secrets=(secret(50, ends=3), secret(9)),
            ),
            evidence({Trait.SECRET: {made(50): 2}}, secrets=(secret(50, ends=3), secret(9))),
            evidence(),
        ),
    ),
    "method-weak": (
        (evidence(jwks=_KEYS),),
        (
            evidence(),
            evidence(jwks=_KEYS, token_endpoint_auth_method="private_key_jwt", secrets=()),
        ),
    ),
    "key-ends": (
        (evidence(key_expiry={"a": NOW + 30 * DAY}),),
        (evidence(key_expiry={"a": NOW + 31 * DAY, "b": NOW - 1}), evidence()),
    ),
    "access-token-long": (
        (
            evidence(access_token_type=AccessTokenType.JWT, lifetimes=Lifetimes(access_token=1800)),
            evidence(
                access_token_type=AccessTokenType.JWT,
                policies=Policies(token_lifetimes=TokenLifetimes(access_token=3600)),
            ),
        ),
        (
            evidence(access_token_type=AccessTokenType.JWT),
            evidence(lifetimes=Lifetimes(access_token=1800)),
            evidence(
                grant_types=("client_credentials",),
                access_token_type=AccessTokenType.JWT,
                policies=Policies(token_lifetimes=TokenLifetimes(access_token=3600)),
            ),
        ),
    ),
    "refresh-short": (
        (evidence(grant_types=(CODE, REFRESH), lifetimes=Lifetimes(refresh_idle=300)),),
        (
            evidence(grant_types=(CODE, REFRESH)),
            evidence(lifetimes=Lifetimes(refresh_idle=300)),
        ),
    ),
    "refresh-long": (
        (
            evidence(
                {Trait.REFRESH_PAUSE: {str(DAY): 1}, Trait.GRANT_TYPE: {CODE: 1, REFRESH: 1}},
                grant_types=(CODE, REFRESH),
            ),
            evidence(
                {Trait.REFRESH_PAUSE: {str(HOUR): 1}},
                grant_types=(CODE, REFRESH),
                lifetimes=Lifetimes(access_token=12 * HOUR),
            ),
        ),
        (
            evidence({Trait.REFRESH_PAUSE: {str(DAY): 1, str(7 * DAY): 60}}),
            evidence({Trait.REFRESH_PAUSE: {str(DAY): 1}}, watched=20),
            evidence(
                {Trait.REFRESH_PAUSE: {str(DAY): 1}}, lifetimes=Lifetimes(refresh_idle=4 * DAY)
            ),
            evidence({}),
        ),
    ),
    "jwt-unneeded": (
        (evidence({Trait.AUDIENCE: {ISSUER: 1}}, access_token_type=AccessTokenType.JWT),),
        (
            evidence({Trait.AUDIENCE: {ISSUER: 1}}),
            evidence(
                {Trait.AUDIENCE: {ISSUER: 1, "https://orders.example": 80}},
                access_token_type=AccessTokenType.JWT,
            ),
            evidence(
                {Trait.AUDIENCE: {ISSUER: 1}}, access_token_type=AccessTokenType.JWT, watched=60
            ),
            evidence(
                {Trait.AUDIENCE: {ISSUER: 1}},
                access_token_type=AccessTokenType.JWT,
                grant_types=("client_credentials",),
            ),
        ),
    ),
}
