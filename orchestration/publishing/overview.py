"""A month at a glance: how it stands, which model scored it, who is on its lists, what was done about them.

Belongs here: the one query behind `retention status` and Dagster's month status, and the word for a month's
state. Not here: drawing (`orchestration.terminal`, `orchestration.defs`), which runs failed (Dagster knows).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pandas

from orchestration.publishing.status import month_status
from orchestration.settings import Home
from orchestration.warehouse import has_table

STATES = {
    "published": "in the published file, on the files that have landed",
    "stale": "published, but files landed since; run it again",
    "failed": "the last run failed; what was published before stays",
    "running": "a run goes on",
    "closed": "run, but not published",
    "landed": "landed, but not run",
    "open": "not over yet: partial extracts for a warning week",
}
"""Each state of a month, and what it means."""

_RUNNING = frozenset({"not_started", "queued", "starting", "started", "canceling"})
_FAILED = frozenset({"failure", "canceled"})
_COUNTS = {
    # table -> month column, column -> what is counted
    "retention.month_colours": (
        "snapshot_month",
        {colour: f"count(*) filter (colour = '{colour}')" for colour in ("red", "yellow", "blue")},
    ),
    "retention.responsibilities": (
        "snapshot_month",
        {
            name: f"count(*) filter (disposition = '{name}')"
            for name in ("assigned", "held_out", "suppressed", "beyond_capacity")
        },
    ),
    "retention.fct_retention_contacts": (
        "snapshot_month",
        {
            "worked": "count(distinct assignment_id)",
            "reached": "count(distinct assignment_id) filter (is_reached)",
        },
    ),
}
COUNTS = tuple(name for _, counts in _COUNTS.values() for name in counts)
"""Columns of `month_overview` that count subscribers."""


def month_overview(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    runs: Mapping[date, str],
    models: Mapping[date, str | None],
) -> pandas.DataFrame:
    """Return one row per month that landed or was closed, oldest first.

    Columns: month, state (one of `STATES`), model (whose trees scored it: the month they were trained for),
    `COUNTS` (subscribers by highest colour of the month's weeks; lines of its list by disposition; lines that
    somebody contacted, and reached), quarantined, rows_read, files. Null is unknown: no such table yet, or no
    model in force. `runs` tells how the newest run of a month went, `models` the model each month decided on.
    """
    status = month_status(connection, home)
    counted: dict[str, dict[date, tuple[int, ...]]] = {}
    for table, (month_column, counts) in _COUNTS.items():
        if has_table(connection, table):
            rows = connection.execute(
                f"select {month_column}, {', '.join(counts.values())} from {table} "
                f"where {month_column} is not null group by 1"
            ).fetchall()
            counted[table] = {month: tuple(found) for month, *found in rows}
    lines = []
    for month in status.to_dict("records"):
        day = month["month"]
        line = {"month": day, "state": _state(month, runs.get(day)), "model": _trained_for(models.get(day))}
        for table, (_, counts) in _COUNTS.items():
            zeros = [0 if month["is_closed"] and table in counted else None] * len(counts)
            line |= dict(zip(counts, counted.get(table, {}).get(day, zeros), strict=True))
        line |= {
            "quarantined": month["rows_quarantined"],
            "rows_read": month["rows_read"],
            "files": month["files"],
        }
        lines.append(line)
    columns = ["month", "state", "model", *COUNTS, "quarantined", "rows_read", "files"]
    return pandas.DataFrame(lines, columns=columns, dtype=object)


def _state(month: Mapping[Any, Any], run: str | None) -> str:
    if run in _RUNNING:
        return "running"
    if run in _FAILED:
        return "failed"
    if month["is_stale"]:
        return "stale"
    if month["is_published"]:
        return "published"
    if month["is_closed"]:
        return "closed"
    return "open" if month["is_open"] else "landed"


def _trained_for(model_id: str | None) -> str | None:
    """Return the month at the end of a model's name."""
    return model_id and model_id[-len("2026-06") :]
