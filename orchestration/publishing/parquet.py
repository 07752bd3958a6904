"""The published marts as Parquet: a file a table and month, for readers without a database.

Belongs here: which files there must be, and writing those that changed. Not here: putting them in
place (`places`), what the tables hold (`copying`).
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import TableShape, literal, quoted
from orchestration.publishing.copying import copy_name, month_is, months_in

WITHOUT_MONTH = "static"
"""File of the rows without a month: what a static table's files left in the accounts."""


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    shape: TableShape,
    replaced: set[date | None] | None,
    *,
    present: set[str],
    folder: Path,
) -> tuple[list[Path], list[str]]:
    """Write a table's files that changed or are missing; return them and the names to be removed.

    `present` are the names of the files in place, `folder` takes the new ones, `replaced` is what
    `replace_in_copy` returned. Rows are ordered by key: same rows, same bytes.
    """
    table = shape.table
    if table.month_column:
        wanted = {
            f"{WITHOUT_MONTH if month is None else f'{month:%Y-%m}'}.parquet": month
            for month in months_in(connection, shape)
        }
    else:
        wanted = {f"{table.table_name}.parquet": None}
    order = ", ".join(quoted(name) for name in table.key_columns)
    written = []
    for name, month in wanted.items():
        if replaced is not None and month not in replaced and name in present:
            continue
        rows = f"where {month_is(table.month_column, month)}" if table.month_column else ""
        folder.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"""
            copy (select * from {copy_name(shape)} {rows} order by {order})
            to {literal(str(folder / name))} (format parquet, compression zstd)
            """
        ).fetchall()
        written.append(folder / name)
    return written, sorted(present - set(wanted))
