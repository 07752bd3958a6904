"""What one publication consists of: `ops.published_tables` and `ops.published_months` of the published file.

Belongs here: counting and checksumming what the copy holds, and saying so within it. Not here: the checksums
(`fingerprints`), the manifests of months, which leave out what was known later (`manifest`).

Whoever reads several tables over one connection can prove by it that all were of one publication; whoever
copies them on knows what has changed. It names no clock and no run: the same state gives the same rows.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb

from orchestration.publishing.catalogue import (
    Column,
    PublishedTable,
    TableShape,
    columns_of,
    quoted,
)
from orchestration.publishing.copying import PUBLICATION, copy_name, set_comments
from orchestration.publishing.fingerprints import state_checksums, summed

Months = dict[date | None, tuple[int, str]]
"""Rows and checksum per month of one table; rows without a month, and tables without months, under None."""

TABLES = "ops.published_tables"
MONTHS = "ops.published_months"

_SCHEMA = Column("schema_name", "VARCHAR", "Schema that it lies in")
_TABLE = Column("table_name", "VARCHAR", "Its name within the schema")
_CHECKSUM = (
    "Sum over the rows of the MD5 of each row as a JSON array of its columns by name, in two halves of 64 "
    "bits, in hexadecimal; the same rows give the same checksum, whatever their order"
)
DECLARED = {
    TABLES: (
        "One row per table and view of this publication, itself and ops.published_months left out.",
        (
            _SCHEMA,
            _TABLE,
            Column("kind", "VARCHAR", "table or view"),
            Column("row_count", "BIGINT", "Rows of a table; null of a view, which has none of its own"),
            Column("first_month", "DATE", "Oldest month of a table; null where it has none"),
            Column("last_month", "DATE", "Newest month of a table; null where it has none"),
            Column(
                "checksum",
                "VARCHAR",
                f"Of a table: {_CHECKSUM[0].lower()}{_CHECKSUM[1:]}. Of a view the MD5 of its statement",
            ),
            Column("description", "VARCHAR", "What one of its rows is"),
        ),
    ),
    MONTHS: (
        "One row per table of this publication and month that it holds rows of.",
        (
            _SCHEMA,
            _TABLE,
            Column("month", "DATE", "First day of the month; null for the rows of a table that has none"),
            Column("row_count", "BIGINT", "Rows of the month"),
            Column("checksum", "VARCHAR", _CHECKSUM),
        ),
    ),
}
"""Comment and columns of both tables: they lie in the published file only."""

NAMES = frozenset(DECLARED)


def write_state(
    connection: duckdb.DuckDBPyConnection,
    listed: Sequence[PublishedTable],
    replaced: Mapping[str, set[date | None] | None],
) -> dict[str, Months]:
    """Bring both tables of the attached copy up to date; return rows and checksums by `schema.table`.

    `replaced` says which months of which tables this publication wrote (None: the whole table); of all
    else the copy's own account still holds, and is made where there is none.
    """
    before = _last_state(connection)
    state: dict[str, Months] = {}
    accounts: list[tuple[object, ...]] = []
    for table in listed:
        columns = columns_of(connection, table.schema_name, table.table_name, PUBLICATION)
        if not columns:
            continue
        shape = TableShape(table, columns, None)
        kind, description, checksum = _kind_comment_and_checksum(connection, table)
        if kind == "view":
            account = (table.schema_name, table.table_name, kind, None, None, None, checksum, description)
            accounts.append(account)
            continue
        state[table.name] = _months_now(connection, shape, before.get(table.name), replaced)
        rows, checksum = summed(state[table.name].values())
        months = [month for month in state[table.name] if month is not None]
        span = (min(months, default=None), max(months, default=None))
        accounts.append((table.schema_name, table.table_name, kind, rows, *span, checksum, description))
    _write(connection, TABLES, accounts)
    _write(
        connection,
        MONTHS,
        [
            (*name.split("."), month, rows, checksum)
            for name, months_of_table in state.items()
            for month, (rows, checksum) in months_of_table.items()
        ],
    )
    return state


def month_account(connection: duckdb.DuckDBPyConnection) -> dict[str, Months]:
    """Return rows and checksums as the published file that `connection` is open on tells them."""
    return _by_table(connection.execute(f"from {MONTHS} order by all").fetchall())


def _last_state(connection: duckdb.DuckDBPyConnection) -> dict[str, Months]:
    """Return what the copy says of itself; nothing where it does not, or in another form."""
    schema_name, _, table_name = MONTHS.partition(".")
    there = columns_of(connection, schema_name, table_name, PUBLICATION)
    if there != DECLARED[MONTHS][1]:
        return {}
    return _by_table(connection.execute(f"from {PUBLICATION}.{MONTHS} order by all").fetchall())


def _by_table(rows: Sequence[tuple[str, str, date | None, int, str]]) -> dict[str, Months]:
    state: dict[str, Months] = {}
    for schema_name, table_name, month, count, checksum in rows:
        state.setdefault(f"{schema_name}.{table_name}", {})[month] = (count, checksum)
    return state


def _months_now(
    connection: duckdb.DuckDBPyConnection,
    shape: TableShape,
    before: Months | None,
    replaced: Mapping[str, set[date | None] | None],
) -> Months:
    name = shape.table.name
    months = replaced.get(name, set())
    if before is None or months is None:
        return state_checksums(connection, copy_name(shape), shape)
    kept = {month: account for month, account in before.items() if month not in months}
    return kept | (state_checksums(connection, copy_name(shape), shape, months) if months else {})


def _kind_comment_and_checksum(
    connection: duckdb.DuckDBPyConnection, table: PublishedTable
) -> tuple[str, str | None, str | None]:
    """Return these of a table or view of the copy; the checksum of a view only, of its SQL."""
    ((kind, comment, checksum),) = connection.execute(
        """
        select 'table', comment, null from duckdb_tables()
        where database_name = $1 and schema_name = $2 and table_name = $3
        union all
        select 'view', comment, md5(sql) from duckdb_views()
        where database_name = $1 and schema_name = $2 and view_name = $3
        """,
        [PUBLICATION, table.schema_name, table.table_name],
    ).fetchall()
    return kind, comment, checksum


def _write(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[object, ...]]) -> None:
    comment, columns = DECLARED[name]
    target = f"{PUBLICATION}.{name}"
    types = ", ".join(f"{quoted(column.name)} {column.data_type}" for column in columns)
    connection.execute(f"create schema if not exists {PUBLICATION}.ops").fetchall()
    connection.execute(f"create or replace table {target} ({types})").fetchall()
    values = ", ".join("?" for _ in columns)
    for row in sorted(rows, key=lambda row: [str(value or "") for value in row]):
        connection.execute(f"insert into {target} values ({values})", list(row)).fetchall()
    set_comments(connection, "table", target, comment, columns)
