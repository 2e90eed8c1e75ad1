"""Unsecured JWTs (RFC 7519, 6): what anybody can make, and what nobody vouches for.

They are a form in which parameters can be sent, and never a proof; whoever reads or makes
one has to say so by calling this module. Everything else is read by `jws` and made by
`keyring`, which know no `none`.
"""

from typing import Any

import msgspec

from ostiary.jose import base64url, json, jws
from ostiary.jose.errors import InvalidToken, shorten

ALG = "none"
_PARTS = 3


def make(claims: dict[str, Any], typ: str) -> str:
    """Make an unsecured JWT (RFC 7519, 6.1), which proves nothing to whoever gets it."""
    header = {"alg": ALG, "typ": typ}
    return ".".join((*(base64url.encode(msgspec.json.encode(one)) for one in (header, claims)), ""))


def parse(token: str) -> tuple[str | None, bytes]:
    """Take an unsecured JWT apart as strictly as a signed one; return `typ` and payload.

    Raises:
        JoseError: it is malformed, or it is signed.
    """
    if len(token) > jws.MAX_LENGTH:
        raise _refusal(f"the token is longer than {jws.MAX_LENGTH} characters", "jws-size")
    parts = token.split(".", _PARTS)
    if len(parts) != _PARTS or not parts[0] or not parts[1]:
        raise _refusal("the token is not an unsigned JWT: header, payload, nothing", "jws-compact")
    if parts[2]:
        raise _refusal("the token is signed, where an unsigned one was registered", "jws-alg")
    members = json.parse_object(base64url.decode(parts[0]), limit=jws.MAX_HEADER)
    for name in jws.REFUSED:
        if name in members:
            raise _refusal(f"the header parameter '{name}' is not accepted", f"jws-{name}")
    if members.get("alg") != ALG:
        raise _refusal(f"the algorithm {shorten(members.get('alg'))} needs a signature", "jws-alg")
    typ = members.get("typ")
    if typ is not None and not isinstance(typ, str):
        raise _refusal("the header parameter 'typ' is not a string", "jws-typ")
    return jws.media_type(typ), base64url.decode(parts[1])


def _refusal(message: str, rule: str) -> InvalidToken:
    return InvalidToken(message, rule=rule, section="RFC 7519, 6")
