"""Recovery codes: ten of 100 random bits, for whoever has lost everything else."""

import hashlib

from ostiary.clock import Entropy

COUNT = 10
# Without letters and digits that look alike; 32 of them, so that each octet picks one evenly.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 20
_GROUP = 5
_MAX_TYPED = 64


def make_codes(entropy: Entropy) -> tuple[str, ...]:
    """Make the codes of a person, in groups of five letters; they are shown once."""
    return tuple(_make_code(entropy) for _ in range(COUNT))


def _make_code(entropy: Entropy) -> str:
    letters = "".join(_ALPHABET[octet % 32] for octet in entropy.token_bytes(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def digest_code(typed: str) -> bytes | None:
    """Return what is stored of a code, however it is spelt; None where it is no code.

    The codes are random, so that a digest without salt or work is enough.
    """
    letters = "".join(c for c in typed[:_MAX_TYPED].upper() if not c.isspace() and c != "-")
    if len(letters) != _LENGTH or not set(letters) <= set(_ALPHABET):
        return None
    return hashlib.sha256(letters.encode()).digest()
