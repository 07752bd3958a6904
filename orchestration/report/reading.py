"""Asking the published tables and the rule book, each question once.

Belongs here: where tables are looked for, and remembering answers: both languages ask the same. Not here:
the questions (`sections`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

Row = dict[str, Any]


class Reader:
    """Answers questions about a month from the tables of a database that is attached to the connection.

    `published` is the name that the published tables are attached under; rules and parameters are read from
    the connection's own database.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, month: date, *, published: str) -> None:
        """Open the reader for a month (its first day)."""
        self.month = month
        self._build = connection.execute("select current_database()").fetchall()[0][0]
        # A cursor has a default database of its own; the connection keeps its.
        self._cursor = connection.cursor()
        self._cursor.execute(f"use {_quoted(published)}")
        self._columns: dict[str, set[str]] = {}
        for database, schema, table, column in self._cursor.execute(
            """
            select database_name, schema_name, table_name, column_name
            from duckdb_columns()
            where database_name = ? or (database_name = ? and schema_name = 'reference')
            """,
            [published, self._build],
        ).fetchall():
            if database == published or schema == "reference":
                self._columns.setdefault(f"{schema}.{table}", set()).add(column)
        self._answers: dict[str, list[Row]] = {}

    def __enter__(self) -> "Reader":
        """Return the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the cursor."""
        self._cursor.close()

    def has(self, table: str, *columns: str) -> bool:
        """Say whether a table (`schema.table`) is there with these columns."""
        return table in self._columns and self._columns[table] >= set(columns)

    def rows(self, statement: str, **values: object) -> list[Row]:
        """Return what a statement selects, a mapping a row; `$month` is the report's month.

        `{reference}` stands for the schema of the rule book.
        """
        key = f"{statement}{sorted(values.items())}"
        if key not in self._answers:
            statement = statement.replace("{reference}", f"{_quoted(self._build)}.reference")
            named = {name: value for name, value in values.items() if f"${name}" in statement}
            if "$month" in statement:
                named["month"] = self.month
            result = self._cursor.execute(statement, named or None)
            names = [column[0] for column in result.description or ()]
            self._answers[key] = [dict(zip(names, line, strict=True)) for line in result.fetchall()]
        return self._answers[key]

    def parameter(self, name: str, settings: dict[str, str]) -> float | None:
        """Return a number of the rule book, the operator's own where he set one."""
        if name in settings:
            return float(settings[name])
        if not self.has("reference.parameters"):
            return None
        found = self.rows("select value from {reference}.parameters where parameter = $name", name=name)
        return float(found[0]["value"]) if found else None


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def months_back(month: date, count: int) -> date:
    """Return the first day of the month so many months before.

    >>> months_back(date(2026, 2, 1), 14)
    datetime.date(2024, 12, 1)
    """
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def only(rows: Sequence[Row], **wanted: object) -> Row | None:
    """Return the first row with these values, None without one."""
    for row in rows:
        if all(row[name] == value for name, value in wanted.items()):
            return row
    return None


def total(rows: Sequence[Row], column: str, **wanted: object) -> float:
    """Return the sum of a column over rows with these values; unknown counts as nothing."""
    return float(
        sum(row[column] or 0 for row in rows if all(row[name] == value for name, value in wanted.items()))
    )


def change(now: float | None, before: float | None) -> float | None:
    """Return the relative change, None where it has no meaning.

    >>> change(110.0, 100.0), change(5.0, 0.0), change(None, 1.0)
    (0.1, None, None)
    """
    if now is None or before is None or before == 0:
        return None
    return round((float(now) - float(before)) / float(before), 12)


def share(part: float | None, whole: float | None) -> float | None:
    """Return a part of a whole, None where there is none."""
    if part is None or not whole:
        return None
    return float(part) / float(whole)
