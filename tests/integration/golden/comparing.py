"""Comparing what a run built with what was worked out by hand, in words a reader can act on.

Belongs here: reading both sides as text, and the lines that say where they differ. Not here: what is
expected (`expected/*.csv`).
"""

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from tests.integration.golden.world import GOLDEN, Row, read_table

Key = tuple[str, ...]

MONTHLY = ("subscriber_id", "snapshot_month")
WEEKLY = ("subscriber_id", "warning_week")

_MONTHS = ("snapshot_month", "closed_in_month", "week_month", "base_month")


def expected_rows(name: str, key: Sequence[str] = MONTHLY) -> dict[Key, Row]:
    """Return the rows of `expected/<name>.csv` by their key; a month is YYYY-MM, null is the text `null`."""
    rows = read_table(GOLDEN / "expected" / f"{name}.csv")
    keyed = {tuple(row.pop(column) for column in key): row for row in rows}
    assert len(keyed) == len(rows), f"{name}.csv holds a key twice"
    return keyed


def found_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    where: str = "true",
    key: Sequence[str] = MONTHLY,
) -> dict[Key, Row]:
    """Return a built table's rows by their key, every value as text."""
    chosen = ", ".join(
        f"strftime({column}, '%Y-%m')"
        if column in _MONTHS
        else f"rtrim(rtrim(printf('%.6f', {column}), '0'), '.')"
        if column == "observed_value"
        else f"cast({column} as varchar)"
        for column in (*key, *columns)
    )
    found = connection.execute(f"select {chosen} from {table} where {where}").fetchall()
    rows = {
        row[: len(key)]: dict(
            zip(columns, ("null" if value is None else value for value in row[len(key) :]), strict=True)
        )
        for row in found
    }
    assert len(rows) == len(found), f"{table} holds a key twice"
    return rows


def differences(expected: Mapping[Key, Row], found: Mapping[Key, Row]) -> list[str]:
    """Return a line for every value that is not as expected, passing over rows that nobody expects."""
    lines = []
    for key, row in sorted(expected.items()):
        place = " ".join(key)
        if key not in found:
            lines.append(f"{place}: no such row ({row['reason']})")
            continue
        lines += [
            f"{place} {column}: expected {value}, found {found[key][column]} ({row['reason']})"
            for column, value in row.items()
            if column != "reason" and found[key][column] != value
        ]
    return lines


def unexpected(expected: Iterable[Key], found: Iterable[Key]) -> list[str]:
    """Return a line for every found row that nobody expects."""
    return [f"{' '.join(key)}: nobody expects this row" for key in sorted(set(found) - set(expected))]
