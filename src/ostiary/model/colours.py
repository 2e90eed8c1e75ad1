"""Colours and how well they stand out against each other (WCAG 2.2, 1.4.3).

Colours are `#rrggbb`. A page of ours is a card with text on it; the two cards, light and
dark, are ours, and what organizations choose has to be readable on them.
"""

import re

CARD, CARD_DARK = "#ffffff", "#181c25"
# What lies around the card.
PAGE = "#f3f5f9"
ON_ACCENT, ON_ACCENT_DARK = "#ffffff", "#0b0d12"
READABLE = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3, level AA)."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 20
# Of the standard's definitions of relative luminance and contrast.
_WEIGHTS = (0.2126, 0.7152, 0.0722)
_LINEAR_BELOW = 0.04045
_FLARE = 0.05


def is_colour(text: str) -> bool:
    """Tell whether a text is a colour as it is written here."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + _FLARE) / (low + _FLARE)


def mix(one: str, other: str, share: float) -> str:
    """Return a colour between two; `share` is how much it has of the other, 0 to 1."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def make_readable(colour: str, card: str, towards: str) -> str:
    """Return the nearest colour on the way to another one that is readable on a card."""
    for step in range(_STEPS):
        tried = mix(colour, towards, step / _STEPS)
        if contrast(tried, card) >= READABLE:
            return tried
    return towards


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    return sum(
        weight * _linear(channel / 255)
        for weight, channel in zip(_WEIGHTS, _channels(colour), strict=True)
    )


def _linear(share: float) -> float:
    if share <= _LINEAR_BELOW:
        return share / 12.92
    return float(((share + 0.055) / 1.055) ** 2.4)
