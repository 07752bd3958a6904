"""What the published file says of itself: right after every kind of publication, and without a clock."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import publication, publish, publish_week, state
from orchestration.publishing.catalogue import PublishedTable, load_tables
from orchestration.settings import Home, OperatorSettings
from orchestration.weeks import WarningWeek

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)

BUILD = """
    create schema marts; create schema retention; create schema ops;
    create table marts.dim_subscribers as
        select * from (values
            (date '2026-05-01', 'S1', 1.50::decimal(9,2)),
            (date '2026-06-01', 'S1', 2.00::decimal(9,2)),
            (date '2026-06-01', 'S2', null)
        ) rows (snapshot_month, subscriber_id, bill);
    comment on table marts.dim_subscribers is 'One row per subscriber and month.';
    create table marts.dim_plans as select 'P1' as plan_id;
    create view marts.bills as select snapshot_month, bill from marts.dim_subscribers where bill is not null;
    comment on view marts.bills is 'One row per bill.';
    create table retention.churn_warnings (week_month date, warning_week date, subscriber_id varchar);
    create table ops.landing_audit as
        select * from (values
            (null::date, 'plans', 'p.csv', 'c0'), (date '2026-06-01', 'bills', 'b.csv', 'c1')
        ) rows (landed_month, table_name, file_name, checksum);
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    bills = PublishedTable("marts", "bills", "snapshot_month", ("snapshot_month",), False, "", (), "")
    tables = [*load_tables(), bills]
    monkeypatch.setattr(publication, "load_tables", lambda: tables)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(BUILD)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> None:
    publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def rows(home: Home, statement: str) -> Sequence[tuple[object, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def checksum(*texts: str) -> str:
    """Worked out again without the engine: MD5 of a row's JSON, columns by name, summed in halves."""
    numbers = [int.from_bytes(hashlib.md5(text.encode()).digest(), "little") for text in texts]
    return f"{sum(number >> 64 for number in numbers):024x}{sum(number % 2**64 for number in numbers):024x}"


S1_MAY = '["1.50","2026-05-01","S1"]'
S1_JUNE = '["2.00","2026-06-01","S1"]'
S2_JUNE = '[null,"2026-06-01","S2"]'
BILLS = (
    "CREATE VIEW marts.bills AS SELECT snapshot_month, bill FROM marts.dim_subscribers "
    "WHERE (bill IS NOT NULL);"
)
SUBSCRIBERS = "where table_name = 'dim_subscribers' order by all"


def test_every_table_and_view_is_accounted_for(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, MAY, JUNE)

    found = rows(home, "from ops.published_tables order by all")
    of_view = hashlib.md5(BILLS.encode()).hexdigest()
    assert [row for row in found if row[0] != "ops"] == [
        ("marts", "bills", "view", None, None, None, of_view, "One row per bill."),
        ("marts", "dim_plans", "table", 1, None, None, checksum('["P1"]'), None),
        (
            *("marts", "dim_subscribers", "table", 3, MAY, JUNE),
            checksum(S1_MAY, S1_JUNE, S2_JUNE),
            "One row per subscriber and month.",
        ),
        ("retention", "churn_warnings", "table", 0, None, None, "0" * 48, None),
    ]
    assert [row[1] for row in found if row[0] == "ops"] == ["landing_audit", "month_closes"]


def test_every_month_is_accounted_for_and_so_are_rows_without_one(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)

    assert rows(home, "from ops.published_months where schema_name = 'marts' order by all") == [
        ("marts", "dim_plans", None, 1, checksum('["P1"]')),
        ("marts", "dim_subscribers", MAY, 1, checksum(S1_MAY)),
        ("marts", "dim_subscribers", JUNE, 2, checksum(S1_JUNE, S2_JUNE)),
    ]
    assert rows(home, "from ops.published_months where table_name = 'landing_audit' order by all") == [
        ("ops", "landing_audit", JUNE, 1, checksum('["c1","b.csv","2026-06-01","bills"]')),
        ("ops", "landing_audit", None, 1, checksum('["c0","p.csv",null,"plans"]')),
    ]


def test_both_are_described(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, JUNE)

    assert rows(
        home,
        "select count(*), count(comment) from duckdb_columns() where table_name like 'published_%'",
    ) == [(13, 13)]
    assert rows(
        home,
        "select count(*) from duckdb_tables() where table_name like 'published_%' and comment is not null",
    ) == [(2,)]


def test_only_months_that_were_written_are_counted_again(
    build: duckdb.DuckDBPyConnection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(build, home, MAY, JUNE)
    counted = {}

    def spy(connection: object, source: str, shape: object, months: object = None) -> object:
        counted[source] = months
        return state_checksums(connection, source, shape, months)

    state_checksums = state.state_checksums
    monkeypatch.setattr(state, "state_checksums", spy)
    build.execute("update marts.dim_subscribers set bill = 2.00 where subscriber_id = 'S2'")
    build.execute("insert into ops.landing_audit values ('2026-05-01', 'bills', 'a.csv', 'c2')")
    published(build, home, JUNE)

    assert counted['publication."marts"."dim_subscribers"'] == {JUNE}
    assert counted['publication."ops"."landing_audit"'] == {MAY, JUNE}
    assert counted['publication."marts"."dim_plans"'] is None
    assert rows(home, f"select row_count, checksum from ops.published_months {SUBSCRIBERS}") == [
        (1, checksum(S1_MAY)),
        (2, checksum(S1_JUNE, '["2.00","2026-06-01","S2"]')),
    ]


def test_a_month_that_is_gone_is_gone(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, MAY, JUNE)
    build.execute("delete from marts.dim_subscribers where snapshot_month = '2026-05-01'")
    published(build, home, MAY)

    assert rows(home, f"select month from ops.published_months {SUBSCRIBERS}") == [(JUNE,)]
    assert rows(home, f"select row_count, first_month from ops.published_tables {SUBSCRIBERS}") == [(2, JUNE)]


def test_the_same_state_gives_the_same_account_whatever_led_to_it(
    build: duckdb.DuckDBPyConnection, home: Home, tmp_path: Path
) -> None:
    published(build, home, MAY)
    published(build, home, JUNE)
    other = Home(tmp_path / "other")
    build.execute(
        "create or replace table marts.dim_subscribers as from marts.dim_subscribers order by all desc"
    )
    build.execute("comment on table marts.dim_subscribers is 'One row per subscriber and month.'")
    published(build, other, MAY, JUNE)

    for table in ("ops.published_tables", "ops.published_months"):
        assert rows(home, f"from {table}") == rows(other, f"from {table}")


def test_other_columns_are_another_state(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, MAY, JUNE)
    build.execute("alter table marts.dim_subscribers add column age integer default 30")
    published(build, home, JUNE)

    assert rows(home, f"select checksum from ops.published_months {SUBSCRIBERS}")[0] == (
        checksum('[30,"1.50","2026-05-01","S1"]'),
    )


def test_a_file_that_says_nothing_of_itself_is_counted_whole(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    """As one that was published before there were accounts; a week is enough."""
    published(build, home, MAY, JUNE)
    expected = rows(home, "from ops.published_tables")
    home.published_file.chmod(0o600)
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute("drop table ops.published_tables; drop table ops.published_months")
    publish_week(
        build, home, WarningWeek(date(2026, 7, 8)), settings=OperatorSettings(), progress=lambda line: None
    )

    assert rows(home, "from ops.published_tables") == expected


def test_a_week_keeps_the_account_right(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The subscribers of the build file changed since; the week does not publish them."""
    published(build, home, MAY, JUNE)
    build.execute("insert into retention.churn_warnings values ('2026-07-01', '2026-07-08', 'S1')")
    build.execute("update marts.dim_subscribers set bill = 9")
    publish_week(
        build, home, WarningWeek(date(2026, 7, 8)), settings=OperatorSettings(), progress=lambda line: None
    )

    accounts = rows(
        home,
        "select table_name, row_count, first_month, last_month, checksum from ops.published_tables "
        "where table_name in ('dim_subscribers', 'churn_warnings') order by all",
    )
    assert accounts == [
        ("churn_warnings", 1, JULY, JULY, checksum('["S1","2026-07-08","2026-07-01"]')),
        ("dim_subscribers", 3, MAY, JUNE, checksum(S1_MAY, S1_JUNE, S2_JUNE)),
    ]
