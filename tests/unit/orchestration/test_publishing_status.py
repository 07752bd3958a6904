"""Status and queries: what a person at a terminal is told about months and published rows."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import pytest

from orchestration.publishing import PublishError, publish
from orchestration.publishing.closes import input_checksums
from orchestration.publishing.query import StatementError, query_published
from orchestration.publishing.status import month_status, week_status
from orchestration.settings import Home, OperatorSettings
from orchestration.terminal import render_table

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)

BUILD = """
    create schema marts; create schema ops;
    create table marts.dim_plans as select 'P1' as plan_id, 12.50::decimal(12,2) as monthly_fee_amount;
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
    create table ops.landing_audit as
        select * from (values
            (null::date, 'plans', 'plans/plans.csv', 1::bigint, 1::bigint, 0::bigint, 0::bigint, 'c0'),
            (date '2026-05-01', 'subscribers', 'subscribers/2026-05/a.csv', 10, 7, 2, 1, 'c1'),
            (date '2026-05-01', 'bills', 'bills/2026-05/b.csv', 5, 5, 0, 0, 'c2'),
            (date '2026-06-01', 'bills', 'bills/2026-06/a.csv', 9, 9, 0, 0, 'c3')
        ) audit (landed_month, table_name, file_name, rows_read, rows_accepted, rows_quarantined,
            rows_duplicate, checksum);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(BUILD)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def stale(build: duckdb.DuckDBPyConnection, home: Home) -> dict[date, bool | None]:
    frame = month_status(build, home)
    return dict(zip(frame["month"], frame["is_stale"], strict=True))


def open_months(build: duckdb.DuckDBPyConnection, home: Home) -> list[date]:
    frame = month_status(build, home)
    return list(frame.loc[frame["is_open"].astype(bool), "month"])


def test_status_before_any_publication_shows_what_landed(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    assert month_status(build, home).to_numpy().tolist() == [
        [MAY, 2, 15, 12, 2, 1, False, False, False, None],
        [JUNE, 1, 9, 9, 0, 0, True, False, False, None],
    ]


def test_status_names_published_months_and_those_that_only_landed(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY)

    assert month_status(build, home)[
        ["month", "is_closed", "is_published", "is_stale"]
    ].to_numpy().tolist() == [
        [MAY, True, True, False],
        [JUNE, False, False, None],
    ]


def test_status_of_a_month_of_partial_extracts_is_open_until_subscribers_land(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY)
    assert open_months(build, home) == [JUNE]
    build.execute(
        "insert into ops.landing_audit values "
        "('2026-06-01', 'subscribers', 'subscribers/2026-06/a.csv', 1, 0, 1, 0, 'c4')"
    )
    assert open_months(build, home) == [JUNE]
    build.execute("update ops.landing_audit set rows_accepted = 1 where checksum = 'c4'")
    assert open_months(build, home) == []


def test_status_of_weeks_counts_the_warned_and_knows_what_was_handed_out(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    assert week_status(build, home).empty
    build.execute(
        """
        create schema retention;
        create table retention.churn_warnings as
            select * from (values
                (date '2026-06-10', 'S1', 'red', true), (date '2026-06-10', 'S2', 'blue', true),
                (date '2026-06-10', 'S3', 'blue', false), (date '2026-06-17', 'S1', 'yellow', false)
            ) warnings (warning_week, subscriber_id, colour, is_new)
        """
    )
    for name in ("2026-06-10", "2026-06-03"):
        (home.published_weeks / name).mkdir(parents=True)
        (home.published_weeks / name / "manifest.json").write_text("{}")

    assert week_status(build, home).to_numpy().tolist() == [
        [date(2026, 6, 3), 0, 0, 0, 0, True],
        [date(2026, 6, 10), 1, 0, 2, 2, True],
        [date(2026, 6, 17), 0, 1, 0, 0, False],
    ]


def test_status_of_a_corrected_month_is_stale_with_all_later_ones_until_run_again(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE, JULY)
    build.execute("update ops.landing_audit set checksum = 'corrected' where landed_month = '2026-06-01'")

    assert stale(build, home) == {MAY: False, JUNE: True, JULY: True}
    published(build, home, JUNE, JULY)
    assert stale(build, home) == {MAY: False, JUNE: False, JULY: False}


def test_status_of_every_month_is_stale_when_a_static_table_changed(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)
    build.execute("update ops.landing_audit set checksum = 'new' where landed_month is null")

    assert stale(build, home) == {MAY: True, JUNE: True}


def test_status_of_a_month_landed_later_leaves_earlier_ones(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)
    build.execute(
        "insert into ops.landing_audit values "
        "('2026-07-01', 'bills', 'bills/2026-07/a.csv', 1, 1, 0, 0, 'c4')"
    )

    assert stale(build, home) == {MAY: False, JUNE: False, JULY: None}


def test_input_checksums_do_not_depend_on_the_order_of_files(build: duckdb.DuckDBPyConnection) -> None:
    before = input_checksums(build, [MAY, JUNE])
    build.execute("create or replace table ops.landing_audit as from ops.landing_audit order by all desc")

    assert input_checksums(build, [JUNE, MAY]) == before
    assert len(set(before.values())) == 2


def test_query_returns_published_values_as_they_are(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, MAY)

    frame = query_published(home, "select plan_id, monthly_fee_amount from marts.dim_plans")
    assert frame.to_dict("records") == [{"plan_id": "P1", "monthly_fee_amount": Decimal("12.50")}]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/hostname')",
        "copy marts.dim_plans to 'copied.csv'",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
        "delete from marts.dim_plans",
        "create table marts.mine as select 1",
    ],
)
def test_query_reads_the_published_file_and_nothing_else(
    build: duckdb.DuckDBPyConnection, home: Home, statement: str
) -> None:
    published(build, home, MAY)

    with pytest.raises(StatementError):
        query_published(home, statement)


def test_query_before_any_publication_says_what_to_do(home: Home) -> None:
    with pytest.raises(PublishError, match="nothing is published yet; run a month first"):
        query_published(home, "select 1")


def test_render_table_shows_every_value_whole() -> None:
    frame = pandas.DataFrame(
        {
            "month": [MAY, JUNE],
            "rows": [1200, None],
            "is_stale": [True, None],
            "note": ["x" * 200, "[bold]\x1b[31m红"],
        },
        dtype=object,
    )

    text = render_table(frame)
    assert text.splitlines()[0].split() == ["month", "rows", "is_stale", "note"]
    assert text.splitlines()[2].split() == ["2026-05-01", "1200", "yes", "x" * 200]
    assert text.splitlines()[3].split() == ["2026-06-01", "[bold]\N{REPLACEMENT CHARACTER}[31m红"]
