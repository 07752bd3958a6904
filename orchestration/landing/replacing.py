"""A month's landed rows, quarantine and accounts, replaced whole in one transaction.

Belongs here: what `raw_*` tables look like, transactions, the order of a landing. Not here: reading
and checking files (staging.py).
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date

import duckdb

from orchestration.landing.accounts import FileAccount, LandingError, LandingSummary, counted, month_name
from orchestration.landing.checks import quoted
from orchestration.landing.contract import Table, load_contract
from orchestration.landing.extracts import find_extracts, find_strays, folder_of
from orchestration.landing.staging import StagedTable, count_files, drop, first_rejection, stage
from orchestration.settings import Home, OperatorSettings
from orchestration.tables import create_tables

_OPS_TABLES = ("ops.landing_audit", "ops.quarantine", "ops.operator_settings")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what landing writes where it is missing: the `raw_*` tables and its tables of `ops`."""
    create_tables(connection, _OPS_TABLES)
    for table in load_contract():
        columns = ", ".join(f"{quoted(column.name)} {column.data_type}" for column in table.columns)
        connection.execute(f"create schema if not exists {table.source_name}").fetchall()
        connection.execute(
            f"create table if not exists {table.relation} ({columns}, landed_month date)"
        ).fetchall()


def land(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    months: Sequence[date],
    *,
    progress: Callable[[str], None],
    open_month: bool = False,
) -> LandingSummary:
    """Land the static tables, then each month (its first day), every one whole or not at all.

    What lay in the build file for a month is replaced by what its folders hold now. `open_month` is for
    months that have not closed: the tables that must have rows may still be without, and snapshot tables,
    which tell the state of a closed month, are not landed.

    Raises LandingError for what nobody can land: an unreadable file, a missing required column, a closed
    month without subscribers, bills or usage, an open one without any folder. That month, or the static
    tables, then stay as they were.
    """
    contract = load_contract()
    prepare(connection)
    _write_settings(connection, home)
    accounts: list[FileAccount] = []
    warnings = find_strays(home.landing, contract)
    for warning in warnings:
        progress(f"landing: {warning}")
    monthly = [table for table in contract if not table.is_static]
    static = [table for table in contract if table.is_static]
    parts: list[tuple[date | None, list[Table]]] = [(None, static), *((month, monthly) for month in months)]
    for month, tables in parts:
        landed, said = _land_part(connection, home, month, tables, is_open=open_month)
        accounts += landed
        warnings += said
        for line in (*said, counted(landed)):
            progress(f"landing {month_name(month)}: {line}")
    return LandingSummary(tuple(accounts), tuple(warnings))


def _land_part(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    month: date | None,
    tables: Sequence[Table],
    *,
    is_open: bool,
) -> tuple[list[FileAccount], list[str]]:
    """Check everything of a month first, then replace it."""
    delivered = tables
    if is_open:
        delivered = [table for table in tables if table.kind != "snapshot"]
        if month is not None:
            _demand_folder(home, month, delivered)
    scratch = home.scratch / "landing"
    scratch.mkdir(parents=True, exist_ok=True)
    staged: list[StagedTable] = []
    accounts: list[FileAccount] = []
    warnings: list[str] = []
    with _reading_files(connection):
        try:
            for table in delivered:
                extracts, passed_over = find_extracts(home.landing, table, month)
                warnings += passed_over
                if extracts:
                    staged.append(StagedTable(table, month))
                    warnings += stage(connection, staged[-1], extracts, scratch)
                    accounts += count_files(connection, staged[-1])
                if table.is_required and not is_open:
                    _demand_rows(connection, home, StagedTable(table, month), accounts)
            with _transaction(connection):
                _clear(connection, month, tables)
                for waiting in staged:
                    _insert(connection, waiting)
                _insert_accounts(connection, accounts)
        finally:
            shutil.rmtree(scratch)
            for waiting in staged:
                drop(connection, waiting)
    return accounts, warnings


def _clear(connection: duckdb.DuckDBPyConnection, month: date | None, tables: Sequence[Table]) -> None:
    """Delete what was landed for a month, also of tables whose folder is gone."""
    of_month = "landed_month is null" if month is None else f"landed_month = date '{month:%Y-%m-%d}'"
    for relation in (*(table.relation for table in tables), "ops.quarantine", "ops.landing_audit"):
        connection.execute(f"delete from {relation} where {of_month}").fetchall()


def _insert(connection: duckdb.DuckDBPyConnection, staged: StagedTable) -> None:
    columns = ", ".join(quoted(column.name) for column in staged.table.columns)
    connection.execute(
        f"insert into {staged.table.relation} ({columns}, landed_month) "
        f"select {columns}, cast($month as date) from {staged.accepted}",
        {"month": staged.month},
    ).fetchall()
    connection.execute(
        f"""
        insert into ops.quarantine
        select cast($month as date), $table, files.name, position - first_position + 1, reason, raw_row
        from (
            select rowid, landing_file, landing_reason, landing_raw_row
            from {staged.rows} where landing_reason is not null
            union all
            select position, file_number, reason, raw_row
            from {staged.repeats} where reason is not null
        ) as rejected(position, number, reason, raw_row)
        inner join {staged.files} as files using (number)
        order by position
        """,
        {"month": staged.month, "table": staged.table.name},
    ).fetchall()


def _insert_accounts(connection: duckdb.DuckDBPyConnection, accounts: Sequence[FileAccount]) -> None:
    for account in accounts:
        connection.execute(
            "insert into ops.landing_audit values ($1, $2, $3, $4, $5, $6, $7, $8)", [*astuple(account)]
        ).fetchall()


def _demand_folder(home: Home, month: date, tables: Sequence[Table]) -> None:
    """Raise LandingError for an open month that nothing has come of."""
    folders = {table.name: folder_of(home.landing, table, month) for table in tables}
    if not any(folder.is_dir() for folder in folders.values()):
        raise LandingError(
            f"no extracts of {month_name(month)} are there yet, expected first of all in "
            f"{folders['usage_daily'].relative_to(home.root)}"
        )


def _demand_rows(
    connection: duckdb.DuckDBPyConnection, home: Home, staged: StagedTable, accounts: Sequence[FileAccount]
) -> None:
    files = [account for account in accounts if account.table_name == staged.table.name]
    if any(account.rows_accepted for account in files):
        return
    folder = folder_of(home.landing, staged.table, staged.month).relative_to(home.root)
    cause = "no rows there"
    if any(account.rows_quarantined for account in files):
        cause = f"every row was rejected, the first because of: {first_rejection(connection, staged)}"
    raise LandingError(
        f"{staged.table.name} has no accepted rows for {month_name(staged.month)}, "
        f"expected in {folder}: {cause}"
    )


def _write_settings(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    parameters = OperatorSettings.load(home.operator_file).parameters
    with _transaction(connection):
        connection.execute("delete from ops.operator_settings").fetchall()
        for parameter, value in sorted(parameters.items()):
            connection.execute(
                "insert into ops.operator_settings values ($1, $2)", [parameter, value]
            ).fetchall()


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin transaction").fetchall()
    try:
        yield
    except BaseException:
        connection.execute("rollback").fetchall()
        raise
    connection.execute("commit").fetchall()


@contextmanager
def _reading_files(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Set the connection for reading extracts, and afterwards back."""
    with (
        # Row numbers come from the order of insertion.
        _setting(connection, "preserve_insertion_order", value=True),
        # The cache takes a corrected Parquet file of the same size and second for the one it knows.
        _setting(connection, "enable_external_file_cache", value=False),
    ):
        yield


@contextmanager
def _setting(connection: duckdb.DuckDBPyConnection, name: str, *, value: bool) -> Iterator[None]:
    before = connection.execute(f"select current_setting('{name}')").fetchall()[0][0]
    connection.execute(f"set {name} = {value}").fetchall()
    try:
        yield
    finally:
        connection.execute(f"set {name} = {before}").fetchall()
