"""Months are replaced whole, memory and writers are bounded."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.settings import Home
from orchestration.tables import TABLES, create_tables
from orchestration.warehouse import (
    Warehouse,
    WarehouseBusyError,
    engine_settings,
    has_table,
    read_months,
    replace_months,
    rows_per_month,
)

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
NOTES = "ml.month_notes"


def notes(*rows: tuple[date, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["snapshot_month", "target", "note"])


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        replace_months(
            connection,
            NOTES,
            notes((JANUARY, "a", "old"), (JANUARY, "b", "old"), (FEBRUARY, "a", "kept")),
            [JANUARY, FEBRUARY],
        )
        yield connection


def stored(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(f"select * from {NOTES} order by all").fetchall()


def test_replacing_a_month_leaves_no_ghosts_and_other_months_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = replace_months(connection, NOTES, notes((JANUARY, "a", "new")), [JANUARY])

    assert rows == {JANUARY: 1}
    assert stored(connection) == [(JANUARY, "a", "new"), (FEBRUARY, "a", "kept")]


def test_replacing_by_nothing_empties_the_months(connection: duckdb.DuckDBPyConnection) -> None:
    assert replace_months(connection, NOTES, notes(), [JANUARY, FEBRUARY]) == {JANUARY: 0, FEBRUARY: 0}
    assert stored(connection) == []


def test_replacing_takes_columns_by_name(connection: duckdb.DuckDBPyConnection) -> None:
    frame = notes((JANUARY, "a", "new"))[["note", "snapshot_month", "target"]]

    replace_months(connection, NOTES, frame, [JANUARY])

    assert stored(connection)[0] == (JANUARY, "a", "new")


def test_a_failed_replacement_leaves_the_month_as_it_was(connection: duckdb.DuckDBPyConnection) -> None:
    before = stored(connection)
    reasons = pd.DataFrame(
        [(JANUARY, "s1", "no number", "f", "price", 0.5, "text", "text", "text")],
        columns=[column.name for column in TABLES["ml.churn_reasons"].columns],
    )

    with pytest.raises(duckdb.ConversionException):
        replace_months(connection, "ml.churn_reasons", reasons, [JANUARY])

    connection.execute("begin transaction").fetchall()
    connection.execute("rollback").fetchall()
    assert stored(connection) == before


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (notes((JANUARY, "a", "x")).rename(columns={"note": "remark"}), r"missing \['note'\].*\['remark'\]"),
        (notes((FEBRUARY, "a", "x")), "rows of 2026-02-01 are not of the months"),
    ],
)
def test_replacing_refuses_what_was_not_declared(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace_months(connection, NOTES, frame, [JANUARY])


def test_reading_brings_only_months_columns_and_types_asked_for(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        """
        create table t as
        select *
        from (values ('2026-01-01', 's2', 1.5), ('2026-01-01', 's1', 2.5), ('2026-02-01', 's1', 9))
            as v(month_text, subscriber_id, amount);
        alter table t add column snapshot_month date;
        update t set snapshot_month = cast(month_text as date);
        """
    ).fetchall()

    frame = read_months(connection, "main.t", [JANUARY], {"subscriber_id": "varchar", "amount": "float"})

    assert frame.to_dict("list") == {"subscriber_id": ["s1", "s2"], "amount": [2.5, 1.5]}
    assert frame["amount"].dtype == "float32"


def test_reading_refuses_names_that_are_none(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="is no table or column name"):
        read_months(connection, "main.t; drop table t", [JANUARY], ["subscriber_id"])


def test_rows_are_counted_for_the_months_asked_for(connection: duckdb.DuckDBPyConnection) -> None:
    march = date(2026, 3, 1)

    assert rows_per_month(connection, NOTES, [JANUARY, march]) == {JANUARY: 2, march: 0}
    assert has_table(connection, NOTES)
    assert not has_table(connection, "ml.nothing")


def test_tables_are_created_twice_with_comments_and_late_columns() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema ml").fetchall()
        connection.execute("create table ml.month_notes (snapshot_month date)").fetchall()

        create_tables(connection)
        create_tables(connection)

        described = connection.execute(
            "select schema_name || '.' || table_name, column_name, comment "
            "from duckdb_columns() where not internal"
        ).fetchall()
    assert {(table, column) for table, column, _ in described} == {
        (name, column.name) for name, table in TABLES.items() for column in table.columns
    }
    assert all(comment for _, _, comment in described)


def test_writing_closes_the_file_so_that_a_child_can_open_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    warehouse = Warehouse(home)
    with warehouse.lock():
        with warehouse.writing() as connection:
            connection.execute("create table t as select 1 as one").fetchall()
        child = (
            "import sys, duckdb; duckdb.connect(sys.argv[1]).execute('insert into t values (2)').fetchall()"
        )
        subprocess.run([sys.executable, "-c", child, str(home.warehouse_file)], check=True)
        with warehouse.reading() as connection:
            assert connection.execute("select sum(one) from t").fetchall() == [(3,)]
    assert home.warehouse_file.stat().st_mode & 0o777 == 0o600


def test_reading_before_any_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run a month first"), Warehouse(Home(tmp_path)).reading():
        pass


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Warehouse(home).lock():
        pass
    holding = (
        "import fcntl, os, sys; file = open(sys.argv[1], 'r+'); fcntl.flock(file, fcntl.LOCK_EX); "
        "file.truncate(0); file.write(str(os.getpid())); file.flush(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(home.lock_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(WarehouseBusyError, match=f"locked by process {holder.pid}"),
            Warehouse(home, lock_wait_seconds=0).lock(),
        ):
            pass
        holder.communicate()
    with Warehouse(home, lock_wait_seconds=0).lock():
        assert home.lock_file.read_text(encoding="utf-8").strip().isdigit()


def test_the_engine_is_bounded_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_MEMORY_LIMIT", "300MB")
    monkeypatch.setenv("RETENTION_THREADS", "1")

    settings = engine_settings(Home(tmp_path))

    assert settings["memory_limit"] == "300MB"
    assert settings["threads"] == 1
    assert settings["temp_directory"] == str(tmp_path / "warehouse" / "scratch")
