"""Dots with whiskers: what was estimated, how surely, and where nothing would be.

Belongs here: estimates with intervals. Not here: figures and words.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.charts.canvas import FONT_SIZE, WIDE, Canvas, fitted, text_width, ticks
from orchestration.charts.palette import COLOURS, FAINT, INK, RULE

_ROW = 26.0


@dataclass(frozen=True)
class Interval:
    """One estimate: its value and the ends of its interval; None where there is none yet."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""


def intervals(
    rows: Sequence[Interval],
    shown: Callable[[float], str],
    *,
    title: str,
    reference: float = 0.0,
    reference_label: str = "",
    axis: Callable[[float], str] | None = None,
    width: float = WIDE,
) -> str:
    """Draw a dot with a whisker per row; a hollow, grey one where the interval holds `reference`.

    Rows without an interval show their `note` in its place. `axis` writes the axis where `shown` is too long.
    """
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    steps = ticks(min([reference, *ends]), max([reference, *ends]) if ends else reference + 1.0)
    left = min(max((text_width(row.label) for row in rows), default=0) + 12, width * 0.4)
    right = max((text_width(_text(row, shown)) for row in rows if row.value is not None), default=0) + 14
    top = 20.0 if reference_label else 6.0
    canvas = Canvas(width, top + _ROW * max(len(rows), 1) + 24, (left + 10, right, top, 24))
    count = len(rows) or 1
    canvas.limits((steps[0], steps[-1]), (count, 0))
    across, down = canvas.per_pixel()
    for step in steps:
        canvas.line((step, step), (0, count), RULE)
        canvas.text(
            step,
            count - 6 * down,
            (axis or shown)(step),
            align="center",
            vertical="top",
            colour=FAINT,
            size=FONT_SIZE - 1,
        )
    canvas.line((reference, reference), (0, count), INK, "reference", width=1.2)
    if reference_label:
        canvas.above(reference, reference_label)
    for index, row in enumerate(rows):
        middle = index + 0.5
        canvas.text(steps[0] - 10 * across, middle, fitted(row.label, left - 10), align="right")
        if row.value is None or row.low is None or row.high is None:
            canvas.text(steps[-1] + 8 * across, middle, row.note or "–", colour=FAINT)
            continue
        is_unsure = row.low <= reference <= row.high
        colour = FAINT if is_unsure else COLOURS["main"]
        canvas.line((row.low, row.high), (middle, middle), colour, "whisker", width=2)
        canvas.dots((row.value,), (middle,), colour, "estimate", hollow=is_unsure)
        canvas.text(steps[-1] + 8 * across, middle, _text(row, shown))
    return canvas.svg(title, [f"{row.label}: {_text(row, shown)}" for row in rows])


def _text(row: Interval, shown: Callable[[float], str]) -> str:
    if row.value is None or row.low is None or row.high is None:
        return row.note or "–"
    return f"{shown(row.value)} [{shown(row.low)}, {shown(row.high)}]{row.note and '  ' + row.note}"
