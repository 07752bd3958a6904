"""Published views: what they may read, and that they hold wherever the file is attached."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import PublishError, publication, publish, publish_week
from orchestration.publishing.catalogue import PublishedTable, load_tables
from orchestration.publishing.connecting import open_published
from orchestration.settings import Home, OperatorSettings
from orchestration.weeks import WarningWeek

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)

BUILD = """
    create schema marts; create schema retention; create schema staging; create schema ops;
    create table marts.dim_subscribers as
        select * from (values
            (date '2026-05-01', 'S1', 'P1'), (date '2026-06-01', 'S1', 'P2'), (date '2026-06-01', 'S2', 'P1')
        ) rows (snapshot_month, subscriber_id, plan_id);
    create table marts.dim_plans as
        select * from (values ('P1', 'Small'), ('P2', 'Large')) rows (plan_id, plan_name);
    create table retention.churn_warnings (week_month date, warning_week date, subscriber_id varchar,
        colour varchar);
    create table staging.lines as select 'S1' as subscriber_id, '13800000001' as msisdn;
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
    create table ops.landing_audit (landed_month date, table_name varchar, file_name varchar,
        checksum varchar);
"""
# As dbt writes one: the file's name before every table, names in quotes.
PLAN_COUNTS = """
    create or replace view "warehouse"."marts"."plan_counts" as (
        with named as (
            select lines.snapshot_month, "warehouse"."marts"."dim_plans".plan_name
            from "warehouse"."marts"."dim_subscribers" as lines
            inner join "warehouse"."marts"."dim_plans"
                on lines.plan_id = "warehouse"."marts"."dim_plans"."plan_id"
        )
        select snapshot_month, plan_name, count(*) as subscriber_count from named group by 1, 2
    );
    comment on view marts.plan_counts is 'One row per month and plan''s name.';
    comment on column marts.plan_counts.subscriber_count is 'Lines of the plan';
"""
BIG_PLANS = """
    create or replace view marts.big_plans as
        select plan_name from warehouse.marts.plan_counts where subscriber_count > 0
"""


def listed(schema_name: str, table_name: str, *key: str) -> PublishedTable:
    return PublishedTable(schema_name, table_name, "", key, False, "", (), "")


VIEWS = [listed("marts", "plan_counts", "snapshot_month", "plan_name"), listed("marts", "big_plans")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file under its own name, since a view's SQL bears it."""
    tables = [*load_tables(), *VIEWS]
    monkeypatch.setattr(publication, "load_tables", lambda: tables)
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file), config={"threads": 2}) as connection:
        connection.execute(BUILD + PLAN_COUNTS)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def rows(home: Home, statement: str) -> Sequence[tuple[object, ...]]:
    with open_published(home.published_file) as connection:
        return connection.execute(statement).fetchall()


COUNTS = [(MAY, "Small", 1), (JUNE, "Large", 1), (JUNE, "Small", 1)]


def test_a_view_is_a_view_over_the_published_tables_with_its_comments(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)

    assert rows(home, "from marts.plan_counts order by all") == COUNTS
    ((comment, sql),) = rows(
        home, "select comment, sql from duckdb_views() where view_name = 'plan_counts' and not internal"
    )
    assert comment == "One row per month and plan's name."
    assert "warehouse" not in str(sql)
    assert rows(home, "select comment from duckdb_columns() where column_name = 'subscriber_count'") == [
        ("Lines of the plan",)
    ]
    assert not (home.published / "parquet" / "marts.plan_counts").exists()
    assert "plan_counts" not in (home.published / "2026-06" / "manifest.json").read_text(encoding="utf-8")


def test_a_view_holds_under_any_name_and_closed_to_the_host(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)

    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.published_file}' as churn (read_only)")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        assert connection.execute("from churn.marts.plan_counts order by all").fetchall() == COUNTS


def test_views_follow_their_tables(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The second view reads the first; both go on when a table below takes other columns."""
    build.execute(BIG_PLANS)
    published(build, home, MAY, JUNE)
    build.execute(
        "alter table marts.dim_plans alter plan_name type varchar; alter table marts.dim_plans add fee int;"
        "delete from marts.dim_subscribers where plan_id = 'P2'"
    )
    published(build, home, JUNE)

    assert rows(home, "from marts.plan_counts order by all") == [COUNTS[0], COUNTS[2]]
    assert rows(home, "select distinct plan_name from marts.big_plans") == [("Small",)]


def test_a_view_becomes_a_table_a_table_a_view_and_both_go(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    kinds = "select table_type from information_schema.tables where table_name = 'plan_counts'"
    in_parquet = home.published / "parquet" / "marts.plan_counts"
    published(build, home, MAY, JUNE)
    build.execute("create table marts.kept as from marts.plan_counts; drop view marts.plan_counts")
    build.execute("alter table marts.kept rename to plan_counts")
    published(build, home, JUNE)
    assert rows(home, kinds) == [("BASE TABLE",)]
    assert in_parquet.exists()

    build.execute("drop table marts.plan_counts")
    build.execute(PLAN_COUNTS)
    published(build, home, JUNE)
    assert rows(home, kinds) == [("VIEW",)]
    assert not in_parquet.exists()

    build.execute("drop view marts.plan_counts")
    published(build, home, JUNE)
    assert rows(home, kinds) == []


@pytest.mark.parametrize(
    ("reads", "named"),
    [
        ("staging.lines", r"staging\.lines"),
        ("(select subscriber_id from warehouse.staging.lines)", r"staging\.lines"),
        ("read_text('/etc/hostname')", r"read_text\(\)"),
        ("'/etc/hostname.csv'", r"hostname\.csv"),
        ("duckdb_settings()", r"duckdb_settings\(\)"),
        ("marts.big_plans", r"marts\.big_plans"),
    ],
)
def test_a_view_that_reads_what_is_not_published_is_refused(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path, reads: str, named: str
) -> None:
    if "/etc/hostname.csv" in reads:
        file = tmp_path / "hostname.csv"
        file.write_text("a\n1\n", encoding="utf-8")
        reads = f"'{file}'"
    build.execute("drop view marts.plan_counts")
    build.execute("create view marts.big_plans as select 1 as plan_name")
    build.execute(
        f"create view marts.plan_counts as select 1 as snapshot_month, 2 as plan_name from {reads} limit 1"
    )

    with pytest.raises(PublishError, match=rf"marts\.plan_counts reads .*{named}: a published view reads"):
        published(build, home, JUNE)
    assert not home.published_file.exists()


def test_a_view_that_shows_a_personal_column_is_refused(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    build.execute(
        "create or replace view marts.plan_counts as select snapshot_month, plan_id as plan_name, "
        "subscriber_id as msisdn from marts.dim_subscribers"
    )

    with pytest.raises(PublishError, match=r"marts\.plan_counts: column\(s\) msisdn are personal"):
        published(build, home, JUNE)


def test_a_week_leaves_the_views_that_read_nothing_of_it(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    """Of the build file's newer shape only what the week published is taken over."""
    build.execute(
        "create view marts.big_plans as select subscriber_id as plan_name from retention.churn_warnings"
    )
    published(build, home, MAY, JUNE)
    build.execute(
        """
        alter table marts.dim_plans add column fee integer default 5;
        create or replace view marts.plan_counts as
            select date '2026-06-01' as snapshot_month, plan_name, fee from marts.dim_plans;
        create or replace view marts.big_plans as select colour as plan_name from retention.churn_warnings;
        insert into retention.churn_warnings values ('2026-07-01', '2026-07-08', 'S1', 'red');
        """
    )
    publish_week(
        build,
        home,
        WarningWeek(date(2026, 7, 8)),
        settings=OperatorSettings(),
        progress=lambda line: None,
    )

    assert rows(home, "from marts.plan_counts order by all") == COUNTS
    assert rows(home, "from marts.big_plans") == [("red",)]
