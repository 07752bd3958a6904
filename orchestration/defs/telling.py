"""What an asset tells of a materialisation: rows, tables and charts, month by month.

Belongs here: how figures become Dagster's metadata. Not here: which figures (`month_figures.py` and the
modules of the assets). Nothing here is of single customers.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from orchestration.warehouse import has_table, rows_per_month

NOT_MEASURED = "not measured"

MonthMetadata = Mapping[date, Mapping[str, Any]]
"""Metadata by the month whose materialisation it belongs to."""


def tell_months(context: dg.AssetExecutionContext, key: dg.AssetKey, months: MonthMetadata) -> None:
    """Give each month's materialisation of an asset its own metadata; call it before the asset is yielded."""
    for month, metadata in months.items():
        if metadata:
            context.add_asset_metadata(dict(metadata), asset_key=key, partition_key=month.isoformat())


def row_counts(
    connection: duckdb.DuckDBPyConnection, table: str, months: Sequence[date], month_column: str
) -> tuple[dict[str, Any], dict[date, dict[str, Any]]]:
    """Return how many rows a table has in all, and in each of the months, in Dagster's own words.

    Without a `month_column` the second is empty. A table that is not there has nothing to count.
    """
    if not has_table(connection, table):
        return {}, {}
    ((total,),) = connection.execute(f"select count(*) from {table}").fetchall()
    counts = rows_per_month(connection, table, months, month_column) if month_column else {}
    return (
        {"dagster/row_count": total},
        {month: {"dagster/partition_row_count": rows} for month, rows in counts.items()},
    )


def materialised(
    context: dg.AssetExecutionContext,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    months: Sequence[date],
    *more: MonthMetadata,
    month_column: str = "snapshot_month",
) -> dg.MaterializeResult:
    """Return that Python has made a table: its rows, those of each month, and `more` of the months."""
    key = dg.AssetKey(table.split("."))
    whole, rows = row_counts(connection, table, months, month_column)
    tell_months(context, key, merged(rows, *more))
    return dg.MaterializeResult(asset_key=key, metadata=whole)


def merged(*told: MonthMetadata) -> dict[date, dict[str, Any]]:
    """Return several month-by-month tellings as one."""
    months: dict[date, dict[str, Any]] = {}
    for one in told:
        for month, metadata in one.items():
            months.setdefault(month, {}).update(metadata)
    return months


def by_month(frame: pd.DataFrame, name: str, month_column: str = "month") -> dict[date, dict[str, Any]]:
    """Return each month's rows of a frame as a table called `name`."""
    return {
        month: {name: table(frame[frame[month_column] == month].drop(columns=month_column))}
        for month in sorted(set(frame[month_column]))
    }


def table(frame: pd.DataFrame) -> dg.TableMetadataValue:
    """Return a table for the UI: figures in three places, whole numbers with separators."""
    records = [
        dg.TableRecord({str(name): cell(value) for name, value in zip(frame.columns, row, strict=True)})
        for row in frame.itertuples(index=False, name=None)
    ]
    columns = [dg.TableColumn(str(name), "string") for name in frame.columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


def markdown(frame: pd.DataFrame) -> str:
    """Return a frame as a Markdown table, numbers to the right."""
    numeric = {name for name in frame.columns if frame[name].map(_is_number).any()}
    lines = [
        [str(name).replace("_", " ") for name in frame.columns],
        ["---:" if name in numeric else "---" for name in frame.columns],
        *([cell(value, missing="") for value in row] for row in frame.itertuples(index=False, name=None)),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object, missing: str = NOT_MEASURED) -> str:
    """Return a value as text: months in short, money and shares in three places."""
    if value is None or value is pd.NaT or value != value:
        return missing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:%Y-%m}" if isinstance(value, date) else str(value).replace("|", "/")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
