"""User codes: short enough to type on a telephone, too many to guess (RFC 8628, 6.1).

Eight of twenty consonants are 34 bits. There are no vowels, so that no words come out,
and nothing that is mistaken for something else; case, spaces and punctuation do not matter.
"""

from ostiary.clock import Entropy

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
# 240 = 12 * 20 byte values map evenly onto the letters; the others are dropped.
_EVEN = 240
_MAX_TYPED = 64


def make(entropy: Entropy) -> str:
    """Make a user code."""
    text = ""
    while len(text) < LENGTH:
        text += "".join(LETTERS[v % len(LETTERS)] for v in entropy.token_bytes(16) if v < _EVEN)
    return text[:LENGTH]


def show(code: str) -> str:
    """Return a code as it is shown: in two halves."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read(typed: str) -> str | None:
    """Return the code that somebody typed, or None where it cannot be one."""
    if len(typed) > _MAX_TYPED:
        return None
    code = "".join(filter(str.isalnum, typed)).upper()
    if len(code) != LENGTH or not set(code) <= set(LETTERS):
        return None
    return code
