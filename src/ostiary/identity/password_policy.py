"""What a new password must be (NIST SP 800-63B, passwords).

Long enough, not too long, and not what a guesser tries first. No rules on which
characters it is made of, and no age.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from ostiary.identity import guessing
from ostiary.identity.guessing import Piece
from ostiary.identity.passwords import MAX_BYTES
from ostiary.model.policy import PasswordPolicy

# A password of fewer independent choices falls to a list of guesses, whatever its length.
_MIN_CHOICES = 8


class Fault(StrEnum):
    """What is wrong with a new password."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNPRINTABLE = "unprintable"
    PREDICTABLE = "predictable"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a new password was refused, in parts that a page can word.

    `limit` is the length in characters that was missed; `pieces` tells what makes the
    password predictable.
    """

    fault: Fault
    limit: int | None = None
    pieces: tuple[Piece, ...] = ()


def check_new_password(
    password: str, policy: PasswordPolicy, context: Iterable[str] = ()
) -> Refusal | None:
    """Return why a password may not be chosen, or None where it may.

    `context` holds words about the person and the service, which make guesses.
    """
    if len(password) > policy.max_length or len(password.encode()) > MAX_BYTES:
        return Refusal(fault=Fault.TOO_LONG, limit=policy.max_length)
    if len(unicodedata.normalize("NFC", password)) < policy.min_length:
        return Refusal(fault=Fault.TOO_SHORT, limit=policy.min_length)
    if any(unicodedata.category(c) == "Cc" for c in password):
        return Refusal(fault=Fault.UNPRINTABLE)
    if policy.blocklist:
        found = guessing.estimate(password, context)
        if found.choices < _MIN_CHOICES:
            return Refusal(fault=Fault.PREDICTABLE, pieces=tuple(dict.fromkeys(found.pieces)))
    return None
