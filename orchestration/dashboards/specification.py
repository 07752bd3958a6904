"""What a dashboard is made of: datasets, metrics, filters, charts, rows.

Belongs here: the shapes that `specs/` fills in. Not here: words (`texts.csv`, keys `dashboard.*`), Superset's
own names of things (`forms`, `layout`, `bundle`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Format(Enum):
    """How a number is shown, in d3's notation."""

    WHOLE = ",.0f"
    RATE = ".1%"
    POINTS = "+.1%"
    SIGNED = "+.0%"
    DECIMAL = ",.2f"
    FINE = ",.3~f"
    TEXT = ""


class Kind(Enum):
    """A kind of chart, by the name that Superset gives it."""

    NUMBER = "big_number_total"
    BARS = "echarts_timeseries_bar"
    LINES = "echarts_timeseries_line"
    INTERVALS = "box_plot"
    GRID = "heatmap_v2"
    TABLE = "table"


@dataclass(frozen=True)
class Metric:
    """A number of a dataset: a sum, count or pick of its columns, never a rate calculated anew."""

    name: str
    expression: str
    format: Format = Format.WHOLE


@dataclass(frozen=True)
class Dataset:
    """Published rows as the dashboards read them: the query `datasets/<name>.sql`, its metrics.

    `columns` names every column that the query gives, and for each the published column that its description
    is taken from ("" where the query makes it).
    """

    name: str
    columns: Mapping[str, str]
    metrics: tuple[Metric, ...] = ()

    def metric(self, name: str) -> Metric:
        """Return a metric by its name; KeyError where the dataset has none."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(f"dataset {self.name} has no metric {name!r}")


@dataclass(frozen=True)
class Filter:
    """A choice that a reader makes once for a dashboard: one column's value, of one dataset or the next."""

    column: str
    dataset: str
    starts_with_newest: bool = False
    start: str | None = None


@dataclass(frozen=True)
class Where:
    """A condition that always holds for a chart."""

    column: str
    operator: str
    value: Any = None


@dataclass(frozen=True)
class Line:
    """A horizontal line at a parameter of parameters.csv; its name is the text `dashboard.line.<name>`."""

    name: str
    parameter: str


@dataclass(frozen=True)
class Chart:
    """One chart with one message; its title is the text `dashboard.<dashboard>.<name>`.

    `every` names the filters that do not narrow it: a chart over all months does not follow the month.
    `options` are Superset's own settings where a kind's defaults do not fit.
    """

    name: str
    kind: Kind
    dataset: str
    metrics: tuple[str, ...] = ()
    x: str = ""
    by: str = ""
    columns: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    every: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    width: int = 6
    height: int = 44
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A heading with one line on how to read what follows, and rows of charts."""

    name: str
    rows: tuple[tuple[Chart, ...], ...]


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; its title is the text `dashboard.<name>.title`."""

    name: str
    filters: tuple[Filter, ...]
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart, in reading order."""
        return tuple(chart for section in self.sections for row in section.rows for chart in row)
