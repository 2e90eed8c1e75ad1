"""Compact JWS, and nothing else of RFC 7515.

No JSON serialization, no `none`, no MACs, no critical extensions. What a header points
at (`jku`, `x5u`) or brings along (`jwk`, `x5c`) is never looked at: keys come from
where they were registered.
"""

from typing import Any

import msgspec

from ostiary.jose import base64url, json
from ostiary.jose.errors import InvalidToken, shorten
from ostiary.jose.keys import ALG_NAMES, Alg, PublicKey

MAX_LENGTH = 16_384
MAX_HEADER = 2_048
_MAX_HEADER_TEXT = (MAX_HEADER * 4 + 2) // 3
_MAX_HEADER_DEPTH = 8
_PARTS = 3
_PARTS_OF_JWE = 5

# Present, they change how the rest is to be read (RFC 7515, 4.1.11; RFC 7797; RFC 7516, 4.1).
REFUSED = ("crit", "b64", "zip", "enc")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A protected header. `typ` is in lower case and without `application/`."""

    alg: Alg
    kid: str | None = None
    typ: str | None = None
    members: dict[str, Any]


class Jws(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed token whose signature has not been checked: `verify` does that."""

    header: Header
    unverified_payload: bytes
    signature: bytes
    signed: bytes

    def verify(self, key: PublicKey) -> bytes:
        """Return the payload, now known to be signed with this key.

        Raises:
            InvalidSignature: it is not.
        """
        key.verify(self.header.alg, self.signature, self.signed)
        return self.unverified_payload


def parse(token: str) -> Jws:
    """Take a compact JWS apart, strictly; at most 16 kB, its header at most 2 kB.

    Raises:
        JoseError: it is malformed, or of a kind that is not accepted.
    """
    # Before anything is decoded: the cost of a refusal does not grow with the token.
    if len(token) > MAX_LENGTH:
        raise _refusal(f"the token is longer than {MAX_LENGTH} characters", "jws-size")
    parts = token.split(".", _PARTS_OF_JWE)
    if len(parts) == _PARTS_OF_JWE:
        raise _refusal("the token is encrypted; send a signed one", "jws-encrypted")
    if len(parts) != _PARTS or not all(parts):
        raise _refusal(
            "the token is not a signed JWT of three parts, header.payload.signature", "jws-compact"
        )
    encoded_header, encoded_payload, encoded_signature = parts
    if len(encoded_header) > _MAX_HEADER_TEXT:
        raise _refusal(f"the token's header is longer than {MAX_HEADER} bytes", "jws-size")
    return Jws(
        header=_header(base64url.decode(encoded_header)),
        unverified_payload=base64url.decode(encoded_payload),
        signature=base64url.decode(encoded_signature),
        signed=f"{encoded_header}.{encoded_payload}".encode("ascii"),
    )


def _header(text: bytes) -> Header:
    members = json.parse_object(text, limit=MAX_HEADER, depth=_MAX_HEADER_DEPTH)
    for name in REFUSED:
        if name in members:
            raise _refusal(f"the header parameter '{name}' is not accepted", f"jws-{name}")
    alg = members.get("alg")
    if not isinstance(alg, str) or alg not in ALG_NAMES:
        raise InvalidToken(
            f"the algorithm {shorten(alg)} is not accepted; sign with {', '.join(ALG_NAMES)}",
            rule="jws-alg",
            section="RFC 8725, 3.1",
        )
    for name in ("kid", "typ", "cty"):
        if not isinstance(members.get(name, ""), str):
            raise _refusal(f"the header parameter '{name}' is not a string", f"jws-{name}")
    if media_type(members.get("cty")) == "jwt":
        raise _refusal("a token within a token is not accepted", "jws-nested")
    return Header(
        alg=ALG_NAMES[alg],
        kid=members.get("kid"),
        typ=media_type(members.get("typ")),
        members=members,
    )


def media_type(value: str | None) -> str | None:
    """Bring a media type into its short form, compared without case (RFC 7515, 4.1.9)."""
    return None if value is None else value.lower().removeprefix("application/")


def _refusal(message: str, rule: str) -> InvalidToken:
    return InvalidToken(message, rule=rule, section="RFC 7515, 5.2")
