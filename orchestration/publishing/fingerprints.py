"""Checksums over the rows of a table, whatever the order of the rows.

Belongs here: the two fingerprints. One goes into manifests and is the same on any machine; the other
only tells quickly, within one engine, whether two months differ. Not here: what is done with them.
"""

from collections.abc import Sequence
from datetime import date

import duckdb

from orchestration.publishing.catalogue import WEEK_COLUMN, TableShape, literal, month_of, quoted

ROW_NUMBER = "md5_number(json_array({columns})::varchar)"
"""A row as a 128-bit number: the engine's function for it stands here and nowhere else."""

EXACT_IN_JSON = {"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE"}
"""Types that JSON writes as they are; others, decimals above all, go in as text."""

LOW_HALF = "18446744073709551615::uhugeint"


def month_checksums(
    connection: duckdb.DuckDBPyConnection, source: str, shape: TableShape, months: Sequence[date]
) -> dict[date, tuple[int, str]]:
    """Return rows and checksum of what each month knew at its end; months without rows included.

    `source` is the table to read, of the shape's columns. The checksum is the exact sum of the rows'
    numbers in two halves (a sum of 128-bit numbers would overflow), in hexadecimal; it depends neither
    on the order of rows nor on that of columns.
    """
    return _checksums(connection, source, shape, month_of(shape.table.manifest_month_column), months)


def week_checksum(
    connection: duckdb.DuckDBPyConnection, source: str, shape: TableShape, warning_week: date
) -> tuple[int, str]:
    """Return rows and checksum of one warning week, as `month_checksums` does of a month."""
    found = _checksums(connection, source, shape, quoted(WEEK_COLUMN), [warning_week])
    return found[warning_week]


def _checksums(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    shape: TableShape,
    period: str,
    first_days: Sequence[date],
) -> dict[date, tuple[int, str]]:
    """Return rows and checksum of each period; `period` is the SQL of a row's own."""
    table = shape.table
    late = set(table.late_columns)
    known = f"{month_of(table.late_known_column)} <= {month_of(table.month_column)}" if late else ""
    expressions = []
    for column in sorted(shape.columns, key=lambda column: column.name):
        exact = column.data_type in EXACT_IN_JSON
        value = quoted(column.name) if exact else f"{quoted(column.name)}::varchar"
        if column.name not in late:
            expressions.append(value)
        elif table.late_known_column:
            expressions.append(f"case when {known} then {value} end")
    rows = connection.execute(
        f"""
        with numbered as (
            select
                {period} as period,
                {ROW_NUMBER.format(columns=", ".join(expressions))} as row_number
            from {source}
            where {period} in ({_dates(first_days)})
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
    found = {day: (count, f"{high:024x}{low:024x}") for day, count, high, low in rows}
    return {day: found.get(day, (0, "0" * 48)) for day in first_days}


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


def _dates(days: Sequence[date]) -> str:
    return ", ".join(f"date {literal(day.isoformat())}" for day in days)
