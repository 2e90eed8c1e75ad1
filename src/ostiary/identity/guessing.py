"""How predictable a password is: what is left of it after what a guesser tries first.

The password is covered as cheaply as possible with pieces: a common word, a word of its
surroundings, a sequence, a repetition each cost one, and so does every other character.
The cost is about the number of independent choices that went into it.
"""

import functools
from collections.abc import Iterable
from enum import StrEnum
from importlib import resources

import msgspec

_SHORTEST_RUN = 3
_SHORTEST_WORD = 4

_ROWS = (
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujm",
    "!@#$%^&*()",
    '!"§$%&/()=',
)
_CALENDAR = (
    *("january", "february", "march", "april", "june", "july", "august", "september"),
    *("october", "november", "december", "januar", "februar", "märz", "juni", "juli"),
    *("oktober", "dezember", "spring", "summer", "autumn", "winter", "fall", "frühling"),
    *("sommer", "herbst", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
    *("sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
)
_YEARS = range(1930, 2040)
_YEAR_DIGITS = 4
# Signs that people write for letters.
_LETTERS_FOR_SIGNS = str.maketrans("@4301!|$5789+", "aaeoiilsstbgt")


class Piece(StrEnum):
    """Why a part of a password is easy to guess."""

    WORD = "common_word"
    CONTEXT = "context_word"
    YEAR = "year"
    SEQUENCE = "sequence"
    REPEAT = "repeat"


class Estimate(msgspec.Struct, frozen=True):
    """The number of choices in a password, and what made it so few."""

    choices: int
    pieces: tuple[Piece, ...]


@functools.cache
def common_words() -> frozenset[str]:
    """Return the words that passwords are often built from."""
    text = resources.files(__package__).joinpath("common_words.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return frozenset((*lines, *_CALENDAR))


@functools.cache
def _runs() -> frozenset[str]:
    """Return every piece of a row of keys or of an alphabet, in both directions."""
    found: set[str] = set()
    for row in _ROWS:
        for text in (row, row[::-1]):
            for start in range(len(text)):
                found.update(text[start:end] for end in range(start + _SHORTEST_RUN, len(text) + 1))
    return frozenset(found)


def _period(text: str) -> int:
    """Return the length of the block that the whole text repeats, or its own length."""
    for length in range(1, len(text) // 2 + 1):
        if text == (text[:length] * (len(text) // length + 1))[: len(text)]:
            return length
    return len(text)


def _piece(part: str, context: frozenset[str]) -> Piece | None:
    """Tell which easy piece a part of a password is, if any."""
    plain = part.translate(_LETTERS_FOR_SIGNS)
    if part in context or plain in context:
        return Piece.CONTEXT
    if part in common_words() or plain in common_words():
        return Piece.WORD
    if part in _runs():
        return Piece.SEQUENCE
    if part == part[0] * len(part):
        return Piece.REPEAT
    if len(part) == _YEAR_DIGITS and part.isdecimal() and int(part) in _YEARS:
        return Piece.YEAR
    return None


def _cover(text: str, context: frozenset[str]) -> Estimate:
    longest = max(map(len, (*common_words(), *_ROWS, *context)))
    # cheapest[i] covers the first i characters.
    cheapest: list[tuple[int, tuple[Piece, ...]]] = [(0, ())]
    for end in range(1, len(text) + 1):
        cost, pieces = cheapest[end - 1]
        best = (cost + 1, pieces)
        for start in range(max(0, end - longest), end - _SHORTEST_RUN + 1):
            cost, pieces = cheapest[start]
            if cost + 1 < best[0] and (piece := _piece(text[start:end], context)):
                best = (cost + 1, (*pieces, piece))
        cheapest.append(best)
    return Estimate(*cheapest[-1])


def estimate(password: str, context: Iterable[str] = ()) -> Estimate:
    """Estimate how many choices are in a password.

    `context` holds words that a guesser of this very person would try: their names, the
    organization, the product. Case does not count, and signs that stand for letters do not.
    """
    folded = password.casefold()
    near = frozenset(
        word
        for text in context
        for word in ("".join(c if c.isalnum() else " " for c in text.casefold())).split()
        if len(word) >= _SHORTEST_WORD
    )
    block = folded[: _period(folded)]
    found = _cover(block, near)
    if len(block) < len(folded):
        return Estimate(found.choices + 1, (*found.pieces, Piece.REPEAT))
    return found
