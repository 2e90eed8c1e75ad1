"""The credentials that a request presents, before anything is looked up."""

import base64
import binascii
from urllib.parse import unquote

import msgspec

from ostiary.oauth.errors import InvalidClient, InvalidRequest
from ostiary.oauth.message import Form

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_HEADER = 8192


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """One client and how it authenticates. `client_id` is None where the assertion says it."""

    method: str
    client_id: str | None
    # Candidate secrets: form-decoded first, then raw (many clients forget to encode).
    secrets: tuple[str, ...] = ()
    assertion: str | None = None


def presents_credentials(form: Form, authorization: str | None) -> bool:
    """Tell whether a request authenticates its client in any way, well or badly."""
    names = ("client_secret", "client_assertion", "client_assertion_type")
    return authorization is not None or any(form.get(name) is not None for name in names)


def read_presented(form: Form, authorization: str | None) -> Presented:
    """Find the one way in which a request authenticates its client.

    Raises:
        InvalidRequest: several ways at once, or two different client ids.
        InvalidClient: the Authorization header is malformed, or nothing names a client.
    """
    ways = [
        way
        for way, given in (
            ("client_secret_basic", authorization is not None),
            ("client_secret_post", form.get("client_secret") is not None),
            (
                "private_key_jwt",
                form.get("client_assertion") is not None
                or form.get("client_assertion_type") is not None,
            ),
        )
        if given
    ]
    if len(ways) > 1:
        raise InvalidRequest(
            "Authenticate the client in one way only; this request uses " + " and ".join(ways),
            rule="client-auth-several",
            section="RFC 6749, 2.3",
            received=" and ".join(ways),
        )
    if authorization is not None:
        return _read_basic(form, authorization)
    if ways == ["private_key_jwt"]:
        return _read_assertion(form)
    client_id = form.get("client_id")
    if client_id is None:
        raise InvalidClient(
            "No client is named: send client_id, and authenticate as the client is registered.",
            rule="client-missing",
            section="RFC 6749, 2.3",
        )
    secret = form.get("client_secret")
    if secret is None:
        return Presented(method="none", client_id=client_id)
    return Presented(method="client_secret_post", client_id=client_id, secrets=(secret,))


def _read_basic(form: Form, authorization: str) -> Presented:
    pair = _decode_basic(authorization)
    raw_id, colon, raw_secret = pair.partition(":")
    try:
        client_id, secret = _form_decode(raw_id), _form_decode(raw_secret)
    except UnicodeDecodeError:
        raise _malformed_basic() from None
    if not colon or "\0" in client_id:
        raise _malformed_basic()
    named = form.get("client_id")
    if named is not None and named not in {client_id, raw_id}:
        raise InvalidRequest(
            "The client_id in the body is another than in the Authorization header.",
            rule="client-mismatch",
            section="RFC 6749, 2.3",
        )
    secrets = (secret,) if secret == raw_secret else (secret, raw_secret)
    return Presented(method="client_secret_basic", client_id=client_id, secrets=secrets)


def _decode_basic(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_HEADER:
        raise _malformed_basic()
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise _malformed_basic() from None


def _malformed_basic() -> InvalidClient:
    return InvalidClient(
        "The Authorization header must be: Basic, a space, and the base64 form of "
        "client_id:client_secret, each form-encoded first.",
        basic=True,
        rule="client-basic-syntax",
        section="RFC 6749, 2.3.1",
    )


def _form_decode(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    return unquote(text.replace("+", " "), errors="strict")


def _read_assertion(form: Form) -> Presented:
    kind, assertion = form.get("client_assertion_type"), form.get("client_assertion")
    if kind != ASSERTION_TYPE or assertion is None:
        raise InvalidClient(
            f"Send client_assertion together with client_assertion_type={ASSERTION_TYPE}",
            rule="client-assertion-type",
            section="RFC 7523, 2.2",
            received=kind or "none",
            expected=ASSERTION_TYPE,
        )
    return Presented(method="private_key_jwt", client_id=form.get("client_id"), assertion=assertion)
