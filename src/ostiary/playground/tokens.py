"""Taking a token apart: what it says, and whether that is to be believed.

Everything is read that can be, also of a token that nobody should accept: its faults are what
somebody wants to see. Nothing is fetched, and nothing is kept.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from ostiary.jose import base64url, json, jws
from ostiary.jose.errors import InvalidEncoding, InvalidSignature, JoseError, shorten
from ostiary.jose.keyring import KeyRing
from ostiary.jose.keys import ALG_NAMES
from ostiary.model.key import KeyState, SigningKey
from ostiary.model.sentence import Sentence
from ostiary.oauth import handle
from ostiary.oauth.mint import half_hash
from ostiary.playground.claims import HEADER, MEANINGS, TIMES

_SIGNED, _ENCRYPTED = 3, 5
_MAX_SHOWN = 500
_MAX_ROWS = 100
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_KINDS = {
    handle.Kind.ACCESS_TOKEN: Sentence(
        "an opaque access token: introspection tells what it is good for"
    ),
    handle.Kind.REFRESH_TOKEN: Sentence("a refresh token: only the token endpoint takes it"),
    handle.Kind.CLIENT_SECRET: Sentence("a client secret, and no token: replace it if it was seen"),
    handle.Kind.PERSONAL_TOKEN: Sentence(
        "a personal access token: introspection tells what it is good for"
    ),
}
_TEXT = Sentence("text")
_HEADER, _PAYLOAD = Sentence("header"), Sentence("payload")
_MISTYPED = Sentence("Its checksum is wrong: a character is missing or mistyped.")
_STATES = {
    KeyState.PENDING: Sentence("not in use yet"),
    KeyState.PUBLISHED: Sentence("announced"),
    KeyState.ACTIVE: Sentence("active"),
    KeyState.RETIRED: Sentence("retired"),
    KeyState.REVOKED: Sentence("revoked"),
}
_UNITS = (
    (86400, Sentence("1 day"), Sentence("{number} days")),
    (3600, Sentence("1 hour"), Sentence("{number} hours")),
    (60, Sentence("1 minute"), Sentence("{number} minutes")),
)
_SECOND, _SECONDS = Sentence("1 second"), Sentence("{number} seconds")


class Row(msgspec.Struct, frozen=True):
    """One claim or header parameter."""

    name: str
    # What it says, or what is said of it.
    value: str | Sentence
    meaning: str = ""


class Check(msgspec.Struct, frozen=True):
    """Something that was looked at; None where it could not be told."""

    good: bool | None
    text: Sentence


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `claims` is what the token says, whoever wrote it."""

    kind: Sentence
    size: int
    problem: Sentence | None = None
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
        long = Sentence("It is longer than {number} characters.", {"number": jws.MAX_LENGTH})
        return Inspection(kind=_TEXT, size=size, problem=long)
    for kind, text in _KINDS.items():
        if token.startswith(f"ost_{kind}_"):
            whole = handle.unseal(kind, token) is not None or kind is handle.Kind.REFRESH_TOKEN
            return Inspection(kind=text, size=size, problem=None if whole else _MISTYPED)
    parts = token.split(".", _ENCRYPTED)
    if len(parts) == _ENCRYPTED:
        return _encrypted(parts, size)
    if len(parts) != _SIGNED:
        return Inspection(
            kind=_TEXT,
            size=size,
            problem=Sentence(
                "It is no JWT: that has three parts with dots between them, or five where it is "
                "encrypted."
            ),
        )
    return _signed(token, parts, expected, ring, tuple(records))


def _encrypted(parts: list[str], size: int) -> Inspection:
    kind = Sentence("an encrypted JWT (JWE): only the holder of the private key can read it")
    try:
        header = _object(parts[0], _HEADER)
    except _Unreadable as error:
        return Inspection(kind=kind, size=size, problem=error.text)
    lengths = ("encrypted key", "initialization vector", "ciphertext", "authentication tag")
    rows = tuple(
        Row(name, Sentence("{number} characters", {"number": len(part)}))
        for name, part in zip(lengths, parts[1:], strict=True)
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
        header, claims = _object(parts[0], _HEADER), _object(parts[1], _PAYLOAD)
    except _Unreadable as error:
        return Inspection(kind=Sentence("a damaged JWT"), size=size, problem=error.text)
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
    def __init__(self, text: Sentence) -> None:
        super().__init__(str(text))
        self.text = text


def _object(part: str, name: Sentence) -> dict[str, Any]:
    try:
        return json.parse_object(base64url.decode(part), limit=jws.MAX_LENGTH)
    except InvalidEncoding as error:
        raise _Unreadable(
            Sentence("Its {part} cannot be read: it is no base64url.", {"part": name})
        ) from error
    except JoseError as error:
        why = Sentence.verbatim(error.message)
        raise _Unreadable(
            Sentence("Its {part} cannot be read: {reason}.", {"part": name, "reason": why})
        ) from error


def _kind_of(header: dict[str, Any], claims: dict[str, Any]) -> Sentence:
    typ = header.get("typ")
    named = jws.media_type(typ) if isinstance(typ, str) else None
    if named == "at+jwt":
        return Sentence("an access token (RFC 9068)")
    if named == "logout+jwt":
        return Sentence("a logout token (OpenID Connect Back-Channel Logout 1.0)")
    if {"iss", "sub", "aud", "exp", "iat", "auth_time"} <= claims.keys():
        return Sentence("a JWT, an ID token by what it says")
    return Sentence("a JWT")


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
            text=Sentence(
                "Signature: alg is {alg}, which proves nothing here. Anybody could have written "
                "this.",
                {"alg": shorten(alg)},
            ),
        )
    if not isinstance(kid, str):
        return Check(good=False, text=Sentence("Signature: it names no key (kid)."))
    state = next((one.state for one in records if one.kid == kid), None)
    key = ring.verification_key(kid, now, hint=True)
    if state is None:
        return Check(good=False, text=Sentence("Signature: its kid is no key of this server."))
    if key is None:
        text = Sentence("Signature: its key is {state}.", {"state": _STATES[state]})
        return Check(good=False, text=text)
    try:
        jws.parse(token).verify(key)
    except JoseError as error:
        return Check(good=False, text=_word_signature(error))
    made = Sentence(
        "Signature: made by this server with {alg}; the key is {state}.",
        {"alg": alg, "state": _STATES[state]},
    )
    return Check(good=True, text=made)


def _word_signature(error: JoseError) -> Sentence:
    if isinstance(error, InvalidSignature):
        return Sentence("Signature: it does not fit what is signed.")
    return Sentence("Signature: {reason}.", {"reason": Sentence.verbatim(error.message)})


def _check_claims(
    claims: dict[str, Any], header: dict[str, Any], expected: Expected
) -> Iterable[Check]:
    yield Check(
        good=claims.get("iss") == expected.issuer,
        text=Sentence("iss: it should be {value}.", {"value": expected.issuer}),
    )
    yield _check_time(claims, expected.now)
    if expected.client_id:
        aud = claims.get("aud")
        named = aud if isinstance(aud, list) else [aud]
        yield Check(
            good=expected.client_id in named,
            text=Sentence("aud: it should hold {value}.", {"value": expected.client_id}),
        )
    if expected.nonce:
        yield Check(
            good=claims.get("nonce") == expected.nonce,
            text=Sentence("nonce: it should be the one of this browser's request."),
        )
    alg = header.get("alg")
    for name, value, what in (
        ("at_hash", expected.access_token, Sentence("access token")),
        ("c_hash", expected.code, Sentence("code")),
    ):
        if value and name in claims:
            yield Check(
                good=_hash_fits(alg, value, claims[name]),
                text=Sentence(
                    "{name}: it should be half of the hash of the {what}.",
                    {"name": name, "what": what},
                ),
            )


def _check_time(claims: dict[str, Any], now: int) -> Check:
    exp = claims.get("exp")
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        return Check(good=False, text=Sentence("exp: it does not say until when it counts."))
    time = _duration(abs(int(exp) - now))
    if exp <= now:
        return Check(good=False, text=Sentence("exp: it expired {time} ago.", {"time": time}))
    return Check(good=True, text=Sentence("exp: it counts for another {time}.", {"time": time}))


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
    return (*listed, Row("…", Sentence("{number} more", {"number": left}))) if left else listed


def _show(name: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in TIMES and number and 0 <= value <= _LATEST:
        when = datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{value} · {when}"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _duration(seconds: int) -> Sentence:
    for size, one, several in _UNITS:
        if seconds >= size:
            return _count(seconds // size, one, several)
    return _count(seconds, _SECOND, _SECONDS)


def _count(number: int, one: Sentence, several: Sentence) -> Sentence:
    return one if number == 1 else msgspec.structs.replace(several, values={"number": number})
