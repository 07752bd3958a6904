"""Foreign files, read as text into the table `source`.

Belongs here: what makes a CSV file readable, and where in it a value stands. Not here: what the values mean
(the SQL of an adapter).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import csv


class AdaptError(ValueError):
    """A file, an adapter or a folder that nothing can be made of; the message says what to do."""


def read_source(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Fill the table `source` with the rows of CSV files.

    Grain: one row per data row; columns as in the files, all text, and `source_file` and `source_row` (from
    1, without the header). Lines may end in CR, LF or CRLF. Files are read in blocks.

    Raises AdaptError for no file, and for a file that is missing, is no UTF-8 CSV, has a row of another
    length, a column name twice, or other columns than the first file.
    """
    if not files:
        raise AdaptError("no file was given; name at least one")
    columns: Sequence[str] = ()
    for file in files:
        columns = _append(connection, file, columns)


def locate(connection: duckdb.DuckDBPyConnection, value: str) -> str:
    """Return where a value stands first in `source`, as `file, row n, column c`; empty where it does not."""
    found = connection.execute(
        """
        select source_file, source_row, column_name
        from (
            unpivot source on columns(* exclude (source_file, source_row)) into name column_name value content
        )
        where content = $value
        order by source_file, source_row, column_name
        limit 1
        """,
        {"value": value},
    ).fetchall()
    return "{}, row {}, column {}".format(*found[0]) if found else ""


def _append(connection: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[str]) -> Sequence[str]:
    broken: list[csv.InvalidRow] = []

    def stop(row: csv.InvalidRow) -> str:
        broken.append(row)
        return "error"

    def open_file(names: Sequence[str]) -> csv.CSVStreamingReader:
        return csv.open_csv(
            file,
            # Rows are numbered only when one thread reads them.
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(invalid_row_handler=stop),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )

    try:
        names = open_file([]).schema.names
        found = sorted({name.lower() for name in names})
        if len(found) < len(names):
            raise AdaptError(f"{file}: a column name stands twice in the header; give each its own")
        if columns and found != columns:
            different = ", ".join(sorted(set(found) ^ set(columns)))
            raise AdaptError(f"{file}: column(s) {different} are not in every file; adapt such files apart")
        connection.register("file_rows", open_file(names))
        connection.execute(
            f"{'insert into source by name' if columns else 'create table source as'} "
            "select *, $file as source_file, row_number() over () as source_row from file_rows",
            {"file": str(file)},
        )
    except (OSError, pa.ArrowInvalid, duckdb.Error) as error:
        # What the libraries say may quote a row, and rows hold phone numbers: only its number is told.
        if broken:
            row = broken[0]
            problem = (
                f"row {row.number - 1} has {row.actual_columns} fields, the header {row.expected_columns}; "
                "mend the row"
            )
        elif number := re.search(r"Row #(\d+).*invalid UTF8", str(error)):
            problem = f"row {int(number[1]) - 1} is not UTF-8; save the file as UTF-8"
        else:
            problem = (
                f"cannot be read as CSV ({type(error).__name__}); give a CSV file in UTF-8 with a header"
            )
        raise AdaptError(f"{file}: {problem}") from None
    finally:
        connection.unregister("file_rows")
    return found
