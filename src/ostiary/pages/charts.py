"""Pictures of numbers, in the coordinates of a drawing: bars beside and below each other."""

import msgspec

WIDTH, HEIGHT = 560, 160
_TOP, _BOTTOM = 20, 22
_LINE, _LABEL = 28, 170
_LEAST = 2


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


def draw_columns(
    name: str, series: tuple[str, ...], rows: tuple[tuple[str, tuple[int, ...]], ...], *, cut: bool
) -> Chart:
    """Draw bars side by side: for each label a number of each series."""
    most = max((number for _, numbers in rows for number in numbers), default=0) or 1
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


def draw_lines(name: str, rows: tuple[tuple[str, int], ...], *, cut: bool) -> Chart:
    """Draw bars below each other, each with its label before it."""
    most = max((number for _, number in rows), default=0) or 1
    room = WIDTH - _LABEL - 60
    bars = tuple(
        Bar(
            x=_LABEL,
            y=place * _LINE + 4,
            width=max(round(room * number / most), _LEAST),
            height=_LINE - 8,
            number=number,
            label=label,
        )
        for place, (label, number) in enumerate(rows)
    )
    return Chart(name=name, bars=bars, height=max(len(rows), 1) * _LINE, lying=True, cut=cut)
