"""The settings that Superset keeps of a chart, from its description.

Belongs here: what a kind of chart means in Superset 6's form data. Not here: where a chart stands (`layout`),
what it shows (`specs/`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.dashboards.queries import ResultColumn
from orchestration.dashboards.specification import Chart, Dataset, Format, Kind, Metric, Where

SCHEME = "retention"
"""The colours of `server/superset_config.py`, safe for the colour-blind."""

ONE_COLOUR_SCHEME = "retention_one"
GRID_SCHEME = "retention_blue"

LABEL_COLOURS = {
    # Paul Tol's high-contrast set: told apart by every eye, and in grey.
    "colour.red": "#bb5566",
    "colour.yellow": "#ddaa33",
    "colour.blue": "#004488",
    "dashboard.code.colour.none": "#bbbbbb",
    "dashboard.code.colour.all": "#555555",
    "dashboard.code.disposition.assigned": "#332288",
    "dashboard.code.disposition.held_out": "#44aa99",
    "dashboard.code.disposition.suppressed": "#882255",
    "dashboard.code.disposition.beyond_capacity": "#bbbbbb",
    "dashboard.code.work_state.answered": "#332288",
    "dashboard.code.work_state.open": "#bbbbbb",
    "dashboard.code.work_state.overdue": "#cc6677",
    "dashboard.code.task_state.in_time": "#332288",
    "dashboard.code.task_state.late": "#88ccee",
    "dashboard.code.task_state.overdue": "#cc6677",
    "dashboard.code.task_state.open": "#bbbbbb",
    "dashboard.code.drift_level.ok": "#bbbbbb",
    "dashboard.code.drift_level.investigate": "#ddcc77",
    "dashboard.code.drift_level.stop": "#882255",
    "contender.model": "#332288",
    "contender.in_force": "#88ccee",
    "contender.scorecard": "#cc6677",
    "contender.bill_ratio": "#999933",
}
"""The colour of a word, the same in every chart, by the key of its text."""

_COLUMN_LIMIT = 10_000
_TABLE_ROWS = 200
_MONTH_FORMAT = "%Y-%m"
_DAY_FORMAT = "%Y-%m-%d"
_PERIODS = ("month", "week")
"""Columns that hold a month or week as text: their order is their own."""


def form(
    chart: Chart,
    dataset: Dataset,
    columns: Sequence[ResultColumn],
    words: Mapping[str, str],
    lines: Mapping[str, float],
) -> dict[str, Any]:
    """Return a chart's form data.

    `columns` are those of its dataset; `words` the texts of this chart (note, axes, the names of its lines);
    `lines` the values of its lines.
    """
    metrics = [dataset.metric(name) for name in chart.metrics]
    makers = {
        Kind.NUMBER: _number,
        Kind.BARS: _series,
        Kind.LINES: _series,
        Kind.INTERVALS: _intervals,
        Kind.GRID: _grid,
        Kind.TABLE: _table,
    }
    made = {
        "viz_type": chart.kind.value,
        "adhoc_filters": [_condition(where) for where in chart.where],
        "color_scheme": SCHEME,
        "row_limit": _COLUMN_LIMIT,
        "extra_form_data": {},
        "annotation_layers": [
            _line(words[f"line.{line.name}"], lines[line.name], position)
            for position, line in enumerate(chart.lines)
        ],
        **makers[chart.kind](chart, metrics, columns, words),
    }
    return {**made, **chart.options}


def _number(
    chart: Chart, metrics: list[Metric], columns: Sequence[ResultColumn], words: Mapping[str, str]
) -> dict[str, Any]:
    (metric,) = metrics
    return {
        "metric": metric.name,
        "subtitle": words.get("note", ""),
        "header_font_size": 0.4,
        "subtitle_font_size": 0.125,
        "y_axis_format": metric.format.value,
    }


def _series(
    chart: Chart, metrics: list[Metric], columns: Sequence[ResultColumn], words: Mapping[str, str]
) -> dict[str, Any]:
    is_time = any(column.name == chart.x and column.is_date for column in columns)
    several = bool(chart.by) or len(metrics) > 1
    lies = chart.options.get("orientation") == "horizontal"
    made: dict[str, Any] = {
        "x_axis": chart.x,
        "metrics": [metric.name for metric in metrics],
        "groupby": [chart.by] if chart.by else [],
        "show_legend": several or bool(chart.lines),
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        # Names of lying bars stand where their title would.
        "x_axis_title": "" if lies else words["x"],
        "x_axis_title_margin": 0 if lies else 30,
        "y_axis_title": words["y"],
        "y_axis_title_margin": 30 if lies else 72,
        "y_axis_title_position": "Left",
        "y_axis_format": metrics[0].format.value,
        "y_axis_bounds": [None, None],
        "truncate_metric": True,
        "show_empty_columns": True,
        "sort_series_type": "sum",
        "order_desc": True,
        "orientation": "vertical",
    }
    if is_time:
        shape = _MONTH_FORMAT if chart.x.endswith("_month") else _DAY_FORMAT
        made |= {
            # Columns hold first days of months or Wednesdays: nothing is to be grouped again.
            "time_grain_sqla": None,
            "x_axis_time_format": shape,
            "tooltipTimeFormat": shape,
            "x_axis_sort_asc": True,
        }
    elif chart.x in _PERIODS:
        made |= {
            "x_axis_sort": "name" if several else chart.x,
            "x_axis_sort_asc": True,
        }
    else:
        made |= {
            "x_axis_sort": "sum" if several else metrics[0].name,
            # The first of lying bars stands at the bottom.
            "x_axis_sort_asc": lies,
            "xAxisLabelInterval": "0",
            "show_value": not several,
        }
    if chart.kind is Kind.BARS:
        made["stack"] = "Stack" if several else None
    else:
        made |= {"markerEnabled": True, "markerSize": 5, "seriesType": "line"}
    return made


def _intervals(
    chart: Chart, metrics: list[Metric], columns: Sequence[ResultColumn], words: Mapping[str, str]
) -> dict[str, Any]:
    # The rows of `position` 1 to 5 are low, low, value, high, high: their quartiles draw the interval as a
    # box and the value as its line.
    return {
        "columns": ["position"],
        "groupby": [chart.x],
        "metrics": [metric.name for metric in metrics],
        "whiskerOptions": "Min/max (no outliers)",
        "number_format": metrics[0].format.value,
        "x_axis_title": words["x"],
        "x_axis_title_margin": 30,
        "y_axis_title": words["y"],
        "y_axis_title_margin": 62,
        "y_axis_title_position": "Left",
        "x_ticks_layout": "auto",
        "show_legend": False,
        "color_scheme": ONE_COLOUR_SCHEME,
        "date_format": _MONTH_FORMAT,
    }


def _grid(
    chart: Chart, metrics: list[Metric], columns: Sequence[ResultColumn], words: Mapping[str, str]
) -> dict[str, Any]:
    (metric,) = metrics
    return {
        "x_axis": chart.x,
        "groupby": chart.by,
        "metric": metric.name,
        "normalize_across": "heatmap",
        "linear_color_scheme": GRID_SCHEME,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": "auto",
        "bottom_margin": "auto",
        "show_legend": True,
        "legend_type": "continuous",
        "show_percentage": False,
        "show_values": False,
        "y_axis_format": metric.format.value,
        "value_bounds": [0, 1],
    }


def _table(
    chart: Chart, metrics: list[Metric], columns: Sequence[ResultColumn], words: Mapping[str, str]
) -> dict[str, Any]:
    formats = {column.name: Format.WHOLE for column in columns if column.is_whole}
    formats |= {metric.name: metric.format for metric in metrics}
    made: dict[str, Any] = {
        "table_timestamp_format": _DAY_FORMAT,
        "row_limit": _TABLE_ROWS,
        "server_pagination": False,
        "page_length": 0,
        "show_cell_bars": True,
        "color_pn": False,
        "align_pn": False,
        "allow_render_html": False,
        "column_config": {
            name: {"d3NumberFormat": shape.value}
            for name, shape in formats.items()
            if shape is not Format.TEXT
        },
    }
    if metrics:
        return made | {
            "query_mode": "aggregate",
            "groupby": list(chart.columns),
            "metrics": [metric.name for metric in metrics],
            "order_desc": True,
        }
    newest_first = [json.dumps([name, False]) for name in chart.columns if name in _PERIODS]
    return made | {"query_mode": "raw", "all_columns": list(chart.columns), "order_by_cols": newest_first}


def _condition(where: Where) -> dict[str, Any]:
    return {
        "expressionType": "SIMPLE",
        "clause": "WHERE",
        "subject": where.column,
        "operator": where.operator,
        "comparator": where.value,
    }


def _line(name: str, value: float, position: int) -> dict[str, Any]:
    return {
        "annotationType": "FORMULA",
        "sourceType": "",
        "name": name,
        "value": str(value),
        "color": ("#555555", "#882255")[position % 2],
        "style": "dashed",
        "opacity": "",
        "width": 1,
        "show": True,
        "showLabel": True,
        "showMarkers": False,
        "hideLine": False,
        "overrides": {"time_range": None},
    }
