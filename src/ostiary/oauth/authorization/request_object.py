"""Request objects (RFC 9101; OpenID Connect Core 6): authorization requests in a signed JWT.

One comes as `request`, at the authorization endpoint or inside a pushed request, or is
read from a `request_uri` that the client registered, where the instance does that. The
parameters in it are the request; those beside it are not looked at, but for `client_id`
and `response_type`, which must not say something else.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from ostiary.jose import base64url, jws, jwt, unsecured
from ostiary.jose.errors import JoseError
from ostiary.model.client import Client
from ostiary.oauth.authorization.request import Mark
from ostiary.oauth.clients.keys import ALGS, UNSIGNED, RemoteKeys, registered_keys
from ostiary.oauth.effects import Effects, Remember
from ostiary.oauth.errors import (
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    RequestUriNotSupported,
    TemporarilyUnavailable,
)
from ostiary.oauth.message import MAX_PARAMETERS, REPEATABLE, Form

MEDIA_TYPE = "oauth-authz-req+jwt"
# A token that was made for another purpose names it in `typ` (RFC 8725, 3.11).
_TYPES = (None, "jwt", MEDIA_TYPE)
# Of objects that are good for one answer: for so many seconds their `jti` is kept.
MAX_LIFETIME = 3600
_MAX_JTI = 256
# What the JWT says about itself (RFC 7519, 4.1).
_OWN_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
# Their values are JSON (OpenID Connect Core 5.5; RFC 9396, 2).
_JSON = frozenset({"claims", "registration", "authorization_details"})
_HASH = re.compile(r"[A-Za-z0-9_-]{43}")
_SECTION = "RFC 9101, 6"


class Unreachable(Exception):
    """Nothing was fetched; why is in the log."""


class RemoteRequests(Protocol):
    """Reads request objects that clients publish."""

    async def fetch(self, client_id: str, request_uri: str) -> str:
        """Return the request object at an address.

        Raises:
            Unreachable: there is none.
        """
        ...


class Opened(msgspec.Struct, frozen=True):
    """A request object of the client that it is from: its parameters, and how it is used up."""

    form: Form
    mark: Mark | None = None


class RequestObjects(msgspec.Struct, frozen=True, kw_only=True):
    """Reads and verifies request objects."""

    issuer: str
    remote_keys: RemoteKeys
    remote_requests: RemoteRequests
    # Whether one more may be fetched for this client and address now.
    ration: Callable[[str, str, int], bool]

    async def open(
        self, form: Form, client: Client, *, by_reference: bool, ip: str, now: int
    ) -> Opened:
        """Open the request object of a request at the authorization endpoint.

        `by_reference`: whether the instance fetches them.

        Raises:
            InvalidRequestObject: it is not good.
            InvalidRequestUri: it is not where it is said to be, or not registered.
            RequestUriNotSupported: the instance fetches none.
            TemporarilyUnavailable: too many are fetched.
            InvalidRequest: there are two of them.
        """
        form.refuse_duplicates()
        refuse_both(form)
        text = form.get("request")
        if text is None:
            text = await self._fetch(
                form.require("request_uri"), client, by_reference=by_reference, ip=ip, now=now
            )
        if client.request_object_signing_alg == UNSIGNED:
            return Opened(self._read_unsigned(text, client, now))
        return await self._read(text, client, now)

    async def open_pushed(self, form: Form, client: Client, now: int) -> Opened:
        """Open the request object of a pushed request, which must be signed (RFC 9126, 3).

        Raises:
            InvalidRequestObject: it is not good.
        """
        if client.request_object_signing_alg == UNSIGNED:
            raise _refuse(
                "a pushed request object must be signed, and the client is registered for "
                "unsigned ones",
                "request-object-unsigned",
            )
        return await self._read(form.require("request"), client, now)

    async def _fetch(
        self, uri: str, client: Client, *, by_reference: bool, ip: str, now: int
    ) -> str:
        if not by_reference:
            raise RequestUriNotSupported(
                "A request_uri is only taken here from the pushed_authorization_request_endpoint: "
                "push the request, or send its parameters themselves.",
                rule="request-uri-off",
                section="OpenID Connect Core 6.2",
            )
        if uri not in client.request_uris:
            raise InvalidRequestUri(
                "This request_uri is not registered for the client: it is compared with the "
                "registered request_uris character by character, its fragment included.",
                rule="request-uri-registered",
                section="RFC 9101, 5.2.1",
                received=uri,
                expected=" ".join(client.request_uris),
            )
        if not self.ration(client.client_id, ip, now):
            raise TemporarilyUnavailable(
                "Too many request objects of this application are being fetched; wait a minute.",
                rule="request-uri-ration",
            )
        address, _, fragment = uri.partition("#")
        try:
            text = await self.remote_requests.fetch(client.client_id, address)
        except Unreachable:
            raise InvalidRequestUri(
                "No request object could be fetched from the request_uri.",
                rule="request-uri-fetch",
                section="RFC 9101, 5.2.3",
            ) from None
        if fragment and not _has_hash(text, fragment):
            raise InvalidRequestUri(
                "What is at the request_uri is not what its fragment is the SHA-256 hash of.",
                rule="request-uri-hash",
                section="OpenID Connect Core 6.2",
            )
        return text

    async def _read(self, text: str, client: Client, now: int) -> Opened:
        registered = client.request_object_signing_alg
        try:
            parsed = jws.parse(text)
            keys = await registered_keys(client, parsed.header.kid, self.remote_keys, now)
            algs = (registered,) if registered else ALGS
            claims = jwt.verify(parsed, keys, algs=algs, types=_TYPES).claims
            if claims.exp is not None:
                jwt.require_current(claims, now)
        except JoseError as error:
            raise _refuse(error.message, error.rule) from None
        self._check(claims, client, now)
        return Opened(_parameters(claims.members), _mark(claims, now))

    def _read_unsigned(self, text: str, client: Client, now: int) -> Form:
        if client.require_signed_request_object:
            raise _refuse(
                "the client is registered to sign its requests", "request-object-unsigned"
            )
        try:
            typ, payload = unsecured.parse(text)
            claims = jwt.parse_claims(payload)
            if claims.exp is not None:
                jwt.require_current(claims, now)
        except JoseError as error:
            raise _refuse(error.message, error.rule) from None
        if typ not in _TYPES:
            raise _refuse("its typ says that it is something else", "jwt-typ")
        self._check(claims, client, now)
        return _parameters(claims.members)

    def _check(self, claims: jwt.Claims, client: Client, now: int) -> None:
        for name in ("request", "request_uri"):
            if name in claims.members:
                raise _refuse(f"it must not hold {name}", "request-object-nested", "RFC 9101, 4")
        if claims.members.get("client_id") != client.client_id:
            raise _refuse(
                "it must hold the client_id that the request names",
                "request-object-client",
                "RFC 9101, 6.3",
                expected=client.client_id,
            )
        if claims.iss is not None and claims.iss != client.client_id:
            raise _refuse("iss must be the client_id", "request-object-issuer", received=claims.iss)
        if claims.sub == client.client_id:
            # It would be an assertion of the client about itself, for its authentication.
            raise _refuse(
                "sub must not be the client_id", "request-object-subject", "RFC 9101, 10.8"
            )
        if claims.aud and self.issuer not in claims.aud:
            raise _refuse(
                "aud must be the issuer",
                "request-object-audience",
                "RFC 9101, 4",
                received=" ".join(claims.aud),
                expected=self.issuer,
            )
        if claims.nbf is not None and claims.nbf > now + jwt.SKEW:
            raise _refuse("it is not valid yet (nbf)", "jwt-nbf")
        if claims.iat is not None and claims.iat > now + jwt.SKEW:
            raise _refuse("it was issued in the future (iat)", "jwt-iat")


def is_used(form: Form) -> bool:
    """Tell whether a request comes in a request object."""
    return form.get("request") is not None or form.get("request_uri") is not None


def refuse_both(form: Form) -> None:
    """Hold the client to one request.

    Raises:
        InvalidRequest: there is an object, and a reference to one.
    """
    if form.get("request") is not None and form.get("request_uri") is not None:
        raise InvalidRequest(
            "Send either request or request_uri, not both.",
            rule="request-object-twice",
            section="RFC 9101, 5",
        )


def compare(outer: Form, inner: Form) -> None:
    """Hold the parameters beside a request object to what is in it.

    Raises:
        InvalidRequestObject: the response type is another one.
    """
    beside, within = outer.get("response_type"), inner.get("response_type")
    # The order of its words means nothing (OAuth 2.0 Multiple Response Types 3).
    if beside is not None and set(beside.split(" ")) != set((within or "").split(" ")):
        raise _refuse(
            "it must hold the response_type that stands beside it",
            "request-object-response-type",
            "OpenID Connect Core 6.1",
            received=within or "none",
            expected=beside,
        )


def burn(mark: Mark | None, client_id: str) -> Effects:
    """Return what uses up a request object, if it can be used up."""
    if mark is None:
        return ()
    return (Remember(f"request_object:{client_id}", bytes.fromhex(mark.jti), mark.until),)


def used() -> InvalidRequestObject:
    """Return the refusal of a request object that was used before."""
    return _refuse(
        "it was used before; make a new one, with a new jti, for each request",
        "request-object-replayed",
        "RFC 9101, 10.2",
    )


def _mark(claims: jwt.Claims, now: int) -> Mark | None:
    """Return what is remembered of an object that is good for one answer."""
    if claims.jti is None or claims.exp is None:
        return None
    if claims.exp > now + MAX_LIFETIME + jwt.SKEW:
        raise _refuse("with a jti, exp must be at most an hour ahead", "request-object-lifetime")
    if len(claims.jti) > _MAX_JTI:
        raise _refuse(f"jti must have at most {_MAX_JTI} characters", "request-object-jti")
    return Mark(hashlib.sha256(claims.jti.encode()).hexdigest(), claims.exp + jwt.SKEW)


def _parameters(members: dict[str, Any]) -> Form:
    """Turn the members of an object into the parameters that they stand for (RFC 9101, 4)."""
    values: dict[str, str] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    given = {name: value for name, value in members.items() if name not in _OWN_CLAIMS}
    if len(given) > MAX_PARAMETERS:
        raise _refuse(f"it has more than {MAX_PARAMETERS} parameters", "parameters-too-many")
    for name, value in given.items():
        if name in REPEATABLE and isinstance(value, list):
            texts = tuple(_text(name, one) for one in value)
        else:
            texts = (_text(name, value),)
        texts = tuple(text for text in texts if text)
        if not texts:
            continue
        if name in REPEATABLE:
            repeated[name] = texts
        values[name] = texts[-1]
    return Form(values, repeated)


def _text(name: str, value: object) -> str:
    """Return the text in which a parameter would be sent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return str(value)
    if name in _JSON and isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    raise _refuse(
        f"the member {name} must be a string, or what its parameter is defined as",
        "request-object-member",
        "RFC 9101, 4",
    )


def _has_hash(text: str, fragment: str) -> bool:
    digest = hashlib.sha256(text.encode()).digest()
    return _HASH.fullmatch(fragment) is not None and base64url.encode(digest) == fragment


def _refuse(
    message: str,
    rule: str,
    section: str = _SECTION,
    *,
    received: str | None = None,
    expected: str | None = None,
) -> InvalidRequestObject:
    return InvalidRequestObject(
        f"The request object is refused: {message}.",
        rule=rule,
        section=section,
        received=received,
        expected=expected,
    )
