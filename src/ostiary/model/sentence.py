"""Sentences for people that rules make: English, and said in other languages where they are shown.

The English text is the name that other languages find their own by (`ostiary.pages.languages`).
"""

from typing import Self

import msgspec


class Sentence(msgspec.Struct, frozen=True):
    """A sentence, with named placeholders for its values."""

    text: str
    values: dict[str, "str | int | Sentence"] = {}

    def __str__(self) -> str:
        """Say it in English."""
        return self.text.format_map(self.values)

    @classmethod
    def verbatim(cls, text: str) -> Self:
        """Make a sentence of words that stay as they are, whatever they are."""
        return cls("{words}", {"words": text})
