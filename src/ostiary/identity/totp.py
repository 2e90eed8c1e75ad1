"""Codes of authenticator apps (RFC 6238, over HOTP, RFC 4226): SHA-1, six digits, 30 seconds."""

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

from ostiary.clock import Entropy

STEP = 30
DIGITS = 6
SECRET_OCTETS = 20
WINDOW = 1
"""Steps that a clock may be wrong by, on either side (RFC 6238, 5.2)."""
_MAX_TYPED = 32


def make_secret(entropy: Entropy) -> bytes:
    """Make a secret of 160 bits (RFC 4226, 4, R6)."""
    return entropy.token_bytes(SECRET_OCTETS)


def make_code(secret: bytes, step: int) -> str:
    """Return the code of a time step (RFC 4226, 5.3; RFC 6238, 4.2)."""
    mac = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def find_step(secret: bytes, typed: str, now: int, last_step: int) -> int | None:
    """Return the step whose code was typed; only steps after the last one used count.

    So a code is good once, whoever saw it being typed (RFC 6238, 5.2).
    """
    code = read_code(typed)
    if code is None:
        return None
    current = now // STEP
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        # No early end: the work does not tell which step it was.
        if hmac.compare_digest(make_code(secret, step), code) and step > last_step:
            found = step
    return found


def read_code(typed: str) -> str | None:
    """Return the six digits that were typed, with spaces and hyphens left out, or None."""
    code = "".join(typed[:_MAX_TYPED].replace("-", "").split())
    return code if len(code) == DIGITS and code.isascii() and code.isdecimal() else None


def write_secret(secret: bytes) -> str:
    """Write a secret for typing it into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def make_uri(secret: bytes, site: str, account: str) -> str:
    """Return what the QR code says: the key, and under which names the app lists it."""
    label = quote(f"{site}:{account}", safe="")
    values = {"secret": write_secret(secret).replace(" ", ""), "issuer": site}
    return f"otpauth://totp/{label}?{urlencode(values, quote_via=quote)}"
