"""Taking a token apart: what it says, and whether that is to be believed.

Everything is read that can be, also of a token that nobody should accept: its faults are what
somebody wants to see. Nothing is fetched, and nothing is kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from ostiary.jose import base64url, json, jws
from ostiary.jose.errors import JoseError, shorten
from ostiary.jose.keyring import KeyRing
from ostiary.jose.keys import ALG_NAMES
from ostiary.model.key import SigningKey
from ostiary.oauth import handle
from ostiary.oauth.mint import half_hash
from ostiary.playground.claims import HEADER, MEANINGS, TIMES

_SIGNED, _ENCRYPTED = 3, 5
_MAX_SHOWN = 500
_MAX_ROWS = 100
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_KINDS = {
    handle.Kind.ACCESS_TOKEN: "an opaque access token: introspection tells what it is good for",
    handle.Kind.REFRESH_TOKEN: "a refresh token: only the token endpoint takes it",
    handle.Kind.CLIENT_SECRET: "a client secret, and no token: replace it if it was seen",
    handle.Kind.PERSONAL_TOKEN: "a personal access token: introspection tells what it is good for",
}


class Row(msgspec.Struct, frozen=True):
    """One claim or header parameter."""

    name: str
    value: str
    meaning: str = ""


class Check(msgspec.Struct, frozen=True):
    """Something that was looked at; None where it could not be told."""

    good: bool | None
    text: str


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `claims` is what the token says, whoever wrote it."""

    kind: str
    size: int
    problem: str = ""
    header: tuple[Row, ...] = ()
    rows: tuple[Row, ...] = ()
    checks: tuple[Check, ...] = ()
    claims: dict[str, Any] = {}


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is held against, as far as it is known; nothing is compared with nothing."""

    issuer: str
    now: int
    client_id: str = ""
    nonce: str = ""
    access_token: str = ""
    code: str = ""


def inspect(
    token: str, expected: Expected, ring: KeyRing, records: Iterable[SigningKey]
) -> Inspection:
    """Take a token apart. `records` are the server's keys, for the state that each is in."""
    token = token.strip()
    size = len(token)
    if size > jws.MAX_LENGTH:
        return Inspection(
            kind="text", size=size, problem=f"It is longer than {jws.MAX_LENGTH} characters."
        )
    for kind, text in _KINDS.items():
        if token.startswith(f"ost_{kind}_"):
            whole = handle.unseal(kind, token) is not None or kind is handle.Kind.REFRESH_TOKEN
            problem = "" if whole else "Its checksum is wrong: a character is missing or mistyped."
            return Inspection(kind=text, size=size, problem=problem)
    parts = token.split(".", _ENCRYPTED)
    if len(parts) == _ENCRYPTED:
        return _encrypted(parts, size)
    if len(parts) != _SIGNED:
        return Inspection(
            kind="text",
            size=size,
            problem="It is no JWT: that has three parts with dots between them, or five where it "
            "is encrypted.",
        )
    return _signed(token, parts, expected, ring, tuple(records))


def _encrypted(parts: list[str], size: int) -> Inspection:
    kind = "an encrypted JWT (JWE): only the holder of the private key can read it"
    try:
        header = _object(parts[0], "header")
    except _Unreadable as error:
        return Inspection(kind=kind, size=size, problem=error.text)
    lengths = ("encrypted key", "initialization vector", "ciphertext", "authentication tag")
    rows = tuple(
        Row(name, f"{len(part)} characters") for name, part in zip(lengths, parts[1:], strict=True)
    )
    return Inspection(kind=kind, size=size, header=_rows(header, HEADER), rows=rows)


def _signed(
    token: str,
    parts: list[str],
    expected: Expected,
    ring: KeyRing,
    records: tuple[SigningKey, ...],
) -> Inspection:
    size = len(token)
    try:
        header, claims = _object(parts[0], "header"), _object(parts[1], "payload")
    except _Unreadable as error:
        return Inspection(kind="a damaged JWT", size=size, problem=error.text)
    signature = _check_signature(token, header, expected.now, ring, records)
    checks = (signature, *_check_claims(claims, header, expected))
    return Inspection(
        kind=_kind_of(header, claims),
        size=size,
        header=_rows(header, HEADER),
        rows=_rows(claims, MEANINGS),
        checks=checks,
        claims=claims,
    )


class _Unreadable(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        return json.parse_object(base64url.decode(part), limit=jws.MAX_LENGTH)
    except JoseError as error:
        raise _Unreadable(f"Its {name} cannot be read: {error.message}.") from error


def _kind_of(header: dict[str, Any], claims: dict[str, Any]) -> str:
    typ = header.get("typ")
    named = jws.media_type(typ) if isinstance(typ, str) else None
    if named == "at+jwt":
        return "an access token (RFC 9068)"
    if named == "logout+jwt":
        return "a logout token (OpenID Connect Back-Channel Logout 1.0)"
    if {"iss", "sub", "aud", "exp", "iat"} <= claims.keys():
        return "a JWT, an ID token by what it says" if "auth_time" in claims else "a JWT"
    return "a JWT"


def _check_signature(
    token: str,
    header: dict[str, Any],
    now: int,
    ring: KeyRing,
    records: tuple[SigningKey, ...],
) -> Check:
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in ALG_NAMES:
        return Check(
            good=False,
            text=f"Signature: alg is {shorten(alg)}, which proves nothing here. Anybody could "
            "have written this.",
        )
    if not isinstance(kid, str):
        return Check(good=False, text="Signature: it names no key (kid).")
    state = next((str(one.state) for one in records if one.kid == kid), None)
    key = ring.verification_key(kid, now, hint=True)
    if key is None or state is None:
        why = "its kid is no key of this server" if state is None else f"its key is {state}"
        return Check(good=False, text=f"Signature: {why}.")
    try:
        jws.parse(token).verify(key)
    except JoseError as error:
        return Check(good=False, text=f"Signature: {error.message}.")
    return Check(good=True, text=f"Signature: made by this server with {alg}; the key is {state}.")


def _check_claims(
    claims: dict[str, Any], header: dict[str, Any], expected: Expected
) -> Iterable[Check]:
    yield Check(
        good=claims.get("iss") == expected.issuer,
        text=f"iss: it should be {expected.issuer}.",
    )
    yield _check_time(claims, expected.now)
    if expected.client_id:
        aud = claims.get("aud")
        named = aud if isinstance(aud, list) else [aud]
        yield Check(
            good=expected.client_id in named, text=f"aud: it should hold {expected.client_id}."
        )
    if expected.nonce:
        yield Check(
            good=claims.get("nonce") == expected.nonce,
            text="nonce: it should be the one of this browser's request.",
        )
    alg = header.get("alg")
    for name, value, what in (
        ("at_hash", expected.access_token, "access token"),
        ("c_hash", expected.code, "code"),
    ):
        if value and name in claims:
            yield Check(
                good=_hash_fits(alg, value, claims[name]),
                text=f"{name}: it should be half of the hash of the {what}.",
            )


def _check_time(claims: dict[str, Any], now: int) -> Check:
    exp = claims.get("exp")
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        return Check(good=False, text="exp: it does not say until when it counts.")
    if exp <= now:
        return Check(good=False, text=f"exp: it expired {_duration(now - int(exp))} ago.")
    return Check(good=True, text=f"exp: it counts for another {_duration(int(exp) - now)}.")


def _hash_fits(alg: Any, value: str, told: Any) -> bool:
    if not isinstance(alg, str) or alg not in ALG_NAMES or not value.isascii():
        return False
    return bool(half_hash(str(ALG_NAMES[alg]), value) == told)


def _rows(members: dict[str, Any], meanings: dict[str, str]) -> tuple[Row, ...]:
    listed = tuple(
        Row(name[:_MAX_SHOWN], _show(name, value), meanings.get(name, ""))
        for name, value in list(members.items())[:_MAX_ROWS]
    )
    left = len(members) - len(listed)
    return (*listed, Row("…", f"{left} more")) if left else listed


def _show(name: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in TIMES and number and 0 <= value <= _LATEST:
        when = datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{value} · {when}"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _duration(seconds: int) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
