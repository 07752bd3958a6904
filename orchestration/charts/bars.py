"""Bars from zero: lying ones by category, standing ones over time, stacks, and a bridge between two amounts.

Belongs here: whatever shows an amount by a length. Not here: figures and words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.charts.canvas import FONT_SIZE, WIDE, Canvas, spread, text_width, ticks, two_lines
from orchestration.charts.lines import Series, ends_told, label_categories
from orchestration.charts.palette import COLOURS, FAINT, INK, RULE, SERIES_COLOURS

_ROW = 24.0
_LABEL_GAP = FONT_SIZE + 3
_LABEL_SIZES = (FONT_SIZE, FONT_SIZE - 1, FONT_SIZE - 2)
"""Of a chart's labels, all alike: the first in which none needs a second line."""


@dataclass(frozen=True)
class Bar:
    """One lying bar; `note` follows its value, `low` and `high` are its interval."""

    label: str
    value: float | None
    colour: str | None = None
    note: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Step:
    """One step of a bridge: a change, or an amount that it starts from or arrives at."""

    label: str
    amount: float
    is_total: bool = False


def bars(
    rows: Sequence[Bar],
    shown: Callable[[float], str],
    *,
    title: str,
    reference: float | None = None,
    reference_label: str = "",
    width: float = WIDE,
) -> str:
    """Draw a lying bar per row, from 0 to either side, with its value at its end and its interval on it.

    `reference` is a line across all of them, such as a lift of 1.
    """
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    if reference is not None:
        ends.append(reference)
    low, high = min([0.0, *ends]), max([0.0, *ends])
    high = high if high > low else low + 1.0
    texts = [
        "–" if row.value is None else f"{shown(row.value)}{row.note and '  ' + row.note}" for row in rows
    ]
    size = next((size for size in _LABEL_SIZES if _widest(rows, size) + 12 <= width * 0.46), _LABEL_SIZES[-1])
    left = min(_widest(rows, size) + 12, width * 0.46)
    value_width = max((text_width(text) for text in texts), default=0) + 12
    top = 20.0 if reference_label else 4.0
    sides = value_width if low < 0 else 0.0
    canvas = Canvas(width, top + _ROW * max(len(rows), 1) + 6, (left + sides, value_width, top, 6))
    canvas.limits((low, high), (len(rows) or 1, 0))
    across, _ = canvas.per_pixel()
    for index, (row, text) in enumerate(zip(rows, texts, strict=True)):
        middle = index + 0.5
        canvas.stack(
            low - (sides + 8) * across,
            middle,
            two_lines(row.label, left - 10, size),
            align="right",
            colour=INK,
            size=size,
        )
        if row.value is None:
            canvas.text(6 * across, middle, text, colour=FAINT)
            continue
        value = float(row.value)
        canvas.box(
            (min(0.0, value), max(0.0, value)),
            (index + 0.17, index + 0.83),
            row.colour or COLOURS["main"],
            "bar",
        )
        edge = value
        if row.low is not None and row.high is not None:
            canvas.line((row.low, row.high), (middle, middle), INK, "interval", width=1.4)
            edge = min(value, row.low) if value < 0 else max(value, row.high)
        aside = -6 * across if value < 0 else 6 * across
        canvas.text(edge + aside, middle, text, align="right" if value < 0 else "left", colour=INK)
    canvas.line((0, 0), (0, len(rows) or 1), FAINT)
    if reference is not None:
        canvas.line((reference, reference), (0, len(rows) or 1), INK, "reference", dashed=True)
        if reference_label:
            canvas.above(reference, reference_label)
    return canvas.svg(title, [f"{row.label}: {text}" for row, text in zip(rows, texts, strict=True)])


def columns(
    categories: Sequence[str],
    values: Sequence[float | None],
    shown: Callable[[float], str],
    *,
    title: str,
    colour: str = COLOURS["main"],
    provisional: int = 0,
    width: float = WIDE,
    height: float = 220,
) -> str:
    """Draw a standing bar per category; the last `provisional` may still change and are pale."""
    return stacked_columns(
        categories,
        [Series("", values, colour)],
        shown,
        title=title,
        provisional=provisional,
        width=width,
        height=height,
    )


def stacked_columns(
    categories: Sequence[str],
    series: Sequence[Series],
    shown: Callable[[float], str],
    *,
    title: str,
    provisional: int = 0,
    width: float = WIDE,
    height: float = 240,
) -> str:
    """Draw a standing stack per category, the first series at the bottom, named beside the last stack.

    With one series the last value stands above its column, without a name.
    """
    totals = [
        sum(float(one.values[index] or 0) for one in series) if series else 0.0
        for index in range(len(categories))
    ]
    steps = ticks(0.0, max(totals, default=0.0) or 1.0)
    left = max(text_width(shown(step), FONT_SIZE - 1) for step in steps) + 10
    names = [_name(one, shown) for one in series]
    right = (max(text_width(name) for name in names) + 14) if len(series) > 1 else 20.0
    canvas = Canvas(width, height, (left, right, 14, 24))
    canvas.limits((0, max(len(categories), 1)), (0, steps[-1]))
    across, up = canvas.per_pixel()
    for step in steps:
        canvas.line((0, max(len(categories), 1)), (step, step), RULE)
        canvas.text(-6 * across, step, shown(step), align="right", colour=FAINT, size=FONT_SIZE - 1)
    label_categories(canvas, categories, [index + 0.5 for index in range(len(categories))], -8 * up)
    tops = [0.0] * len(categories)
    for number, one in enumerate(series):
        colour = one.colour or SERIES_COLOURS[number % len(SERIES_COLOURS)]
        for index, value in enumerate(one.values):
            if value:
                top = tops[index] + float(value)
                canvas.box(
                    (index + 0.14, index + 0.86),
                    (tops[index], top),
                    colour,
                    "column",
                    hollow=index >= len(categories) - provisional,
                )
                tops[index] = top
    if len(series) == 1 and categories and series[0].values[-1] is not None:
        canvas.text(
            len(categories) - 0.5,
            tops[-1] + 3 * up,
            shown(tops[-1]),
            align="center",
            vertical="bottom",
            bold=True,
        )
    elif series and categories:
        _name_stack(canvas, series, names, len(categories), steps[-1])
    return canvas.svg(title, ends_told(categories, series, shown))


def bridge(
    steps: Sequence[Step],
    shown: Callable[[float], str],
    *,
    title: str,
    width: float = WIDE,
    height: float = 260,
) -> str:
    """Draw how one amount becomes another: a bar per step, hanging where the last one ended.

    Where changes are small beside the totals, the axis begins above 0 and the totals are drawn torn.
    """
    spans, level = [], 0.0
    for step in steps:
        start = 0.0 if step.is_total else level
        level = step.amount if step.is_total else level + step.amount
        spans.append((min(start, level), max(start, level)))
    inner = [edge for step, span in zip(steps, spans, strict=True) if not step.is_total for edge in span]
    inner += [span[1] for step, span in zip(steps, spans, strict=True) if step.is_total]
    low, high = min(inner, default=0.0), max(inner, default=1.0)
    is_torn = low > 0 and high - low < 0.6 * high
    floor = low - 0.35 * (high - low or 1.0) if is_torn else min(0.0, low)
    canvas = Canvas(width, height, (8, 8, 22, 40))
    canvas.limits((0, max(len(steps), 1)), (floor, high if high > floor else floor + 1.0))
    _, up = canvas.per_pixel()
    room = canvas.plot_width / max(len(steps), 1) - 4
    level, told = 0.0, []
    for index, (step, (bottom, top)) in enumerate(zip(steps, spans, strict=True)):
        colour = COLOURS["rest"] if step.is_total else COLOURS["gain" if step.amount >= 0 else "loss"]
        bottom = max(bottom, floor)
        canvas.box((index + 0.12, index + 0.88), (bottom, top), colour, "total" if step.is_total else "step")
        if step.is_total and is_torn:
            for place in (floor + 14 * up, floor + 18 * up):
                canvas.line(
                    (index + 0.08, index + 0.92), (place - 3 * up, place + 3 * up), "#FFFFFF", "tear", width=2
                )
        text = shown(step.amount) if step.is_total or step.amount < 0 else f"+{shown(step.amount)}"
        told.append(f"{step.label}: {text}")
        canvas.text(index + 0.5, top + 3 * up, text, align="center", vertical="bottom", bold=step.is_total)
        canvas.stack(
            index + 0.5,
            floor - 8 * up,
            two_lines(step.label, room, FONT_SIZE - 1),
            align="center",
            colour=FAINT,
            size=FONT_SIZE - 1,
            from_top=True,
        )
        level = step.amount if step.is_total else level + step.amount
        if index + 1 < len(steps):
            canvas.line((index + 0.88, index + 1.12), (level, level), FAINT, "link")
    return canvas.svg(title, told)


def _widest(rows: Sequence[Bar], size: float) -> float:
    return max((text_width(row.label, size) for row in rows), default=0.0)


def _name(one: Series, shown: Callable[[float], str]) -> str:
    last = one.values[-1] if one.values else None
    return one.label if last is None else f"{one.label} {shown(float(last))}"


def _name_stack(
    canvas: Canvas, series: Sequence[Series], names: Sequence[str], count: int, high: float
) -> None:
    across, up = canvas.per_pixel()
    middles, level = [], 0.0
    for one in series:
        value = float(one.values[-1] or 0)
        middles.append(level + value / 2)
        level += value
    for number, place in enumerate(spread(middles, _LABEL_GAP * up, 0.0, high)):
        colour = series[number].colour or SERIES_COLOURS[number % len(SERIES_COLOURS)]
        canvas.line((count + 2 * across, count + 8 * across), (place, place), colour, "key", width=5)
        canvas.text(count + 13 * across, place, names[number])
