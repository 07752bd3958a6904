"""Charts as SVG text: small, labelled at the marks, the same bytes from the same figures.

Belongs here: drawing. Not here: which figures, which words, which message (`orchestration.report`,
`orchestration.defs`). Labels come ready in the reader's language; numbers are written by the caller's
`shown`.

Each function returns one `<svg>` element that fits into a page as it is; `markdown_image` makes a picture of
it for Dagster's metadata. Sizes are CSS pixels. None means unknown: a gap, never 0.
"""

from orchestration.charts.bars import Bar, Step, bars, bridge, columns, stacked_columns
from orchestration.charts.canvas import NARROW, markdown_image
from orchestration.charts.intervals import Interval, intervals
from orchestration.charts.lines import Series, lines, spark
from orchestration.charts.palette import COLOURS, SERIES_COLOURS

__all__ = [
    "COLOURS",
    "NARROW",
    "SERIES_COLOURS",
    "Bar",
    "Interval",
    "Series",
    "Step",
    "bars",
    "bridge",
    "columns",
    "intervals",
    "lines",
    "markdown_image",
    "spark",
    "stacked_columns",
]
