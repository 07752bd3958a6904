"""The build file: who may open it, and how months are written to it and read from it.

Belongs here: the writer's lock, connections with bounded memory, replacing and reading whole months.
Not here: what the tables are (`tables.py`, `landing/`, dbt), or the published copy (`publishing/`).
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

import duckdb
import pandas as pd

from orchestration.settings import Home
from orchestration.tables import TABLES

EngineSettings = dict[str, str | bool | int | float | list[str]]
"""DuckDB's own settings, by name."""

_LOCK_POLL_SECONDS = 0.2
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class WarehouseBusyError(RuntimeError):
    """Another process writes to the build file; the message names it."""


@dataclass
class _HeldLock:
    file: IO[str]
    depth: int


_held_locks: dict[Path, _HeldLock] = {}


@dataclass(frozen=True)
class Warehouse:
    """The build file of one home.

    `lock_wait_seconds` is how long to wait for another process that writes.
    """

    home: Home
    lock_wait_seconds: float = 60.0

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the one writer's lock; re-entrant within this process.

        Raises WarehouseBusyError, naming the process that holds it, when the wait is over.
        """
        path = self.home.lock_file
        held = _held_locks.get(path)
        if held is None:
            held = _held_locks[path] = _HeldLock(self._locked_file(), 0)
        held.depth += 1
        try:
            yield
        finally:
            held.depth -= 1
            if held.depth == 0:
                del _held_locks[path]
                held.file.close()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the build file for writing, under the lock; closed at the end, so that dbt can open it."""
        with self.lock(), self._connection(read_only=False) as connection:
            self.home.warehouse_file.chmod(0o600)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the build file for reading, under the lock: DuckDB allows no reader beside a writer.

        Raises FileNotFoundError when no month was ever run.
        """
        if not self.home.warehouse_file.exists():
            raise FileNotFoundError(f"{self.home.warehouse_file} is not there yet; run a month first.")
        with self.lock(), self._connection(read_only=True) as connection:
            yield connection

    def _locked_file(self) -> IO[str]:
        path = self.home.lock_file
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a+", encoding="utf-8")
        deadline = time.monotonic() + self.lock_wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    file.seek(0)
                    holder = file.read().strip() or "unknown"
                    file.close()
                    raise WarehouseBusyError(
                        f"{self.home.warehouse_file} is locked by process {holder}, waited "
                        f"{self.lock_wait_seconds:g} s. Wait until its run has ended, then try again."
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
            else:
                file.truncate(0)
                file.write(f"{os.getpid()}\n")
                file.flush()
                return file

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        self.home.scratch.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(self.home.warehouse_file), read_only=read_only, config=engine_settings(self.home)
        )
        try:
            yield connection
        finally:
            connection.close()


def engine_bounds() -> EngineSettings:
    """Return how much memory (`RETENTION_MEMORY_LIMIT`) and how many threads DuckDB may take."""
    return {
        "memory_limit": os.environ.get("RETENTION_MEMORY_LIMIT", "2GB"),
        "threads": int(os.environ.get("RETENTION_THREADS", "2")),
    }


def engine_settings(home: Home) -> EngineSettings:
    """Return DuckDB's settings for the build file: its bounds, a place to spill to."""
    return engine_bounds() | {
        "temp_directory": str(home.scratch),
        "autoinstall_known_extensions": False,
    }


def replace_months(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    frame: pd.DataFrame,
    months: Sequence[date],
    month_column: str = "snapshot_month",
) -> dict[date, int]:
    """Replace the rows of `months` in a declared table by those of `frame`, in one transaction.

    Returns the rows of each month, zero for a month without any. Raises ValueError when the columns are not
    the declared ones, or when a row lies outside `months`.
    """
    declared = TABLES[table]
    names = [column.name for column in declared.columns]
    if set(frame.columns) != set(names):
        raise ValueError(
            f"{table}: columns missing {sorted(set(names) - set(frame.columns))}, "
            f"unknown {sorted(set(frame.columns) - set(names))}; orchestration/tables.py declares them."
        )
    values = ", ".join(f'cast("{column.name}" as {column.data_type})' for column in declared.columns)
    connection.register("incoming_rows", frame)
    try:
        found = _counted(connection, "incoming_rows", month_column)
        outside = sorted(set(found) - set(months), key=str)
        if outside:
            raise ValueError(
                f"{table}: rows of {outside[0]} are not of the months to replace, {list(months)}."
            )
        connection.execute("begin transaction").fetchall()
        try:
            connection.execute(
                f"delete from {table} where {month_column} in (select unnest(?::date[]))", [list(months)]
            ).fetchall()
            connection.execute(
                f"insert into {table} ({_quoted(names)}) select {values} from incoming_rows "
                f"order by {_quoted(declared.key)}"
            ).fetchall()
        except duckdb.Error:
            connection.execute("rollback").fetchall()
            raise
        connection.execute("commit").fetchall()
    finally:
        connection.unregister("incoming_rows")
    return {month: found.get(month, 0) for month in months}


def read_months(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    months: Sequence[date],
    columns: Mapping[str, str] | Sequence[str],
    *,
    key: Sequence[str] = ("snapshot_month", "subscriber_id"),
    month_column: str = "snapshot_month",
) -> pd.DataFrame:
    """Read `columns` (names, or name -> type to read it as) of `months`, in the order of `key`.

    Only these columns and months are brought into memory.
    """
    schema, _, name = table.partition(".")
    types = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    for word in (schema, name, month_column, *types, *key):
        if not _NAME.fullmatch(word):
            raise ValueError(f"{word!r} is no table or column name.")
    chosen = ", ".join(
        f'cast("{column}" as {data_type}) as "{column}"' if data_type else f'"{column}"'
        for column, data_type in types.items()
    )
    return connection.execute(
        f"select {chosen} from {schema}.{name} where {month_column} in (select unnest(?::date[])) "
        f"order by {_quoted(key)}",
        [list(months)],
    ).df()


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Tell whether `schema.table` exists (as a table or a view)."""
    schema, _, name = table.partition(".")
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            [schema, name],
        ).fetchall()
    )


def rows_per_month(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    months: Sequence[date],
    month_column: str = "snapshot_month",
) -> dict[date, int]:
    """Count the rows of each of `months` in `schema.table`."""
    found = _counted(
        connection, f"{table} where {month_column} in (select unnest(?::date[]))", month_column, list(months)
    )
    return {month: found.get(month, 0) for month in months}


def _counted(
    connection: duckdb.DuckDBPyConnection, relation: str, month_column: str, *parameters: object
) -> dict[date, int]:
    return dict(
        connection.execute(
            f"select cast({month_column} as date), count(*) from {relation} group by all order by all",
            list(parameters),
        ).fetchall()
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
