"""Where the charts of a dashboard stand, as Superset's grid of twelve columns.

Belongs here: positions and headings. Not here: what a chart shows (`forms`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.dashboards.specification import Chart

_GRID = "GRID_ID"
_ROOT = "ROOT_ID"
_LINE_WIDTH = 140
_WIDE_FROM = 0x2E80
"""Chinese characters from here on are twice as wide as Latin ones."""


def layout(
    title: str,
    sections: Sequence[tuple[str, str, Sequence[Sequence[Chart]]]],
    placed: Mapping[str, tuple[int, str, str]],
    missing: Mapping[str, str],
) -> dict[str, Any]:
    """Return a dashboard's positions.

    `sections` are name, text in Markdown and rows; `placed` the number, uuid and title of a chart by name,
    `missing` the text in place of a chart whose rows are not published.
    """
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        _ROOT: {"type": "ROOT", "id": _ROOT, "children": [_GRID]},
        _GRID: {"type": "GRID", "id": _GRID, "children": [], "parents": [_ROOT]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": title}},
    }

    def row(identifier: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "type": "ROW",
            "id": identifier,
            "children": [],
            "parents": [_ROOT, _GRID],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        position[identifier] = made
        position[_GRID]["children"].append(identifier)
        return made

    def put(holder: dict[str, Any], kind: str, identifier: str, meta: dict[str, Any]) -> None:
        parents = [*holder["parents"], holder["id"]]
        position[identifier] = {
            "type": kind,
            "id": identifier,
            "children": [],
            "parents": parents,
            "meta": meta,
        }
        holder["children"].append(identifier)

    for name, text, rows in sections:
        put(
            row(f"ROW-{name}"),
            "MARKDOWN",
            f"MARKDOWN-{name}",
            {"width": 12, "height": _note_height(text), "code": text},
        )
        for number, charts in enumerate(rows):
            holder = row(f"ROW-{name}-{number}")
            for chart in charts:
                size = {"width": chart.width, "height": chart.height}
                if chart.name in missing:
                    put(holder, "MARKDOWN", f"MARKDOWN-{chart.name}", {**size, "code": missing[chart.name]})
                    continue
                identifier, uuid, slice_name = placed[chart.name]
                meta = {**size, "chartId": identifier, "uuid": uuid, "sliceName": slice_name}
                put(holder, "CHART", f"CHART-{chart.name}", meta)
    return position


def _note_height(text: str) -> int:
    # The heading is the first line; then as many lines as the text needs at the width of a small screen.
    body = text.partition("\n")[2]
    width = sum(2 if ord(letter) >= _WIDE_FROM else 1 for letter in body)
    return 10 + 3 * math.ceil(width / _LINE_WIDTH)
