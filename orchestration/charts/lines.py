"""Lines over time or another order: a series each, named at its end.

Belongs here: lines, their bands and the part that may still change. Not here: figures and words.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.charts.canvas import FONT_SIZE, WIDE, Canvas, spread, text_width, ticks
from orchestration.charts.palette import FAINT, INK, RULE, SERIES_COLOURS

NAN = float("nan")
_LABEL_GAP = FONT_SIZE + 3


@dataclass(frozen=True)
class Series:
    """A named row of values, one per category; None is unknown. `low` and `high` are its interval."""

    label: str
    values: Sequence[float | None]
    colour: str | None = None
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


def lines(
    categories: Sequence[str],
    series: Sequence[Series],
    shown: Callable[[float], str],
    *,
    title: str,
    provisional: int = 0,
    from_zero: bool = False,
    label_step: int = 1,
    width: float = WIDE,
    height: float = 240,
) -> str:
    """Draw a line per series, named and with its last value at its end.

    The last `provisional` categories are dashed and hollow: they may still change. `from_zero` makes the axis
    begin at 0; otherwise it spans the values, which suits levels that hardly move. Labelled are categories a
    multiple of `label_step` before the last.
    """
    known = [
        value
        for one in series
        for row in (one.values, one.low or (), one.high or ())
        for value in row
        if value is not None
    ]
    steps = ticks(min([0.0, *known]) if from_zero or not known else min(known), max(known, default=1.0))
    ends = [_last(one.values) for one in series]
    names = [
        one.label if end is None else f"{one.label} {shown(end[1])}"
        for one, end in zip(series, ends, strict=True)
    ]
    left = max(text_width(shown(step), FONT_SIZE - 1) for step in steps) + 10
    right = max((text_width(name) for name in names), default=0) + 14
    canvas = Canvas(width, height, (left, right, 10, 24))
    last = max(len(categories) - 1, 1)
    canvas.limits((0, last), (steps[0], steps[-1]))
    across, up = canvas.per_pixel()
    for step in steps:
        canvas.line((0, last), (step, step), RULE)
        canvas.text(-6 * across, step, shown(step), align="right", colour=FAINT, size=FONT_SIZE - 1)
    label_categories(canvas, categories, range(len(categories)), steps[0] - 8 * up, label_step)
    for index, one in enumerate(series):
        colour = one.colour or SERIES_COLOURS[index % len(SERIES_COLOURS)]
        _draw(canvas, one, colour, len(categories) - provisional)
    placed = [(index, end) for index, end in enumerate(ends) if end is not None]
    places = spread([end[1] for _, end in placed], _LABEL_GAP * up, steps[0], steps[-1])
    for (index, _), place in zip(placed, places, strict=True):
        colour = series[index].colour or SERIES_COLOURS[index % len(SERIES_COLOURS)]
        canvas.line((last + 5 * across, last + 9 * across), (place, place), colour, "key", width=3)
        canvas.text(last + 13 * across, place, names[index], colour=INK)
    return canvas.svg(title, ends_told(categories, series, shown))


def spark(values: Sequence[float | None], *, title: str, width: float = 120, height: float = 22) -> str:
    """Draw a line without words, as high as its values reach, its last value a dot."""
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    canvas = Canvas(width, height, (4, 6, 4, 4))
    canvas.limits((0, max(len(values) - 1, 1)), (low, high if high > low else low + 1.0))
    points = [NAN if value is None else float(value) for value in values]
    canvas.line(range(len(points)), points, SERIES_COLOURS[0], "series", width=1.4)
    if points and not math.isnan(points[-1]):
        canvas.dots((len(points) - 1,), (points[-1],), SERIES_COLOURS[0], "last")
    return canvas.svg(title)


def label_categories(
    canvas: Canvas, categories: Sequence[str], places: Sequence[float], height: float, step: int = 1
) -> None:
    """Name categories beneath the plot: all that fit, in steps counted back from the last."""
    if not categories:
        return
    across, _ = canvas.per_pixel()
    room = abs(places[-1] - places[0]) / max(len(categories) - 1, 1) / across if len(categories) > 1 else 999
    widest = max(text_width(name, FONT_SIZE - 1) for name in categories) + 10
    every = step * max(1, math.ceil(widest / max(room * step, 0.1)))
    for back in range(0, len(categories), every):
        index = len(categories) - 1 - back
        canvas.text(
            places[index],
            height,
            categories[index],
            align="center",
            vertical="top",
            colour=FAINT,
            size=FONT_SIZE - 1,
        )


def ends_told(
    categories: Sequence[str], series: Sequence[Series], shown: Callable[[float], str]
) -> list[str]:
    """Return what a screen reader says of each series: its first and its last known value."""
    told = []
    for one in series:
        known = [(index, value) for index, value in enumerate(one.values) if value is not None]
        ends = ", ".join(
            f"{categories[index]} {shown(float(value))}"
            for index, value in dict([*known[:1], *known[-1:]]).items()
        )
        told.append(f"{one.label}: {ends}" if one.label else ends)
    return told


def _draw(canvas: Canvas, one: Series, colour: str, settled: int) -> None:
    x = list(range(len(one.values)))
    values = [NAN if value is None else float(value) for value in one.values]
    if one.low and one.high:
        band = [
            (place, float(low), float(high))
            for place, low, high in zip(x, one.low, one.high, strict=True)
            if low is not None and high is not None
        ]
        if band:
            places, lows, highs = zip(*band, strict=True)
            canvas.area(places, lows, highs, colour, "band")
    canvas.line(x[:settled], values[:settled], colour, "series", width=2.2)
    if settled < len(x):
        start = max(settled - 1, 0)
        canvas.line(x[start:], values[start:], colour, "provisional", width=1.6, dashed=True)
        canvas.dots(x[settled:], values[settled:], colour, "provisionaldot", hollow=True)
    # A value between two gaps has no line to be seen by.
    alone = [
        place
        for place in range(min(settled, len(x)))
        if not math.isnan(values[place])
        and (place == 0 or math.isnan(values[place - 1]))
        and (place == len(x) - 1 or math.isnan(values[place + 1]))
    ]
    if alone:
        canvas.dots(alone, [values[place] for place in alone], colour, "alone")


def _last(values: Sequence[float | None]) -> tuple[int, float] | None:
    for index in range(len(values) - 1, -1, -1):
        value = values[index]
        if value is not None:
            return index, float(value)
    return None
