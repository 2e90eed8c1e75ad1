"""JSON Web Tokens: strictly typed claims over a compact JWS (RFC 7519; RFC 8725).

A NumericDate of others may have a fraction (RFC 7519, 2), which several libraries send:
it is cut so that the token lives shorter, never longer. Strings, booleans and dates
beyond the year 9999 are refused. The server's own tokens hold integers.
"""

import math
from collections.abc import Collection
from typing import Any

import msgspec

from ostiary.jose import json, jws
from ostiary.jose.errors import InvalidClaims, InvalidToken, shorten
from ostiary.jose.jwks import KeySet

# Seconds that the clock of another party may be ahead of ours.
SKEW = 10

_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_MAX_STRING = 2_048
_MAX_AUDIENCES = 32


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The registered claims (RFC 7519, 4.1), typed; `members` holds all claims as received.

    `aud` is a tuple also where a single string was sent.
    """

    iss: str | None = None
    sub: str | None = None
    aud: tuple[str, ...] = ()
    exp: int | None = None
    nbf: int | None = None
    iat: int | None = None
    jti: str | None = None
    members: dict[str, Any]


class Jwt(msgspec.Struct, frozen=True, kw_only=True):
    """A token whose signature was verified; nothing is said about its claims yet."""

    header: jws.Header
    claims: Claims


def verify(
    token: str | jws.Jws,
    keys: KeySet,
    *,
    algs: Collection[str],
    types: Collection[str | None],
) -> Jwt:
    """Verify a token's form, type and signature, and the types of its claims.

    `algs` are those that the signer may use; `types` the values of `typ` that belong to
    this use of a token, in lower case and without `application/`, None for an absent
    one (RFC 8725, 3.11). Whether the claims hold is for the caller to ask.

    Raises:
        UnknownKey: no key of the set fits.
        JoseError: anything else is wrong.
    """
    parsed = jws.parse(token) if isinstance(token, str) else token
    header = parsed.header
    require_type(header, types)
    if header.alg not in algs:
        raise InvalidToken(
            f"the algorithm {header.alg} is not accepted here; sign with {', '.join(algs)}",
            rule="jws-alg",
            section="RFC 8725, 3.1",
        )
    payload = parsed.verify(keys.choose(header.kid, header.alg))
    return Jwt(header=header, claims=parse_claims(payload))


def require_type(header: jws.Header, types: Collection[str | None]) -> None:
    """Refuse a token that was made for something else (RFC 8725, 3.11).

    Raises:
        InvalidToken: its `typ` is none of these.
    """
    if header.typ not in types:
        raise InvalidToken(
            "the token has no typ"
            if header.typ is None
            else f"a token of the type {shorten(header.typ)} is not accepted here",
            rule="jwt-typ",
            section="RFC 8725, 3.11",
        )


def parse_claims(payload: bytes) -> Claims:
    """Read a claims set; only the types of the registered claims are checked.

    Raises:
        JoseError: it is no JSON object, or a registered claim has a wrong type.
    """
    members = json.parse_object(payload, limit=jws.MAX_LENGTH)
    return Claims(
        iss=_string(members, "iss"),
        sub=_string(members, "sub"),
        aud=_audience(members),
        exp=_date(members, "exp"),
        nbf=_date(members, "nbf", late=True),
        iat=_date(members, "iat"),
        jti=_string(members, "jti"),
        members=members,
    )


def require_current(claims: Claims, now: int, *, skew: int = SKEW) -> None:
    """Refuse a token that has expired or is not valid yet (RFC 7519, 4.1.4 to 4.1.6).

    `skew` (seconds) is granted for `nbf` and `iat`, never for `exp`, which must be there.

    Raises:
        InvalidClaims: the token cannot be used now.
    """
    if claims.exp is None:
        raise _refusal("the claim 'exp' is missing", "jwt-exp-missing", "RFC 7519, 4.1.4")
    if claims.exp <= now:
        raise _refusal("the token has expired", "jwt-expired", "RFC 7519, 4.1.4")
    if claims.nbf is not None and claims.nbf > now + skew:
        raise _refusal("the token is not valid yet (nbf)", "jwt-nbf", "RFC 7519, 4.1.5")
    if claims.iat is not None and claims.iat > now + skew:
        raise _refusal("the token was issued in the future (iat)", "jwt-iat", "RFC 7519, 4.1.6")


def _string(members: dict[str, Any], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_STRING:
        raise _refusal(
            f"the claim '{name}' is not a string of 1 to {_MAX_STRING} characters",
            f"jwt-{name}",
            "RFC 7519, 4.1",
        )
    return value


def _audience(members: dict[str, Any]) -> tuple[str, ...]:
    if "aud" not in members:
        return ()
    value = members["aud"]
    if isinstance(value, str):
        value = [value]
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= _MAX_AUDIENCES
        or not all(isinstance(name, str) and name for name in value)
    ):
        raise _refusal(
            "the claim 'aud' is neither a string nor an array of strings",
            "jwt-aud",
            "RFC 7519, 4.1.3",
        )
    return tuple(value)


def _date(members: dict[str, Any], name: str, *, late: bool = False) -> int | None:
    if name not in members:
        return None
    value = members[name]
    # A boolean is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise _refusal(
            f"the claim '{name}' is not a number of seconds since 1970",
            f"jwt-{name}",
            "RFC 7519, 2",
        )
    return math.ceil(value) if late else math.floor(value)


def _refusal(message: str, rule: str, section: str) -> InvalidClaims:
    return InvalidClaims(message, rule=rule, section=section)
