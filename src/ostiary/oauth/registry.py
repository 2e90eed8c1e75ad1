"""What exists: the one list that discovery, registration and the endpoints read.

Metadata is generated from here, so it cannot promise what is not there. A new grant,
authentication method, response mode or prompt is its own module and one entry below.
"""

from collections.abc import Mapping

from ostiary.jose import jwe
from ostiary.jose.keys import SIGNING_ALGS
from ostiary.oauth import legacy, subject
from ostiary.oauth.authorization.authentication import LEVELS
from ostiary.oauth.authorization.response import RENDERERS
from ostiary.oauth.clients import keys
from ostiary.oauth.grants import (
    authorization_code,
    client_credentials,
    device_code,
    jwt_bearer,
    refresh_token,
    token_exchange,
)
from ostiary.oauth.issuance import GrantType
from ostiary.oauth.scope import IDENTITY_SCOPES

GRANTS: Mapping[str, GrantType] = {
    grant.grant_type: grant
    for grant in (
        authorization_code,
        refresh_token,
        client_credentials,
        jwt_bearer,
        token_exchange,
        device_code,
    )
}
"""The grants of the token endpoint by `grant_type` (RFC 6749, 1.3)."""

GRANT_TYPES = tuple(GRANTS)
REFRESHABLE = frozenset({authorization_code.grant_type, device_code.grant_type, legacy.PASSWORD})
"""The grants that may come with a refresh token."""
RESPONSE_TYPES = (legacy.CODE, *legacy.RESPONSE_TYPES)
RESPONSE_MODES = tuple(RENDERERS)
CODE_CHALLENGE_METHODS = ("S256",)
# Sets up a further factor; understood, and in no specification.
ENROL = "enrol"
PROMPTS = ("none", "login", "consent", "select_account", ENROL)
# The prompt that exists where people can make an account of their own.
CREATE = "create"
SCOPES = IDENTITY_SCOPES
SUBJECT_TYPES = subject.TYPES
DISPLAYS = ("page",)
CLAIM_TYPES = ("normal",)

ACR_VALUES = LEVELS
"""Authentication context classes that a person can reach, weakest first."""

AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
"""Ways for a client to authenticate at the token endpoint (OpenID Connect Core 9)."""

SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
"""Those of them by which a client shows its secret."""

CLIENT_ASSERTION_ALGS = keys.ALGS
"""Algorithms that client assertions may be signed with."""

REQUEST_OBJECT_ALGS = keys.ALGS
"""Algorithms of request objects that every client may use (OpenID Connect Registration 2).

`none` is not among them: it is for those alone who are registered for it.
"""

TOKEN_SIGNING_ALGS = SIGNING_ALGS
"""Algorithms that ID tokens and access tokens can be signed with, once there is a key."""

ENCRYPTION_ALGS, ENCRYPTION_ENCS = jwe.ALGS, jwe.ENCS
"""Ways to encrypt ID tokens and userinfo answers for a client: its key, and the content."""

PROTOCOL_CLAIMS = (
    *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr"),
    *("at_hash", "c_hash", "s_hash", "sid", "jti", "roles"),
)
"""Claims that come from the protocol itself, not from the user's profile."""
