"""The published database file: a copy of the last one with the run's months replaced.

Belongs here: what is copied and which months are replaced. Not here: which tables (`catalogue`), views
(`views`), when the copy takes the place of the last one (`places`), Parquet (`parquet`).
"""

import shutil
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import (
    Column,
    TableShape,
    columns_of,
    literal,
    month_of,
    quoted,
)
from orchestration.publishing.fingerprints import month_hashes

PUBLICATION = "publication"
"""Name that the copy is attached under; no schema may bear it."""

STORAGE_VERSION = "v1.0.0"
"""Oldest format: BI tools bring engines of their own, and must be able to read the file."""


@contextmanager
def attached_copy(connection: duckdb.DuckDBPyConnection, published_file: Path, copy: Path) -> Iterator[None]:
    """Attach a copy of the published file, or a new file where there is none, as `publication`.

    At the end the copy is checkpointed and detached: one whole file without a log beside it.
    """
    if published_file.exists():
        shutil.copyfile(published_file, copy)
    connection.execute(
        f"attach {literal(str(copy))} as {PUBLICATION} (storage_version '{STORAGE_VERSION}')"
    ).fetchall()
    try:
        yield
        connection.execute(f"checkpoint {PUBLICATION}").fetchall()
    finally:
        connection.execute(f"detach {PUBLICATION}").fetchall()


def copy_name(shape: TableShape) -> str:
    """Return the table's name in the attached copy."""
    return f"{PUBLICATION}.{quoted(shape.table.schema_name)}.{quoted(shape.table.table_name)}"


def build_name(shape: TableShape) -> str:
    """Return the table's name in the build file."""
    return f"{quoted(shape.table.schema_name)}.{quoted(shape.table.table_name)}"


def replace_in_copy(
    connection: duckdb.DuckDBPyConnection, shape: TableShape, months: Sequence[date]
) -> set[date | None] | None:
    """Bring one table of the copy up to date; return the months replaced, None for the whole table.

    Replaced are the run's months; where a run rewrites earlier ones, also every month whose rows
    differ; everything where the table is new, has other columns or no months. Rows go in by key.
    """
    table, copy, build = shape.table, copy_name(shape), build_name(shape)
    order = ", ".join(quoted(name) for name in table.key_columns)
    replaced: set[date | None] | None
    there = columns_of(connection, table.schema_name, table.table_name, PUBLICATION)
    if not table.month_column or _types(there) != _types(shape.columns):
        replaced = None
        connection.execute(
            f"create schema if not exists {PUBLICATION}.{quoted(table.schema_name)}"
        ).fetchall()
        connection.execute(
            f"create or replace table {copy} as select * from {build} order by {order}"
        ).fetchall()
    else:
        replaced = {*months}
        if table.rewrites_earlier_months:
            now, last = month_hashes(connection, build, shape), month_hashes(connection, copy, shape)
            replaced |= {month for month in {*now, *last} if now.get(month) != last.get(month)}
        chosen = _chosen(table.month_column, replaced)
        connection.execute(f"delete from {copy} where {chosen}").fetchall()
        connection.execute(
            f"insert into {copy} by name select * from {build} where {chosen} order by {order}"
        ).fetchall()
    set_comments(connection, "table", copy, shape.comment, shape.columns)
    return replaced


def months_in(connection: duckdb.DuckDBPyConnection, shape: TableShape) -> list[date | None]:
    """Return the months that a table of the copy holds rows of; rows without a month as None."""
    rows = connection.execute(
        f"select distinct {month_of(shape.table.month_column)} from {copy_name(shape)} order by all"
    ).fetchall()
    return [month for (month,) in rows]


def drop_unlisted(connection: duckdb.DuckDBPyConnection, listed: Set[str], views: Set[str]) -> None:
    """Drop what the copy holds but the list of published tables no longer names, or names as the other kind.

    `views` are those of `listed` that the build file holds as views.
    """
    rows = connection.execute(
        """
        select 'table', schema_name, table_name from duckdb_tables() where database_name = $1
        union all
        select 'view', schema_name, view_name from duckdb_views() where database_name = $1 and not internal
        order by all
        """,
        [PUBLICATION],
    ).fetchall()
    for kind, schema_name, table_name in rows:
        name = f"{schema_name}.{table_name}"
        if name not in listed or (kind == "view") != (name in views):
            connection.execute(
                f"drop {kind} {PUBLICATION}.{quoted(schema_name)}.{quoted(table_name)}"
            ).fetchall()


def month_is(column: str, month: date | None) -> str:
    """Return the condition that a row lies in a month, or, for None, in no month."""
    return (
        f"{quoted(column)} is null"
        if month is None
        else f"{month_of(column)} = date {literal(month.isoformat())}"
    )


def _chosen(column: str, months: set[date | None]) -> str:
    return " or ".join(month_is(column, month) for month in sorted(months, key=str))


def _types(columns: Sequence[Column]) -> list[tuple[str, str]]:
    return [(column.name, column.data_type) for column in columns]


def set_comments(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    name: str,
    comment: str | None,
    columns: Sequence[Column],
) -> None:
    """Carry the descriptions of a table or view over: they are what a BI user reads."""
    connection.execute(f"comment on {kind} {name} is {literal(comment)}").fetchall()
    for column in columns:
        connection.execute(
            f"comment on column {name}.{quoted(column.name)} is {literal(column.comment)}"
        ).fetchall()
