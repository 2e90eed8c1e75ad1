"""The words that people are found by in lists: the beginnings of their names and addresses.

Words are folded alike where they are kept and where they are asked for: neither case, nor
accents, nor compatibility forms make a difference.
"""

import re
import unicodedata
from collections.abc import Iterator

from ostiary.model.user import User

MAX_LENGTH = 64
_MAX_TEXT = 254
_MAX_WORDS = 24
_PARTS = re.compile(r"[\s\-\u2010-\u2015]+")
# Greater than any word that begins with what stands before it.
_LAST = "\U0010ffff"


def fold(text: str) -> str:
    """Return a text as it is compared: bounded, without case, accents and invisible characters."""
    plain = unicodedata.normalize("NFKD", text[:_MAX_TEXT]).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    return "".join(
        letter
        for letter in plain
        if (kind := unicodedata.category(letter)) != "Mn" and (kind[0] != "C" or letter.isspace())
    )


def words_of(user: User) -> tuple[str, ...]:
    """Return the words of a user: names whole and in parts, addresses whole and by domain."""
    found = dict.fromkeys(word[:MAX_LENGTH] for word in _spell(user) if word)
    return tuple(found)[:_MAX_WORDS]


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of what somebody types to find people, the longest first; four at most."""
    found = dict.fromkeys(word[:MAX_LENGTH] for word in fold(text).split())
    return tuple(sorted(found, key=len, reverse=True)[:4])


def span(word: str) -> tuple[str, str]:
    """Return the bounds between which all words lie that begin with this one."""
    return word, word + _LAST


def _spell(user: User) -> Iterator[str]:
    for name in (user.username, user.email):
        yield "".join(fold(name or "").split())
    if user.email:
        yield fold(user.email.rpartition("@")[2])
    if user.phone_number:
        yield fold(user.phone_number)
    profile = user.profile
    for name in (
        profile.family_name,
        profile.given_name,
        profile.name,
        profile.middle_name,
        profile.nickname,
    ):
        if name:
            folded = fold(name)
            yield from folded.split()
            yield from _PARTS.split(folded)
