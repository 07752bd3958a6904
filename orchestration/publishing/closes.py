"""On which input a month was closed, so that a later correction shows.

Belongs here: the checksum over all files landed up to a month, and its record `ops.month_closes`. Not
here: landing's accounts themselves (`orchestration.landing`), showing them (`status`).
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publishing.connecting import open_published

INPUT_CHECKSUMS = """
    select
        months.snapshot_month,
        sha256(coalesce(
            string_agg(
                concat_ws(chr(9), coalesce(cast(audit.landed_month as varchar), 'static'),
                    audit.table_name, audit.file_name, audit.checksum),
                chr(10)
                order by audit.landed_month nulls first, audit.table_name, audit.file_name, audit.checksum
            ),
            ''
        )) as input_checksum
    from (select distinct unnest(cast(? as date[])) as snapshot_month) as months
    left join ops.landing_audit as audit
        on audit.landed_month is null or audit.landed_month <= months.snapshot_month
    group by months.snapshot_month
"""


def input_checksums(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> dict[date, str]:
    """Return for each month the SHA-256 over the files landed up to it, static tables included."""
    return dict(connection.execute(INPUT_CHECKSUMS, [list(months)]).fetchall())


def record_closes(connection: duckdb.DuckDBPyConnection, months: Sequence[date]) -> None:
    """Write the months' checksums into `ops.month_closes` of the build file, in place of older ones."""
    connection.begin()
    try:
        connection.execute(
            "delete from ops.month_closes where list_contains(cast(? as date[]), snapshot_month)",
            [list(months)],
        ).fetchall()
        connection.execute(
            f"insert into ops.month_closes (snapshot_month, input_checksum) {INPUT_CHECKSUMS}",
            [list(months)],
        ).fetchall()
        connection.commit()
    except duckdb.Error:
        connection.rollback()
        raise


def stale_closes(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """Return the closed months whose files have changed since, oldest first.

    `connection` is open on the build file.
    """
    closed = dict(
        connection.execute("select snapshot_month, input_checksum from ops.month_closes").fetchall()
    )
    current = input_checksums(connection, sorted(closed))
    return [month for month in sorted(closed) if closed[month] != current[month]]


def published_closes(file: Path) -> dict[date, str]:
    """Return the input checksum of every month that the published file holds; none without the file."""
    if not file.exists():
        return {}
    with open_published(file) as connection:
        return dict(
            connection.execute("select snapshot_month, input_checksum from ops.month_closes").fetchall()
        )
