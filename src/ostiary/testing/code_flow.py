"""Tokens without an application: the requests that one would send (RFC 6749, 4.1 and 4.4)."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from ostiary.clock import SystemEntropy
from ostiary.testing.browser import Stuck, trusted
from ostiary.testing.things import Application, Tokens

_AUTHORIZE = "/oauth/v2/authorize"
_TOKEN = "/oauth/v2/token"


def sign_in_and_exchange(
    application: Application,
    sign_in: Callable[[str], str],
    scope: str,
    parameters: Mapping[str, str],
) -> Tokens:
    """Get tokens by the authorization code flow with PKCE (RFC 7636).

    `sign_in` leads from the authorization request to the address that answers it.

    Raises:
        Stuck: the server refuses; the message says why.
    """
    if not application.redirect_uris:
        raise Stuck(f"{application.client_id} has no redirect URI: nobody signs in to it")
    verifier, state = _random(), _random()
    request = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": application.redirect_uris[0],
        "scope": scope,
        "state": state,
        "nonce": _random(),
        "code_challenge": _encode(hashlib.sha256(verifier.encode("ascii")).digest()),
        "code_challenge_method": "S256",
        **parameters,
    }
    answered = sign_in(f"{application.issuer}{_AUTHORIZE}?{urlencode(request)}")
    answer = {name: values[0] for name, values in parse_qs(urlsplit(answered).query).items()}
    if answer.get("state") != request["state"] or "code" not in answer:
        raise Stuck(f"the authorization endpoint answered {answer}")
    return _ask(
        application,
        {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": request["redirect_uri"],
            "code_verifier": verifier,
        },
    )


def token_of_machine(
    application: Application, scope: str | None, parameters: Mapping[str, str]
) -> Tokens:
    """Get a token by client credentials.

    Raises:
        Stuck: the server refuses; the message says why.
    """
    wanted = {} if scope is None else {"scope": scope}
    return _ask(application, {"grant_type": "client_credentials", **wanted, **parameters})


def _ask(application: Application, form: dict[str, str]) -> Tokens:
    method = application.metadata["token_endpoint_auth_method"]
    secret = application.client_secret or ""
    authentication = None
    match method:
        case "client_secret_basic":
            authentication = httpx.BasicAuth(application.client_id, secret)
        case "client_secret_post":
            form |= {"client_id": application.client_id, "client_secret": secret}
        case "none":
            form |= {"client_id": application.client_id}
        case _:
            raise Stuck(f"the kit cannot authenticate by {method}: let the application do it")
    # Fields that only some answers have are not missed in the others.
    response = httpx.post(
        f"{application.issuer}{_TOKEN}", data=form, auth=authentication, verify=trusted()
    )
    if response.status_code != httpx.codes.OK:
        raise Stuck(f"the token endpoint answered {response.status_code}: {response.text}")
    return msgspec.json.decode(response.content, type=Tokens)


def _random() -> str:
    return _encode(SystemEntropy().token_bytes(32))


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")
