"""Publishing a warning week: what is refreshed, what is left alone, and what is refused."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import PublishError, publication, publish, publish_week
from orchestration.publishing.places import clear_leftovers
from orchestration.settings import Home, OperatorSettings
from orchestration.weeks import WarningWeek

JUNE = date(2026, 6, 1)
WEEK = WarningWeek(date(2026, 7, 8))

BUILD = """
    create schema marts; create schema retention; create schema ops;
    create table marts.dim_subscribers as
        select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id, 'high' as value_tier;
    create table retention.churn_warnings (week_month date, warning_week date, subscriber_id varchar,
        base_month date, colour varchar, contract_level integer, condition_count integer, is_new boolean);
    insert into retention.churn_warnings values
        ('2026-06-01', '2026-07-01', 'S1', '2026-05-01', 'blue', 1, 0, true);
    create table ops.landing_audit as
        select date '2026-06-01' as landed_month, 'bills' as table_name, 'bills/2026-06/a.csv' as file_name,
            'c1' as checksum;
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file whose June is published, and which has been warned of a week of July since."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(BUILD)
        publish(connection, home, [JUNE], settings=OperatorSettings(), progress=lambda line: None)
        connection.execute(
            """
            insert into retention.churn_warnings values
                ('2026-07-01', '2026-07-08', 'S1', '2026-06-01', 'red', 1, 2, true),
                ('2026-07-01', '2026-07-08', 'S2', '2026-06-01', 'blue', 1, 0, false),
                ('2026-07-01', '2026-07-15', 'S2', '2026-06-01', 'blue', 1, 0, false);
            insert into ops.landing_audit values
                ('2026-07-01', 'usage_daily', 'usage_daily/2026-07/a.csv', 'c2');
            update marts.dim_subscribers set value_tier = 'mass';
            """
        )
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, week: WarningWeek = WEEK) -> Path:
    return publish_week(build, home, week, settings=OperatorSettings(), progress=lambda line: None)


def rows(home: Home, statement: str) -> Sequence[tuple[object, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_week_refreshes_its_tables_and_the_accounts_and_nothing_else(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    before = contents(home.published)
    folder = published(build, home)
    after = contents(home.published)

    assert folder == home.published / "weeks" / "2026-07-08"
    assert rows(
        home, "select warning_week, count(*) from retention.churn_warnings group by 1 order by 1"
    ) == [
        (date(2026, 7, 1), 1),
        (date(2026, 7, 8), 2),
        (date(2026, 7, 15), 1),
    ]
    assert rows(home, "select table_name from ops.landing_audit order by all") == [
        ("bills",),
        ("usage_daily",),
    ]
    assert rows(home, "select value_tier from marts.dim_subscribers") == [("high",)]
    assert {name for name in after if after[name] != before.get(name)} == {
        "warehouse.duckdb",
        "parquet/retention.churn_warnings/2026-07.parquet",
        "parquet/ops.landing_audit/2026-07.parquet",
        "weeks/2026-07-08/manifest.json",
    }
    assert set(before) - set(after) == set()


def test_the_manifest_of_a_week_covers_its_rows_alone(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Worked out again without the engine: columns by name, MD5 of the row, summed in halves."""
    manifest = json.loads((published(build, home) / "manifest.json").read_text(encoding="utf-8"))

    texts = [
        '["2026-06-01","red",2,1,true,"S1","2026-07-08","2026-07-01"]',
        '["2026-06-01","blue",0,1,false,"S2","2026-07-08","2026-07-01"]',
    ]
    numbers = [int.from_bytes(hashlib.md5(text.encode()).digest(), "little") for text in texts]
    high, low = sum(number >> 64 for number in numbers), sum(number % 2**64 for number in numbers)
    assert manifest == {
        "warning_week": "2026-07-08",
        "tables": {"retention.churn_warnings": {"rows": 2, "checksum": f"{high:024x}{low:024x}"}},
        "files": {},
    }


def test_a_week_published_twice_gives_the_same_bytes(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home)
    first = contents(home.published)
    build.execute(
        "create or replace table retention.churn_warnings as from retention.churn_warnings order by all desc"
    )
    published(build, home)
    second = contents(home.published)

    del first["warehouse.duckdb"], second["warehouse.duckdb"]
    assert first == second


def test_a_month_leaves_the_folders_of_weeks_alone(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    before = contents(published(build, home))
    build.execute("update retention.churn_warnings set colour = 'yellow'")
    publish(build, home, [JUNE, date(2026, 7, 1)], settings=OperatorSettings(), progress=lambda line: None)

    assert contents(home.published_weeks / "2026-07-08") == before
    assert rows(home, "select distinct colour from retention.churn_warnings") == [("yellow",)]


@pytest.mark.parametrize("step", ["write_week_folder", "write_parquet", "put_file", "put_folder"])
def test_a_week_that_fails_leaves_the_last_publication_readable_and_can_be_repeated(
    build: duckdb.DuckDBPyConnection, home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(publication, step, fail)
    with pytest.raises(OSError, match="disk full"):
        published(build, home)

    assert rows(home, "select count(*) from retention.churn_warnings") == [(1,)]
    assert not (home.published_weeks / "2026-07-08").exists()
    monkeypatch.undo()
    published(build, home)
    assert rows(home, "select count(*) from retention.churn_warnings") == [(4,)]


def test_a_weeks_folder_cut_off_between_its_two_renames_comes_back(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    folder = published(build, home)
    before = contents(home.published)
    (folder.parent / ".retired").mkdir()
    folder.rename(folder.parent / ".retired" / folder.name)
    clear_leftovers(home.published)

    assert contents(home.published) == before


def test_a_week_is_refused_where_no_month_was_published(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(PublishError, match="a month has to be published before a week"):
        published(build, Home(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()
