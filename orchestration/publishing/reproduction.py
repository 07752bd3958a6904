"""Whether months that a run computed again are as they were published: the guard of the past.

Belongs here: the comparison of the build file with the manifests and Parquet files in place, and what a
difference comes from. Not here: who is told (`orchestration.defs`), the checksums (`fingerprints`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publishing.catalogue import TableShape, literal, load_tables, publishable, quoted
from orchestration.publishing.closes import input_checksums, published_closes
from orchestration.publishing.copying import build_name, month_is
from orchestration.publishing.fingerprints import month_checksums
from orchestration.publishing.manifest import MANIFEST
from orchestration.settings import Home

SAME, RESTATED, OTHER_COLUMNS, DIFFERS = "same", "restated", "other_columns", "differs"


@dataclass(frozen=True)
class Reproduction:
    """How a month computed again compares with its publication.

    `verdict`: same; restated (files landed since); other_columns (the table has changed its columns); differs
    (the same files and columns give other rows). `columns` are those that came, went or differ, `rows` how
    many rows differ in any, or stand on one side only.
    """

    month: date
    verdict: str
    columns: tuple[str, ...] = ()
    rows: int = 0


def reproductions(
    connection: duckdb.DuckDBPyConnection, home: Home, name: str, months: Sequence[date]
) -> list[Reproduction]:
    """Compare `schema.table` of the build file with its publication, for those of `months` that have one."""
    shape = publishable(connection, [table for table in load_tables() if table.name == name])[0]
    closes = published_closes(home.published_file)
    published = {month: _published_checksum(home, name, month) for month in months if month in closes}
    known = [month for month, checksum in published.items() if checksum]
    if not known:
        return []
    now = month_checksums(connection, build_name(shape), shape, known)
    inputs = input_checksums(connection, known)
    found = []
    for month in known:
        if now[month][1] == published[month]:
            found.append(Reproduction(month, SAME))
        elif inputs[month] != closes[month]:
            found.append(Reproduction(month, RESTATED))
        else:
            found.append(_compared(connection, home, shape, month))
    return found


def _published_checksum(home: Home, name: str, month: date) -> str | None:
    file = home.published / f"{month:%Y-%m}" / MANIFEST
    if not file.exists():
        return None
    table = json.loads(file.read_text(encoding="utf-8"))["tables"].get(name)
    return table["checksum"] if table else None


def _compared(
    connection: duckdb.DuckDBPyConnection, home: Home, shape: TableShape, month: date
) -> Reproduction:
    """Find the columns in which a month differs from its Parquet file."""
    table = shape.table
    file = home.published / "parquet" / table.name / f"{month:%Y-%m}.parquet"
    if not file.exists():
        return Reproduction(month, DIFFERS)
    here = {column.name: column.data_type for column in shape.columns}
    there = _columns_of(connection, file)
    other = sorted(column for column in {*here, *there} if here.get(column) != there.get(column))
    if other:
        return Reproduction(month, OTHER_COLUMNS, tuple(other))
    values = [column for column in here if column not in table.key_columns]
    differs = {
        column: f"now.{quoted(column)} is distinct from published.{quoted(column)}" for column in values
    }
    first_key = quoted(table.key_columns[0])
    both = f"now.{first_key} is not null and published.{first_key} is not null"
    counts = ", ".join(f"count(*) filter ({both} and {condition})" for condition in differs.values())
    row = connection.execute(
        f"""
        select count(*) filter (not ({both}) or {" or ".join(differs.values())}), {counts}
        from (select * from {build_name(shape)} where {month_is(table.month_column, month)}) as now
        full join read_parquet({literal(str(file))}) as published
            using ({", ".join(quoted(column) for column in table.key_columns)})
        """
    ).fetchall()[0]
    columns = tuple(column for column, count in zip(differs, row[1:], strict=True) if count)
    return Reproduction(month, DIFFERS, columns, row[0])


def _columns_of(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    rows = connection.execute(f"describe select * from read_parquet({literal(str(file))})").fetchall()
    return {name: data_type for name, data_type, *_ in rows}
