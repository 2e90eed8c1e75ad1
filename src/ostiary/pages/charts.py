"""Pictures of numbers, in the coordinates of a drawing: bars beside and below each other.

They are drawn small, so that their words can be read on the narrowest screens.
"""

from enum import StrEnum

import msgspec

WIDTH, HEIGHT = 400, 170
_TOP, _BOTTOM = 20, 22
_LABEL, _NUMBER = 140, 64
# The lines of bars below each other, and the room between groups of them.
_LINE, _GAP = 24, 10
_THICK = 16
_LEAST = 2


class Measure(StrEnum):
    """What the numbers of a picture are."""

    COUNT = "count"
    MICROSECONDS = "microseconds"


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A bar: where it is, how long, and what it stands for. `series` counts from 0."""

    x: int
    y: int
    width: int
    height: int
    number: int
    label: str
    series: int = 0


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing. `name` names a text below `console.chart`, each series one as well.

    `cut`: there was more than was counted.
    """

    name: str
    bars: tuple[Bar, ...]
    series: tuple[str, ...] = ()
    # What stands below groups of bars, with its middle.
    labels: tuple[tuple[int, str], ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    lying: bool = False
    cut: bool = False
    measure: Measure = Measure.COUNT


def draw_columns(
    name: str, series: tuple[str, ...], rows: tuple[tuple[str, tuple[int, ...]], ...], *, cut: bool
) -> Chart:
    """Draw bars side by side: for each label a number of each series."""
    most = _most(rows)
    group = WIDTH // max(len(rows), 1)
    width = (group - 12) // max(len(series), 1)
    room = HEIGHT - _TOP - _BOTTOM
    bars = []
    for place, (label, numbers) in enumerate(rows):
        for one, number in enumerate(numbers):
            height = max(round(room * number / most), _LEAST if number else 0)
            bars.append(
                Bar(
                    x=place * group + 6 + one * width,
                    y=_TOP + room - height,
                    width=width - 2,
                    height=height,
                    number=number,
                    label=label,
                    series=one,
                )
            )
    labels = tuple((place * group + group // 2, label) for place, (label, _) in enumerate(rows))
    return Chart(name=name, bars=tuple(bars), series=series, labels=labels, cut=cut)


def draw_lines(
    name: str,
    rows: tuple[tuple[str, tuple[int, ...]], ...],
    *,
    series: tuple[str, ...] = (),
    measure: Measure = Measure.COUNT,
    cut: bool,
) -> Chart:
    """Draw bars below each other, the label before the first of each group."""
    most = _most(rows)
    room = WIDTH - _LABEL - _NUMBER
    bars, y = [], 0
    for label, numbers in rows:
        for one, number in enumerate(numbers):
            bars.append(
                Bar(
                    x=_LABEL,
                    y=y + (_LINE - _THICK) // 2,
                    width=max(round(room * number / most), _LEAST),
                    height=_THICK,
                    number=number,
                    label=label,
                    series=one,
                )
            )
            y += _LINE
        y += _GAP if series else 0
    return Chart(
        name=name,
        bars=tuple(bars),
        series=series,
        height=max(y, _LINE),
        lying=True,
        cut=cut,
        measure=measure,
    )


def _most(rows: tuple[tuple[str, tuple[int, ...]], ...]) -> int:
    return max((number for _, numbers in rows for number in numbers), default=0) or 1
