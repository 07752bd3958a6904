"""One delivered file, Parquet or CSV, read and checked into its table's staged rows.

Belongs here: opening files for SQL, the one statement that reads them. Not here: mending broken CSV
(text_files.py), what a value may be (checks.py), rules between rows (staging.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.landing import checks
from orchestration.landing.accounts import LandingError
from orchestration.landing.contract import Table
from orchestration.landing.extracts import Extract
from orchestration.landing.text_files import MAXIMUM_LINE_BYTES, TextFile, open_text, repair

# What a statement may die of although its file is sound.
_NOT_THE_FILE = (
    duckdb.BinderException,
    duckdb.FatalException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
)


@dataclass(frozen=True)
class Source:
    """A readable file: `relation` yields `c0`, `c1`, … by position, so that no name in a file becomes SQL."""

    path: Path
    relation: str
    names: tuple[str, ...]
    families: tuple[str, ...]
    is_repaired: bool = False


def read_extract(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    month: date | None,
    extract: Extract,
    *,
    target: str,
    number: int,
    scratch: Path,
) -> list[str]:
    """Append a file's rows to `target` in their order; return the names of columns that nobody knows.

    Raises LandingError for a file that cannot be read, lacks a required column or has a column twice.
    """
    known = frozenset(column.name for column in table.columns)
    text = None if extract.is_parquet else open_text(extract, scratch, known)
    source = _csv_source(text) if text else _parquet_source(connection, extract)
    _check_names(table, extract, source.names)
    try:
        _append(connection, table, month, source, target, number)
    except _NOT_THE_FILE:
        raise
    except duckdb.Error as error:
        if text is None:
            raise LandingError(f"{extract.name}: cannot be read: {_first_line(error)}") from error
        repaired = scratch / "repaired.csv"
        repair(text, repaired, is_withheld=any(column.is_personal for column in table.columns))
        _append(connection, table, month, _csv_source(text, repaired), target, number)
    return [name for name in source.names if name and name not in known]


def _append(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    month: date | None,
    source: Source,
    target: str,
    number: int,
) -> None:
    names, values, ready, typed, reasons, texts = [], [], [], [], [], []
    for column in table.columns:
        if column.name not in source.names:
            continue
        index = source.names.index(column.name)
        family = source.families[index]
        text = checks.source_text(column, f"s{index}", family)
        reason = checks.rejection(table, column, month, f"t{index}", text)
        names.append(checks.quoted(column.name))
        values.append(f"t{index}")
        ready.append(f"{checks.source_value(column, f'c{index}', family)} as s{index}")
        typed.append(f"{checks.typed_value(column, f's{index}', family)} as t{index}")
        reasons += [reason] if reason else []
        texts.append((column, text))
    found, raw_row = f"nullif(concat_ws('; ', {', '.join(reasons)}), '')", checks.raw_row(texts)
    if source.is_repaired:
        ready += ["problem", "line"]
        found, raw_row = f"coalesce(problem, {found})", f"coalesce(line, {raw_row})"
    connection.execute(
        f"""
        insert into {target} ({", ".join(names)}, landing_file, landing_reason, landing_raw_row)
        select {", ".join(values)}, {number}, reason, case when reason is not null then {raw_row} end
        from (
            select *, {found} as reason
            from (select *, {", ".join(typed)} from (select {", ".join(ready)} from {source.relation}))
        )
        """,
        {"file": _without_wildcards(source.path)},
    ).fetchall()


def _parquet_source(connection: duckdb.DuckDBPyConnection, extract: Extract) -> Source:
    relation = "read_parquet($file, hive_partitioning = false)"
    try:
        # DuckDB would rename a column that stands twice; the file's own schema does not.
        names = pq.read_schema(extract.path).names
        described = connection.execute(
            f"describe select * from {relation}", {"file": _without_wildcards(extract.path)}
        ).fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise LandingError(f"{extract.name}: cannot be read as Parquet: {_first_line(error)}") from error
    return Source(
        path=extract.path,
        relation=f"{relation} as delivered({', '.join(f'c{index}' for index in range(len(names)))})",
        names=tuple(name.strip().lower() for name in names),
        families=tuple(checks.family_of(row[1]) for row in described),
    )


def _csv_source(text: TextFile, repaired: Path | None = None) -> Source:
    columns = [f"c{index}" for index in range(len(text.header))]
    if repaired:
        columns += ["problem", "line"]
    relation = f"""read_csv(
        $file, auto_detect = false, header = true, compression = 'none', strict_mode = true,
        delim = {checks.literal(text.delimiter)}, quote = '"', escape = '"',
        max_line_size = {MAXIMUM_LINE_BYTES},
        columns = {{{", ".join(f"'{name}': 'varchar'" for name in columns)}}}
    )"""
    families = ("varchar",) * len(text.header)
    return Source(repaired or text.path, relation, text.header, families, is_repaired=repaired is not None)


def _check_names(table: Table, extract: Extract, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise LandingError(
            f"{extract.name}: column(s) {', '.join(twice)} stand twice in the header; keep one"
        )
    missing = [column.name for column in table.columns if column.is_required and column.name not in names]
    if missing:
        raise LandingError(
            f"{extract.name}: required column(s) {', '.join(missing)} missing among {len(names)} column(s); "
            "a CSV file's first line must be its header"
        )


def _without_wildcards(path: Path) -> str:
    """Return the path so that a file named `bills[1].csv` is read as itself, not as a pattern."""
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(path))


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
