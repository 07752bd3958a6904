"""Which tables are published, and how: `published_tables.csv` as objects.

Belongs here: reading the list, checking it against the build file, refusing personal columns. Not
here: copying (`copying`), checksums (`fingerprints`), what a view may read (`views`).
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.publishing.errors import PublishError
from orchestration.settings import REFERENCE

TABLES_FILE = REFERENCE / "published_tables.csv"
RAW_COLUMNS_FILE = REFERENCE / "raw_columns.csv"

WEEK_COLUMN = "warning_week"
"""Key column of every table that the Wednesday run writes."""


@dataclass(frozen=True)
class PublishedTable:
    """One published table, or a view of the build file that is published as one.

    A view only shows what tables hold: its months are never replaced and it has no checksums.

    `month_column` is empty for a table that is replaced whole. `rewrites_earlier_months` says that a run
    may change rows of months before its own. `manifest_month_column` tells which rows a month's manifest
    covers. `late_columns` are known later than their row's month: from `late_known_column` on, or,
    without one, never within a manifest.
    """

    schema_name: str
    table_name: str
    month_column: str
    key_columns: tuple[str, ...]
    rewrites_earlier_months: bool
    manifest_month_column: str
    late_columns: tuple[str, ...]
    late_known_column: str

    @property
    def name(self) -> str:
        """Schema and table, as SQL and file names write it."""
        return f"{self.schema_name}.{self.table_name}"

    @property
    def is_weekly(self) -> bool:
        """Whether a row belongs to a warning week, so that the Wednesday run writes it."""
        return WEEK_COLUMN in self.key_columns

    @property
    def named_columns(self) -> set[str]:
        """Every column that the list speaks of."""
        own = (self.month_column, self.manifest_month_column, self.late_known_column)
        return {*self.key_columns, *self.late_columns, *own} - {""}


@dataclass(frozen=True)
class Column:
    """A column as the build file declares it."""

    name: str
    data_type: str
    comment: str | None


@dataclass(frozen=True)
class TableShape:
    """A published table with the columns and comments that the build file gives it."""

    table: PublishedTable
    columns: tuple[Column, ...]
    comment: str | None


def load_tables(file: Path = TABLES_FILE) -> list[PublishedTable]:
    """Read the list of published tables, in the list's order."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            PublishedTable(
                row["schema_name"],
                row["table_name"],
                row["month_column"],
                tuple(row["key_columns"].split("|")),
                row["rewrites_earlier_months"] == "true",
                row["manifest_month_column"] or row["month_column"],
                tuple(filter(None, row["late_columns"].split("|"))),
                row["late_known_column"],
            )
            for row in csv.DictReader(lines)
        ]


def personal_columns() -> set[str]:
    """Return the names of the raw contract's personal columns."""
    with RAW_COLUMNS_FILE.open(encoding="utf-8", newline="") as lines:
        return {row["column_name"] for row in csv.DictReader(lines) if row["is_personal"] == "true"}


def publishable(connection: duckdb.DuckDBPyConnection, tables: Sequence[PublishedTable]) -> list[TableShape]:
    """Return the listed tables that the build file holds as tables, with their columns.

    Raises PublishError for a personal column, by its name or as part of one, and for a column that the
    list names but the table lacks.
    """
    comments = {
        (schema_name, table_name): comment
        for schema_name, table_name, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = current_database()"
        ).fetchall()
    }
    return [
        TableShape(table, checked_columns(connection, table), comments[table.schema_name, table.table_name])
        for table in tables
        if (table.schema_name, table.table_name) in comments
    ]


def checked_columns(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> tuple[Column, ...]:
    """Return the columns of a table or view of the build file that may be published as it is.

    Raises PublishError as `publishable` does.
    """
    columns = columns_of(connection, table.schema_name, table.table_name)
    names = {column.name for column in columns}
    personal = personal_columns()
    leaking = sorted(name for name in names if any(word in name for word in personal))
    if leaking:
        raise PublishError(
            f"{table.name}: column(s) {', '.join(leaking)} are personal data and are never published; "
            "take them out of the table"
        )
    lacking = sorted(table.named_columns - names)
    if lacking:
        raise PublishError(
            f"{TABLES_FILE.name}: {table.name} has no column(s) {', '.join(lacking)}; "
            "mend the list or the table"
        )
    return columns


def columns_of(
    connection: duckdb.DuckDBPyConnection, schema_name: str, table_name: str, database: str | None = None
) -> tuple[Column, ...]:
    """Return the columns of a table or view in their order; those of the build file without a database."""
    return tuple(
        Column(*row)
        for row in connection.execute(
            """
            select column_name, data_type, comment from duckdb_columns()
            where
                database_name = coalesce(?, current_database()) and schema_name = ? and table_name = ?
            order by column_index
            """,
            [database, schema_name, table_name],
        ).fetchall()
    )


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """Return a text as an SQL literal; `null` for None."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def month_of(column: str) -> str:
    """Return the SQL of the month, a date, that a date or timestamp column lies in."""
    return f"cast(date_trunc('month', {quoted(column)}) as date)"
