"""Steps for the parameters of OAuth: response, scope, resource, PKCE.

Each step takes the request so far and returns the next, or refuses.
"""

import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.organization import Api
from ostiary.oauth import instructions
from ostiary.oauth.authorization.registered import require_response_type, require_scopes
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.authorization.response import returns_token
from ostiary.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    RegistrationNotSupported,
    UnsupportedResponseType,
)
from ostiary.oauth.instructions import Kind
from ostiary.oauth.legacy import canonical
from ostiary.oauth.message import Form
from ostiary.oauth.registry import RESPONSE_MODES, RESPONSE_TYPES
from ostiary.oauth.scope import IDENTITY_SCOPES, OFFLINE_ACCESS, OPENID, known_scopes, parse_scope

MAX_STATE = 4096
MAX_NONCE = 1024
CHALLENGE_LENGTH = 43
_BASE64URL = frozenset(string.ascii_letters + string.digits + "-_")
# 43 characters hold 258 bits: the last two of 256 bits' encoding are zero.
_LAST_OF_CHALLENGE = frozenset("AEIMQUYcgkosw048")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps decide on besides the request so far."""

    form: Form
    client: Client
    # Of the client's organization.
    apis: tuple[Api, ...]
    issuer: str
    ring: KeyRing
    now: int
    # Projects and organizations that exist, of those that scopes name.
    projects: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    # The organizations that the domains which scopes name belong to for certain.
    domains: Mapping[str, str] = {}
    # Whether the request came by a browser although it has to be pushed.
    unpushed: bool = False
    # Whether the request came without a request object although it has to be signed.
    unsigned: bool = False
    # Whether people can make an account of their own.
    can_register: bool = False


def change(request: AuthorizationRequest, **changes: Any) -> AuthorizationRequest:
    """Return the request with these fields changed."""
    return msgspec.structs.replace(request, **changes)


def refuse_duplicates(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Hold the client to sending each parameter once."""
    facts.form.refuse_duplicates()
    return request


def check_response_mode(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Refuse a mode that does not exist, or that the client is not registered for."""
    requested, allowed = facts.form.get("response_mode"), facts.client.response_modes
    if requested is not None and requested not in RESPONSE_MODES:
        raise InvalidRequest(
            "This response_mode does not exist here; supported are " + ", ".join(RESPONSE_MODES),
            rule="response-mode-unknown",
            section="OAuth 2.0 Multiple Response Types 2.1",
            received=requested,
            expected=" ".join(RESPONSE_MODES),
        )
    if requested == "query" and returns_token(facts.form.get("response_type") or ""):
        raise InvalidRequest(
            "Tokens are never sent in a query, which ends up in logs: send response_mode=form_post "
            "or fragment, or leave it out.",
            rule="response-mode-query",
            section="OAuth 2.0 Multiple Response Types 5",
            received=requested,
            expected="form_post fragment",
        )
    if allowed and (requested or request.response_mode) not in allowed:
        raise InvalidRequest(
            "The client is registered for other response modes; send response_mode="
            + " or ".join(allowed),
            rule="response-mode-registered",
            section="OAuth 2.0 Multiple Response Types 2.1",
            received=requested,
            expected=" ".join(allowed),
        )
    return request


def check_state(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Bound `state`, which every response repeats."""
    _check_length("state", facts.form.get("state"), MAX_STATE)
    return request


def require_pushed(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Hold those to pushing their requests who have to (RFC 9126, 5)."""
    if facts.unpushed:
        raise InvalidRequest(
            "This client must push its authorization requests: send the parameters to the "
            "pushed_authorization_request_endpoint, and only client_id and request_uri here.",
            rule="pushed-required",
            section="RFC 9126, 5",
            expected="request_uri",
        )
    return request


def require_signed(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Hold those to signing their requests who have to (RFC 9101, 10.5)."""
    if facts.unsigned:
        raise InvalidRequest(
            "This client must sign its authorization requests: send all parameters in a signed "
            "request object, as the parameter request.",
            rule="signature-required",
            section="RFC 9101, 10.5",
            expected="request",
        )
    return request


def refuse_unsupported(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Refuse a parameter with an error code of its own (OpenID Connect Core 3.1.2.6)."""
    if facts.form.get("registration") is not None:
        raise RegistrationNotSupported(
            "The parameter registration is not supported here: register the client beforehand.",
            rule="parameter-unsupported",
            section="OpenID Connect Core 3.1.2.6",
        )
    return request


def read_response_type(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept `code`, for clients that may use it."""
    requested = facts.form.get("response_type")
    if requested is None:
        raise InvalidRequest(
            "The parameter response_type is missing; send response_type=code.",
            rule="response-type-missing",
            section="RFC 6749, 3.1.1",
            expected="code",
        )
    requested = canonical(requested)
    if requested not in RESPONSE_TYPES:
        raise UnsupportedResponseType(
            "This response_type does not exist here; send response_type=code with PKCE.",
            rule="response-type-unknown",
            section="RFC 6749, 3.1.1",
            received=requested,
            expected=" ".join(RESPONSE_TYPES),
        )
    require_response_type(facts.client, requested, facts.now)
    return change(request, response_type=requested)


def read_resources(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept the audiences of APIs that a scope of the client reaches (RFC 8707, 2)."""
    named = tuple(dict.fromkeys(facts.form.all("resource")))
    allowed = set(facts.client.allowed_scopes)
    reachable = {api.audience for api in facts.apis if allowed.intersection(api.scopes)}
    for resource in named:
        if not _is_absolute(resource):
            raise InvalidTarget(
                "The parameter resource must be an absolute URI without a fragment.",
                rule="resource-syntax",
                section="RFC 8707, 2",
                received=resource,
            )
        if resource not in reachable:
            raise InvalidTarget(
                "This resource is not the audience of an API that the client may ask for.",
                rule="resource-unknown",
                section="RFC 8707, 2",
                received=resource,
            )
    return change(request, resources=named) if named else request


def _is_absolute(uri: str) -> bool:
    # A URI is ASCII (RFC 3986, 2); to split anything else can take seconds.
    try:
        return uri.isascii() and bool(urlsplit(uri).scheme) and "#" not in uri
    except ValueError:
        return False


def read_scopes(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept scopes that exist and that the client may ask for; others are ignored.

    `offline_access` is ignored, registered or not, where no refresh token can come of the
    request (OpenID Connect Core 11): many clients always send it.
    """
    client = facts.client
    asked = parse_scope(facts.form.get("scope")) or _default_scopes(request, facts)
    known = known_scopes(facts.apis)
    if "refresh_token" not in client.grant_types or not request.has("code"):
        known = known - {OFFLINE_ACCESS}
    scopes = tuple(scope for scope in asked if scope in known or _is_instruction(scope, facts))
    if not scopes:
        raise InvalidScope(
            "None of these scopes can be given here.",
            rule="scope-unknown",
            section="RFC 6749, 3.3",
            received=" ".join(asked),
            expected=" ".join(client.allowed_scopes),
        )
    require_scopes(client, scopes)
    if request.has("id_token") and OPENID not in scopes:
        raise InvalidScope(
            "An ID token is only given with the scope openid: add it, or leave id_token out of the "
            "response_type.",
            rule="scope-openid",
            section="OpenID Connect Core 3.2.2.1",
            received=" ".join(scopes),
            expected=OPENID,
        )
    organization = instructions.organization_of(scopes, facts.domains)
    return change(request, scopes=scopes, organization=organization)


def _is_instruction(scope: str, facts: Facts) -> bool:
    """Tell whether a scope is an instruction that can be followed.

    One about an organization that does not exist is not left out: it was to keep others
    from signing in.
    """
    instruction = instructions.parse(scope)
    if instruction is None:
        return False
    if instruction.kind is Kind.AUDIENCE:
        return instruction.value in facts.projects
    if instruction.kind is Kind.ORGANIZATION and instruction.value not in facts.organizations:
        raise InvalidScope(
            "There is no organization with the id that a scope names.",
            rule="organization-unknown",
            received=scope,
        )
    if instruction.kind is Kind.DOMAIN and instruction.value not in facts.domains:
        raise InvalidScope(
            "The domain that a scope names is no organization's, or nobody has proven that it is.",
            rule="domain-unknown",
            received=scope,
        )
    return True


def _default_scopes(request: AuthorizationRequest, facts: Facts) -> tuple[str, ...]:
    """Return the scopes of a request that names none: what the client may do with APIs.

    Never identity scopes: a client that wants to know the user has to say `openid`. Where
    the request names resources, only their scopes.
    """
    wanted = {
        scope
        for api in facts.apis
        if not request.resources or api.audience in request.resources
        for scope in api.scopes
    }.difference(IDENTITY_SCOPES)
    scopes = tuple(scope for scope in facts.client.allowed_scopes if scope in wanted)
    if not scopes:
        raise InvalidScope(
            "The parameter scope is missing; to sign somebody in, send scope=openid.",
            rule="scope-missing",
            section="RFC 6749, 3.3",
            expected=" ".join(facts.client.allowed_scopes),
        )
    return scopes


def read_code_challenge(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept an S256 challenge; hold clients to it that must send one (RFC 7636, 4.3, 4.4.1)."""
    if not request.has("code"):
        return request
    challenge = facts.form.get("code_challenge")
    method = facts.form.get("code_challenge_method")
    if challenge is None:
        if method is not None or facts.client.require_pkce or facts.client.public:
            raise InvalidRequest(
                "The parameter code_challenge is missing: this client must use PKCE. Send the "
                "S256 challenge of a random code_verifier, and code_challenge_method=S256.",
                rule="pkce-missing",
                section="RFC 7636, 4.4.1",
                expected="code_challenge",
            )
        return request
    if method != "S256":
        raise InvalidRequest(
            "Send code_challenge_method=S256. Without it the method is plain, which shows the "
            "code_verifier to whoever sees this request, and is not supported.",
            rule="pkce-method",
            section="RFC 7636, 4.3; RFC 9700, 2.1.1",
            received=method or "none",
            expected="S256",
        )
    if (
        len(challenge) != CHALLENGE_LENGTH
        or not _BASE64URL.issuperset(challenge)
        or challenge[-1] not in _LAST_OF_CHALLENGE
    ):
        raise InvalidRequest(
            "The code_challenge is not an S256 challenge: that is the SHA-256 hash of the "
            "code_verifier in base64url without padding, 43 characters.",
            rule="pkce-syntax",
            section="RFC 7636, 4.2",
            received=f"{len(challenge)} characters",
            expected="43 characters of A-Z a-z 0-9 - _",
        )
    return change(request, code_challenge=challenge)


def read_nonce(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Accept a `nonce`, which the ID token repeats."""
    nonce = facts.form.get("nonce")
    if nonce is None and request.has("id_token"):
        raise InvalidRequest(
            "The parameter nonce is missing: an ID token that comes through the browser needs one, "
            "so that a stolen one cannot be put in its place.",
            rule="nonce-missing",
            section="OpenID Connect Core 3.2.2.1 and 3.3.2.11",
            expected="nonce",
        )
    _check_length("nonce", nonce, MAX_NONCE)
    return request if nonce is None else change(request, nonce=nonce)


def _check_length(name: str, value: str | None, limit: int) -> None:
    if value is not None and len(value) > limit:
        raise InvalidRequest(
            f"The parameter {name} is longer than {limit} characters.",
            rule="parameter-length",
            received=f"{len(value)} characters",
            expected=f"at most {limit}",
        )
