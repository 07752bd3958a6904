"""Checksums over the rows of a table, whatever the order of the rows.

Belongs here: the two fingerprints. One goes into manifests and is the same on any machine; the other
only tells quickly, within one engine, whether two months differ. Not here: what is done with them.
"""

from collections.abc import Iterable, Sequence, Set
from datetime import date
from typing import Any

import duckdb

from orchestration.publishing.catalogue import WEEK_COLUMN, TableShape, literal, month_of, quoted

ROW_NUMBER = "md5_number(json_array({columns})::varchar)"
"""A row as a 128-bit number: the engine's function for it stands here and nowhere else."""

EXACT_IN_JSON = {"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE"}
"""Types that JSON writes as they are; others, decimals above all, go in as text."""

LOW_HALF = "18446744073709551615::uhugeint"


NO_ROWS = (0, "0" * 48)
"""Rows and checksum of nothing."""


def month_checksums(
    connection: duckdb.DuckDBPyConnection, source: str, shape: TableShape, months: Sequence[date]
) -> dict[date, tuple[int, str]]:
    """Return rows and checksum of what each month knew at its end; months without rows included.

    `source` is the table to read, of the shape's columns. The checksum is the exact sum of the rows'
    numbers in two halves (a sum of 128-bit numbers would overflow), in hexadecimal; it depends neither
    on the order of rows nor on that of columns.
    """
    period = month_of(shape.table.manifest_month_column)
    found = _checksums(connection, source, _known_values(shape), period, _in_days(period, months))
    return {month: found.get(month, NO_ROWS) for month in months}


def week_checksum(
    connection: duckdb.DuckDBPyConnection, source: str, shape: TableShape, warning_week: date
) -> tuple[int, str]:
    """Return rows and checksum of one warning week, as `month_checksums` does of a month."""
    period = quoted(WEEK_COLUMN)
    found = _checksums(connection, source, _known_values(shape), period, _in_days(period, [warning_week]))
    return found.get(warning_week, NO_ROWS)


def state_checksums(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    shape: TableShape,
    months: Set[date | None] | None = None,
) -> dict[date | None, tuple[int, str]]:
    """Return rows and checksum per month of all that a table holds now, as `month_checksums` does.

    Nothing is left out as not yet known. Rows without a month, and all of a table without months, stand
    under None. With `months` of those only; months without rows are left out.
    """
    values = [
        _value(column.name, column.data_type)
        for column in sorted(shape.columns, key=lambda column: column.name)
    ]
    if not shape.table.month_column:
        return _checksums(connection, source, values, "cast(null as date)", "true")
    period = month_of(shape.table.month_column)
    if months is None:
        chosen = "true"
    else:
        days = sorted(month for month in months if month is not None)
        chosen = " or ".join(
            ([f"{period} is null"] if None in months else []) + ([_in_days(period, days)] if days else [])
        )
    return _checksums(connection, source, values, period, chosen or "false")


def summed(parts: Iterable[tuple[int, str]]) -> tuple[int, str]:
    """Return rows and checksum of all the parts together."""
    count = high = low = 0
    for rows, checksum in parts:
        count, high, low = count + rows, high + int(checksum[:24], 16), low + int(checksum[24:], 16)
    return count, f"{high:024x}{low:024x}"


def _known_values(shape: TableShape) -> list[str]:
    """Return the SQL of the columns by name, with what was known later than its row's month left out."""
    table = shape.table
    late = set(table.late_columns)
    known = f"{month_of(table.late_known_column)} <= {month_of(table.month_column)}" if late else ""
    values = []
    for column in sorted(shape.columns, key=lambda column: column.name):
        value = _value(column.name, column.data_type)
        if column.name not in late:
            values.append(value)
        elif table.late_known_column:
            values.append(f"case when {known} then {value} end")
    return values


def _value(name: str, data_type: str) -> str:
    return quoted(name) if data_type in EXACT_IN_JSON else f"{quoted(name)}::varchar"


def _checksums(
    connection: duckdb.DuckDBPyConnection, source: str, values: Sequence[str], period: str, chosen: str
) -> dict[Any, tuple[int, str]]:
    """Return rows and checksum of each period among the chosen rows; `period` is the SQL of a row's own."""
    rows = connection.execute(
        f"""
        with numbered as (
            select
                {period} as period,
                {ROW_NUMBER.format(columns=", ".join(values))} as row_number
            from {source}
            where {chosen}
        )
        select
            period,
            count(*),
            sum(cast(row_number >> 64 as ubigint)),
            sum(cast(row_number & {LOW_HALF} as ubigint))
        from numbered
        group by period
        """
    ).fetchall()
    return {day: (count, f"{high:024x}{low:024x}") for day, count, high, low in rows}


def month_hashes(
    connection: duckdb.DuckDBPyConnection, source: str, shape: TableShape
) -> dict[date | None, tuple[int, int]]:
    """Return rows and a quick hash per month; rows without a month under None.

    Good for comparing two files with the same engine. Two different months agree once in 2**64.
    """
    columns = ", ".join(quoted(column.name) for column in shape.columns)
    rows = connection.execute(
        f"""
        select {month_of(shape.table.month_column)} as month, count(*), sum(hash({columns}))
        from {source}
        group by month
        """
    ).fetchall()
    return {month: (count, total) for month, count, total in rows}


def _in_days(period: str, days: Sequence[date]) -> str:
    dates = ", ".join(f"date {literal(day.isoformat())}" for day in days)
    return f"{period} in ({dates})"
