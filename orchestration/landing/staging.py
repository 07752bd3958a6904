"""One table's extracts of a month, checked in temporary tables before raw is touched.

Belongs here: rules between rows (keys, duplicates), the accounts. Not here: reading one file (reading.py),
writing to raw (replacing.py).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.landing import checks
from orchestration.landing.accounts import FileAccount, LandingError, month_name
from orchestration.landing.checks import quoted
from orchestration.landing.contract import Table
from orchestration.landing.extracts import Extract
from orchestration.landing.reading import read_extract


@dataclass(frozen=True)
class StagedTable:
    """A table's rows of a month, waiting in temporary tables named after it."""

    table: Table
    month: date | None

    @property
    def rows(self) -> str:
        """Every row read, in the order of files and rows."""
        return f"staged_{self.table.name}"

    @property
    def repeats(self) -> str:
        """Rows whose key stands in an earlier row; `reason` is null for an exact duplicate."""
        return f"repeated_{self.table.name}"

    @property
    def files(self) -> str:
        """The files by number, each with its checksum and where its rows begin."""
        return f"files_{self.table.name}"

    @property
    def accepted(self) -> str:
        """The accepted rows: SQL to follow `from`."""
        return (
            f"{self.rows} anti join {self.repeats} on {self.repeats}.position = {self.rows}.rowid "
            "where landing_reason is null"
        )


def stage(
    connection: duckdb.DuckDBPyConnection,
    staged: StagedTable,
    extracts: Sequence[Extract],
    scratch: Path,
) -> list[str]:
    """Read and check a table's files, in the order given and outside any transaction; return warnings.

    Raises LandingError for a file that cannot be read, lacks a required column or has a column twice.
    """
    _create(connection, staged)
    warnings = []
    for number, extract in enumerate(extracts):
        before = extract.path.stat()
        with extract.path.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        connection.execute(
            f"insert into {staged.files} select $number, $name, $checksum, count(*) from {staged.rows}",
            {"number": number, "name": extract.name, "checksum": checksum},
        ).fetchall()
        unknown = read_extract(
            connection,
            staged.table,
            staged.month,
            extract,
            target=staged.rows,
            number=number,
            scratch=scratch,
        )
        after = extract.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise LandingError(f"{extract.name}: changed while it was read; run again once it is complete")
        if unknown:
            warnings.append(f"{extract.name}: unknown column(s) {', '.join(unknown)} are not landed")
    _find_repeats(connection, staged)
    return warnings + _contradictions(connection, staged)


def count_files(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> list[FileAccount]:
    """Return the account of each staged file, in their order."""
    counted = connection.execute(
        f"""
        with
        rows as (
            select landing_file as number, count(*) as rows_read, count(landing_reason) as rejected
            from {staged.rows} group by landing_file
        ),
        repeats as (
            select file_number as number, count(*) as repeated, count(reason) as conflicting
            from {staged.repeats} group by file_number
        )
        select
            name,
            coalesce(rows_read, 0),
            coalesce(rows_read - rejected, 0) - coalesce(repeated, 0),
            coalesce(rejected, 0) + coalesce(conflicting, 0),
            coalesce(repeated - conflicting, 0),
            checksum
        from {staged.files}
        left join rows using (number)
        left join repeats using (number)
        order by number
        """
    ).fetchall()
    return [FileAccount(staged.month, staged.table.name, *row) for row in counted]


def first_rejection(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> str:
    """Return why the first rejected row was rejected."""
    reasons = connection.execute(
        f"select landing_reason from {staged.rows} where landing_reason is not null order by rowid limit 1"
    ).fetchall()
    return str(reasons[0][0])


def drop(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> None:
    """Drop the temporary tables, those that there are."""
    for name in (staged.rows, staged.repeats, staged.files):
        connection.execute(f"drop table if exists temp.{name}").fetchall()


def _create(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> None:
    columns = ", ".join(f"{quoted(column.name)} {column.data_type}" for column in staged.table.columns)
    for name, definition in (
        (staged.rows, f"{columns}, landing_file integer, landing_reason varchar, landing_raw_row varchar"),
        (staged.repeats, "position bigint, file_number integer, reason varchar, raw_row varchar"),
        (staged.files, "number integer, name varchar, checksum varchar, first_position bigint"),
    ):
        connection.execute(f"create temp table {name} ({definition})").fetchall()


def _find_repeats(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> None:
    """Tell apart, of rows with a key that came before, exact duplicates and other values.

    The first row by file name and row stays. Grouping finds the few repeated keys, and only their rows are
    compared: a window over a month of usage would not fit.
    """
    columns, keys = staged.table.columns, staged.table.keys
    key_list = ", ".join(quoted(column.name) for column in keys)
    later = {column.name: f"cast(later.{quoted(column.name)} as varchar)" for column in columns}
    is_equal = " and ".join(
        f"later.{quoted(column.name)} is not distinct from earlier.{quoted(column.name)}"
        for column in columns
    )
    named = " || ', ' || ".join(
        f"{checks.literal(column.name + ' ')} || {checks.shown(column, later[column.name])}"
        for column in keys
    )
    connection.execute(
        f"""
        insert into {staged.repeats}
        with repeated as (
            select {key_list}, min(rowid) as first_position
            from {staged.rows}
            where landing_reason is null
            group by {key_list}
            having count(*) > 1
        )
        select
            later.rowid,
            later.landing_file,
            case when not ({is_equal}) then
                'key ' || {named} || ' stands with other values in ' || files.name || ' row '
                || (repeated.first_position - files.first_position + 1) || ', which is kept'
            end,
            case when not ({is_equal}) then
                {checks.raw_row([(column, later[column.name]) for column in columns])}
            end
        from {staged.rows} as later
        inner join repeated using ({key_list})
        inner join {staged.rows} as earlier on earlier.rowid = repeated.first_position
        inner join {staged.files} as files on files.number = earlier.landing_file
        where later.landing_reason is null and later.rowid > repeated.first_position
        """
    ).fetchall()


def _contradictions(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> list[str]:
    """Warn of accepted rows whose values contradict each other."""
    rules = checks.CONTRADICTIONS.get(staged.table.name)
    if not rules:
        return []
    counts = ", ".join(f"count(*) filter ({rule})" for rule in rules)
    found = connection.execute(f"select {counts} from {staged.accepted}").fetchall()[0]
    label = f"{staged.table.name} {month_name(staged.month)}"
    return [
        f"{label}: {count:,} row(s) with {rule}" for rule, count in zip(rules, found, strict=True) if count
    ]
