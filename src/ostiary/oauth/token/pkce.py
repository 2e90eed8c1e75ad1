"""Proof Key for Code Exchange, S256 only (RFC 7636)."""

import binascii
import hashlib
import hmac
import string

from ostiary.oauth.errors import InvalidGrant

SECTION = "RFC 7636, 4.6"
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_SHORTEST, _LONGEST = 43, 128


def challenge_of(verifier: str) -> str:
    """Derive the S256 challenge: BASE64URL(SHA-256(ASCII(verifier))) (RFC 7636, 4.2)."""
    hashed = hashlib.sha256(verifier.encode("ascii")).digest()
    encoded = binascii.b2a_base64(hashed, newline=False)
    return encoded.rstrip(b"=").translate(bytes.maketrans(b"+/", b"-_")).decode("ascii")


def verify(challenge: str | None, verifier: str | None) -> None:
    """Hold a token request to the challenge of its authorization request.

    Raises:
        InvalidGrant: the verifier is missing, malformed, wrong, or was not announced.
    """
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant(
                "The authorization request had no code_challenge, so the token request must "
                "not have a code_verifier. Send a code_challenge with the authorization request.",
                rule="pkce-unannounced",
                section="RFC 9700, 4.8.2",
            )
        return
    if verifier is None:
        raise InvalidGrant(
            "The parameter code_verifier is missing: the authorization request had a "
            "code_challenge.",
            rule="pkce-missing",
            section=SECTION,
        )
    if not _SHORTEST <= len(verifier) <= _LONGEST or not _UNRESERVED.issuperset(verifier):
        raise InvalidGrant(
            "A code_verifier has 43 to 128 characters, each a letter, a digit or one of -._~",
            rule="pkce-syntax",
            section="RFC 7636, 4.1",
            received=f"{len(verifier)} characters",
        )
    derived = challenge_of(verifier)
    if not hmac.compare_digest(derived, challenge):
        raise InvalidGrant(
            "The code_verifier does not match the code_challenge. The challenge is the "
            "base64url form, without padding, of the SHA-256 hash of the verifier (S256).",
            rule="pkce-mismatch",
            section=SECTION,
            received=derived,
            expected=challenge,
        )
