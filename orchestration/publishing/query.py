"""What `retention sql` and `retention tables` ask of the published file.

Belongs here: one statement, read-only and closed to the rest of the host; what there is to ask; what was
wrong with a statement, in words. Not here: drawing (`orchestration.terminal`).
"""

import csv
import difflib
import json
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import duckdb
import pandas

from orchestration.publishing.connecting import open_published
from orchestration.publishing.errors import PublishError
from orchestration.settings import Home

_CHUNK = 10_000
_WRONG_STATEMENTS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)


class StatementError(ValueError):
    """A statement that cannot be asked of the published file; the message says where it goes wrong."""


class Answer:
    """The rows of a statement, taken part by part; `names` are its columns."""

    def __init__(self, result: duckdb.DuckDBPyConnection) -> None:
        """Take a statement that has just been executed."""
        self._result = result
        self.names = [str(column[0]) for column in result.description or ()]

    def take(self, rows: int) -> pandas.DataFrame:
        """Return the next rows, at most so many, values as the engine gives them."""
        return pandas.DataFrame(self._result.fetchmany(rows), columns=self.names, dtype=object)

    def chunks(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield all further rows in parts."""
        while rows := self._result.fetchmany(_CHUNK):
            yield rows

    def count_rest(self) -> int:
        """Return how many rows have not been taken; they are gone then."""
        return sum(len(rows) for rows in self.chunks())


@contextmanager
def asked(home: Home, statement: str) -> Iterator[Answer]:
    """Give what a statement selects from the published file; it sees no other file and cannot write.

    Raises PublishError where nothing is published, StatementError for a statement that cannot be asked,
    duckdb.Error for one that fails on the way.
    """
    with _opened(home) as connection:
        try:
            result = connection.execute(statement)
        except _WRONG_STATEMENTS as error:
            raise StatementError(_told(connection, error)) from error
        # Nothing, or a comment alone, has no result at all.
        if result is None or not result.description:
            raise StatementError("There is no statement to ask: write one, such as select 1.")
        yield Answer(result)


def query_published(home: Home, statement: str) -> pandas.DataFrame:
    """Return all that a statement selects from the published file, as `asked` gives it."""
    with asked(home, statement) as answer:
        rows = [row for chunk in answer.chunks() for row in chunk]
        return pandas.DataFrame(rows, columns=answer.names, dtype=object)


def published_tables(home: Home) -> pandas.DataFrame:
    """Return one row per published table and view: its name, rows (of tables) and what a row is."""
    with _opened(home) as connection:
        rows = [(name, count, _first_sentence(comment)) for name, count, comment in _tables(connection)]
    return pandas.DataFrame(rows, columns=["table", "rows", "a_row_is"], dtype=object)


def published_columns(home: Home, table: str) -> pandas.DataFrame:
    """Return one row per column of a published table or view: name, type, meaning.

    Raises StatementError where there is no such table.
    """
    schema, _, name = table.rpartition(".")
    with _opened(home) as connection:
        found = connection.execute(
            "select column_name, lower(data_type), comment from duckdb_columns() "
            "where table_name = $name and schema_name = coalesce($schema, schema_name) and not internal "
            "order by schema_name, column_index",
            {"name": name, "schema": schema or None},
        ).fetchall()
        if not found:
            raise StatementError(f"There is no table {table}.\n\n{_list_of_tables(connection, table)}")
    rows = [(column, data_type, " ".join((meaning or "").split())) for column, data_type, meaning in found]
    return pandas.DataFrame(rows, columns=["column", "type", "meaning"], dtype=object)


def write_csv(answer: Answer, file: IO[str]) -> None:
    """Write all rows as CSV with a head; null as nothing, true and false in words."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(answer.names)
    for rows in answer.chunks():
        writer.writerows([_plain(value) for value in row] for row in rows)


def write_json(answer: Answer, file: IO[str]) -> None:
    """Write all rows as a JSON list of objects, an object a line; dates as ISO texts."""
    separator = "[\n"
    for rows in answer.chunks():
        for row in rows:
            line = dict(zip(answer.names, row, strict=True))
            file.write(separator + json.dumps(line, default=_json, ensure_ascii=False))
            separator = ",\n"
    file.write("[]\n" if separator == "[\n" else "\n]\n")


@contextmanager
def _opened(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    if not home.published_file.exists():
        raise PublishError(f"{home.published_file} is not there: nothing is published yet; run a month first")
    with open_published(home.published_file) as connection:
        yield connection


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return connection.execute(
        """
        select schema_name || '.' || table_name as name, estimated_size, comment
        from duckdb_tables() where database_name = current_database() and not internal
        union all
        select schema_name || '.' || view_name, null, comment
        from duckdb_views() where database_name = current_database() and not internal
        order by name
        """
    ).fetchall()


def _list_of_tables(connection: duckdb.DuckDBPyConnection, wanted: str) -> str:
    """Return which tables there are, a schema a line, and first those that may have been meant."""
    names = [name for name, *_ in _tables(connection)]
    own = {name.rpartition(".")[2]: name for name in names}
    close = difflib.get_close_matches(wanted.rpartition(".")[2].lower(), own, n=3, cutoff=0.5)
    lines = [f"Did you mean {' or '.join(own[name] for name in close)}?"] if close else []
    lines.append("There are:")
    for schema in dict.fromkeys(name.partition(".")[0] for name in names):
        tables = ", ".join(name.partition(".")[2] for name in names if name.startswith(f"{schema}."))
        lines += textwrap.wrap(f"{schema}: {tables}", 98, initial_indent="  ", subsequent_indent="    ")
    return "\n".join([*lines, "`retention tables` says what they hold."])


def _told(connection: duckdb.DuckDBPyConnection, error: duckdb.Error) -> str:
    """Return what is wrong, with the line and the place in it, as DuckDB tells; and what there is instead."""
    message = str(error).strip()
    missing = re.search(r"Table with name (\S+) does not exist", message)
    if not missing:
        return message
    # The engine's own guess is among all its catalogues.
    message = re.sub(r"\nDid you mean .*", "", message)
    return f"{message}\n\n{_list_of_tables(connection, missing[1])}"


def _first_sentence(comment: str | None) -> str:
    return " ".join((comment or "").split()).partition(". ")[0].rstrip(".")


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
