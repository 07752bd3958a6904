"""Running an adapter: its SQL over a file, and the landing folders that come of it.

Belongs here: the order of steps, the raw contract's types, and where extracts are written. Not here: reading
the file (`reading.py`), and what an adapter chooses (its SQL).
"""

import datetime
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from seeds.adapters.reading import AdaptError, locate, read_source

ADAPTERS = Path(__file__).parent
REFERENCE = ADAPTERS.parent / "reference"


@dataclass(frozen=True)
class AdaptSummary:
    """What `adapt` wrote: the months there are files for, rows per raw table, and where the settings lie."""

    months: tuple[datetime.date, ...]
    rows: dict[str, int]
    operator_file: Path


@dataclass(frozen=True)
class _RawTable:
    name: str
    columns: str
    keys: str
    month: str | None


def adapt(
    name: str,
    files: Sequence[Path],
    out: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> AdaptSummary:
    """Turn somebody else's files into raw extracts under `out`, by the SQL of the adapter `name`.

    Writes `out/<table>/<YYYY-MM>/<table>.parquet` (static tables: `out/<table>/<table>.parquet`), sorted by
    the key of the raw contract, and `out/../operator.toml`. The same files give the same bytes.

    Raises AdaptError for an unknown adapter, files that cannot be read, a value that is not what the SQL
    takes it for (file, row and column are named), and a folder that holds other extracts or other settings.
    Nothing is written then.
    """
    folder = _adapter_folder(name)
    operator_file = _checked_operator_file(folder, out)
    with (
        tempfile.TemporaryDirectory() as scratch,
        duckdb.connect(Path(scratch) / "adapt.duckdb") as connection,
    ):
        # One thread: rows keep their order, so that the same files give the same bytes.
        connection.execute("set threads = 1")
        connection.execute("set memory_limit = '1GB'")
        progress(f"reading {', '.join(file.name for file in files)}")
        read_source(connection, files)
        tables = _fill_tables(connection, folder, progress)
        parts = {table.name: _parts(connection, table, out) for table in tables}
        _check_only_ours(out, [file for by_month in parts.values() for file in by_month.values()])
        rows = {table.name: _write(connection, table, parts[table.name]) for table in tables}
    shutil.copyfile(folder / "operator.toml", operator_file)
    months = sorted({month for by_month in parts.values() for month in by_month if month})
    return AdaptSummary(tuple(months), rows, operator_file)


def _adapter_folder(name: str) -> Path:
    known = {file.parent.name: file.parent for file in sorted(ADAPTERS.glob("*/operator.toml"))}
    if name not in known:
        raise AdaptError(f"there is no adapter {name!r}; there are: {', '.join(known)}")
    return known[name]


def _checked_operator_file(folder: Path, out: Path) -> Path:
    file = out.resolve().parent / "operator.toml"
    if file.exists() and file.read_bytes() != (folder / "operator.toml").read_bytes():
        raise AdaptError(f"{file} holds other settings; move it away, or give --out in a folder of its own")
    return file


def _fill_tables(
    connection: duckdb.DuckDBPyConnection, folder: Path, progress: Callable[[str], None]
) -> list[_RawTable]:
    for step in sorted(folder.glob("_*.sql")):
        _run(connection, step, f"create table {step.stem[1:]} as {step.read_text(encoding='utf-8')}")
    tables = _raw_tables(connection, [file.stem for file in sorted(folder.glob("[!_]*.sql"))])
    for table in tables:
        progress(f"making {table.name}")
        file = folder / f"{table.name}.sql"
        # The raw contract's own types: what the SQL leaves out is null, what it adds is an error.
        connection.execute(
            f"create schema if not exists raw; create table raw.{table.name} ({table.columns})"
        )
        _run(connection, file, f"insert into raw.{table.name} by name {file.read_text(encoding='utf-8')}")
    return tables


def _raw_tables(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[_RawTable]:
    found = connection.execute(
        """
        select
            table_name,
            string_agg(column_name || ' ' || data_type, ', ' order by columns.position),
            string_agg(column_name, ', ' order by columns.position) filter (where is_key = 'true'),
            any_value(if(kind = 'register', 'landed_month', month_column))
        from read_csv($tables, all_varchar = true) as tables
        join (
            select *, row_number() over () as position from read_csv($columns, all_varchar = true)
        ) as columns using (table_name)
        where list_contains($names, table_name)
        group by table_name
        order by table_name
        """,
        {
            "tables": str(REFERENCE / "raw_tables.csv"),
            "columns": str(REFERENCE / "raw_columns.csv"),
            "names": list(names),
        },
    ).fetchall()
    tables = [
        _RawTable(name, columns + (", landed_month date" if month == "landed_month" else ""), keys, month)
        for name, columns, keys, month in found
    ]
    unknown = sorted(set(names) - {table.name for table in tables})
    if unknown:
        raise AdaptError(
            f"{unknown[0]}.sql: there is no raw table of that name; see seeds/reference/raw_tables.csv"
        )
    return tables


def _run(connection: duckdb.DuckDBPyConnection, file: Path, statement: str) -> None:
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        where = f"{file.parent.name}/{file.name}"
        problem = str(error).splitlines()[0]
        value = re.search(r"""string (["'])(.*?)\1""", problem)
        place = locate(connection, value[2]) if value else ""
        mend = (
            "mend the value there, or the SQL"
            if place
            else "mend the SQL, or give the file it is written for"
        )
        raise AdaptError(f"{place or where}: {problem} ({where}); {mend}") from None


def _parts(
    connection: duckdb.DuckDBPyConnection, table: _RawTable, out: Path
) -> dict[datetime.date | None, Path]:
    if table.month is None:
        return {None: out / table.name / f"{table.name}.parquet"}
    months = connection.execute(
        f"select distinct cast(date_trunc('month', {table.month}) as date) as month "
        f"from raw.{table.name} order by month"
    ).fetchall()
    if (None,) in months:
        raise AdaptError(
            f"{table.name}.sql gives rows without {table.month}, so they belong to no month; give them one"
        )
    return {month: out / table.name / f"{month:%Y-%m}" / f"{table.name}.parquet" for (month,) in months}


def _check_only_ours(out: Path, ours: Sequence[Path]) -> None:
    others = sorted({file for file in out.rglob("*") if file.is_file()} - set(ours))
    if others:
        raise AdaptError(
            f"{others[0]} is no extract of this adapter; move it away, or give --out in a folder of its own"
        )


def _write(
    connection: duckdb.DuckDBPyConnection, table: _RawTable, parts: dict[datetime.date | None, Path]
) -> int:
    columns = "* exclude (landed_month)" if table.month == "landed_month" else "*"
    for month, file in parts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".parquet.tmp")
        condition = f"where date_trunc('month', {table.month}) = date '{month}'" if month else ""
        target = str(unfinished).replace("'", "''")
        connection.execute(
            f"copy (select {columns} from raw.{table.name} {condition} order by {table.keys}) "
            f"to '{target}' (format parquet, compression zstd)"
        ).fetchall()
        unfinished.replace(file)
    return connection.execute(f"select count(*) from raw.{table.name}").fetchall()[0][0]
