"""base64url without padding, in the one canonical form (RFC 7515, 2 and appendix C)."""

import binascii

from ostiary.jose.errors import InvalidEncoding

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def encode(value: bytes) -> str:
    """Encode to text."""
    return encode_ascii(value).decode("ascii")


def encode_ascii(value: bytes) -> bytes:
    """Encode to ASCII bytes, for what goes on being put together."""
    return binascii.b2a_base64(value, newline=False).translate(_TO_URL, b"=")


def decode(text: str | bytes) -> bytes:
    """Decode what `encode` would have written, and nothing else.

    Padding, white space, other alphabets and set spare bits are refused, so that a
    value has exactly one text.

    Raises:
        InvalidEncoding: the text is not of that form.
    """
    try:
        octets = text.encode("ascii") if isinstance(text, str) else text
        padded = octets.translate(_FROM_URL) + b"=" * (-len(octets) % 4)
        value = binascii.a2b_base64(padded)
    except ValueError as error:  # binascii.Error and UnicodeEncodeError are both
        raise _refusal() from error
    if encode_ascii(value) != octets:
        raise _refusal()
    return value


def _refusal() -> InvalidEncoding:
    return InvalidEncoding(
        "a part is not base64url: only A-Z a-z 0-9 - and _ without padding are allowed",
        rule="base64url",
        section="RFC 7515, 2",
    )
