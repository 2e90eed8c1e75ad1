"""From parameters to a verified authorization request, step by step.

`prove` finds out who is to be answered, and where; it fails onto a page. `verify` runs
the steps of the table below, in this order; each takes the request so far and returns
the next, and fails to `reply_to`.
"""

from collections.abc import Callable

import msgspec

from ostiary.model.client import Client
from ostiary.oauth.authorization import hints, parameters
from ostiary.oauth.authorization.parameters import Facts
from ostiary.oauth.authorization.request import AuthorizationRequest, UnverifiedRequest
from ostiary.oauth.authorization.response import default_mode, returns_token
from ostiary.oauth.errors import (
    InvalidRequest,
    UnauthorizedClient,
)
from ostiary.oauth.message import Form
from ostiary.oauth.redirect import explain_mismatch, redirect_uri_matches
from ostiary.oauth.registry import RESPONSE_MODES
from ostiary.oauth.scope import OPENID
from ostiary.oauth.usable import Owners, client_refusal

MAX_CLIENT_ID = 255


class UnknownClient(UnauthorizedClient):
    """No client that may be answered has this client_id. Nothing tells the cases apart."""


class RedirectUriMismatch(InvalidRequest):
    """The redirect URI is missing or not a registered one of the client."""


class Step(msgspec.Struct, frozen=True):
    """One row: the parameters that it reads, where they are defined, what checks them."""

    parameters: tuple[str, ...]
    section: str
    run: Callable[[AuthorizationRequest, Facts], AuthorizationRequest]


STEPS = (
    Step((), "RFC 6749, 3.1", parameters.refuse_duplicates),
    Step(
        ("response_mode",),
        "OAuth 2.0 Multiple Response Types 2.1",
        parameters.check_response_mode,
    ),
    Step(("state",), "RFC 6749, 4.1.1", parameters.check_state),
    Step((), "RFC 9126, 5", parameters.require_pushed),
    Step(("request", "request_uri"), "RFC 9101, 10.5", parameters.require_signed),
    Step(
        ("registration",),
        "OpenID Connect Core 3.1.2.6",
        parameters.refuse_unsupported,
    ),
    Step(("response_type",), "RFC 6749, 3.1.1", parameters.read_response_type),
    Step(("resource",), "RFC 8707, 2", parameters.read_resources),
    Step(("scope",), "RFC 6749, 3.3", parameters.read_scopes),
    Step(
        ("code_challenge", "code_challenge_method"),
        "RFC 7636, 4.3",
        parameters.read_code_challenge,
    ),
    Step(("nonce",), "OpenID Connect Core 3.1.2.1", parameters.read_nonce),
    Step(("prompt",), "OpenID Connect Core 3.1.2.1", hints.read_prompts),
    Step(("max_age",), "OpenID Connect Core 3.1.2.1", hints.read_max_age),
    Step(("claims",), "OpenID Connect Core 5.5", hints.read_claims),
    Step(("acr_values",), "OpenID Connect Core 3.1.2.1", hints.read_acr_values),
    Step(("id_token_hint",), "OpenID Connect Core 3.1.2.1", hints.read_id_token_hint),
    Step(("login_hint",), "OpenID Connect Core 3.1.2.1", hints.read_login_hint),
    Step(("ui_locales",), "OpenID Connect Core 3.1.2.1", hints.read_ui_locales),
)


def read_client_id(unverified: UnverifiedRequest) -> str:
    """Find the one client that a request names.

    Raises:
        InvalidRequest: none, or client or redirect URI are named twice.
    """
    form = unverified.form
    for name in ("client_id", "redirect_uri"):
        if name in form.duplicates:
            raise InvalidRequest(
                f"The parameter {name} was sent more than once; send it once.",
                rule="parameter-repeated",
                section="RFC 6749, 3.1",
            )
    client_id = form.get("client_id")
    if client_id is None:
        raise InvalidRequest(
            "The parameter client_id is missing.",
            rule="client-id-missing",
            section="RFC 6749, 4.1.1",
        )
    if len(client_id) > MAX_CLIENT_ID:
        raise _unknown_client()
    return client_id


def require_client(client: Client | None, owners: Owners) -> Client:
    """Return the client that is to be answered.

    Raises:
        UnknownClient: it does not exist or may not take part.
    """
    reason = client_refusal(client, owners)
    if client is None or reason is not None:
        raise _unknown_client(reason)
    return client


def prove(
    unverified: UnverifiedRequest, client: Client | None, owners: Owners
) -> tuple[AuthorizationRequest, Client]:
    """Establish who is answered and where; from then on errors may be redirected.

    Raises:
        UnknownClient: the client does not exist or may not take part.
        RedirectUriMismatch: the redirect URI is not registered for it.
    """
    client = require_client(client, owners)
    form = unverified.form
    requested = form.get("redirect_uri")
    if requested is None:
        redirect_uri = _only_redirect_uri(form, client)
    elif redirect_uri_matches(requested, client):
        redirect_uri = requested
    else:
        raise RedirectUriMismatch(
            "The parameter redirect_uri is not a registered redirect URI of this client. "
            + str(explain_mismatch(requested, client.redirect_uris)),
            rule="redirect-uri-mismatch",
            section="RFC 9700, 4.1.3",
            received=requested,
            expected=" ".join(client.redirect_uris),
        )
    request = AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        redirect_uri_sent=requested is not None,
        response_mode=_reply_mode(form, client),
        state=_reply_state(form),
    )
    return request, client


def verify(request: AuthorizationRequest, facts: Facts) -> AuthorizationRequest:
    """Run all steps.

    Raises:
        OAuthError: of the first step that refuses.
    """
    for step in STEPS:
        request = step.run(request, facts)
    return request


def _unknown_client(reason: str | None = "client_unknown") -> UnknownClient:
    return UnknownClient(
        "No application is registered here under this client_id, or it has been switched off.",
        rule="client-unknown",
        section="RFC 6749, 4.1.2.1",
        detail=reason,
    )


def _only_redirect_uri(form: Form, client: Client) -> str:
    """Return the URI of a request that names none (RFC 6749, 3.1.2.3; Core 3.1.2.1)."""
    openid = OPENID in (form.get("scope") or "").split(" ")
    if len(client.redirect_uris) != 1 or openid:
        raise RedirectUriMismatch(
            "The parameter redirect_uri is missing. It may only be left out without the scope "
            "openid, and where exactly one redirect URI is registered for the client.",
            rule="redirect-uri-missing",
            section="OpenID Connect Core 3.1.2.1" if openid else "RFC 6749, 3.1.2.3",
        )
    return client.redirect_uris[0]


def _reply_mode(form: Form, client: Client) -> str:
    """Choose the mode of answers: the requested one where it may be used, else the default.

    `check_response_mode` refuses afterwards what could not be honoured here.
    """
    mode = form.get("response_mode")
    if "response_mode" in form.duplicates or mode not in RESPONSE_MODES:
        mode = None
    if mode is not None and client.response_modes and mode not in client.response_modes:
        mode = None
    kind = form.get("response_type") or ""
    if mode == "query" and returns_token(kind):
        mode = None
    return mode or default_mode(kind)


def _reply_state(form: Form) -> str | None:
    """Return the state to echo. Of two states, or an endless one, there is none to echo."""
    state = form.get("state")
    if state is None or "state" in form.duplicates or len(state) > parameters.MAX_STATE:
        return None
    return state
