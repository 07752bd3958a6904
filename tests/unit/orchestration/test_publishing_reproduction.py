"""The guard of the past: months computed again on the same files are as they were published, or named."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import publish
from orchestration.publishing.reproduction import Reproduction, reproductions
from orchestration.settings import Home, OperatorSettings

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
FEATURES = "features.subscriber_features"

BUILD = """
    create schema features; create schema ops;
    create table features.subscriber_features (snapshot_month date, subscriber_id varchar, bill double,
        calls double, brand varchar);
    insert into features.subscriber_features values
        ('2026-05-01', 'S1', 10.5, 3, 'gold'), ('2026-05-01', 'S2', null, 0, 'gold'),
        ('2026-06-01', 'S1', 11.0, 4, null), ('2026-06-01', 'S2', 7.0, 1, 'gold');
    create table ops.landing_audit as
        select * from (values
            (date '2026-05-01', 'bills', 'bills/2026-05/bills.csv', 'c1'),
            (date '2026-06-01', 'bills', 'bills/2026-06/bills.csv', 'c2')
        ) rows (landed_month, table_name, file_name, checksum);
    create table ops.month_closes (snapshot_month date, input_checksum varchar);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def build(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, with May and June published."""
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file), config={"threads": 2}) as connection:
        connection.execute(BUILD)
        publish(connection, home, [MAY, JUNE], settings=OperatorSettings(), progress=lambda line: None)
        yield connection


def test_the_same_rows_in_another_order_are_the_same(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    build.execute(
        "create or replace table features.subscriber_features as "
        "from features.subscriber_features order by subscriber_id desc"
    )

    assert reproductions(build, home, FEATURES, [MAY, JUNE]) == [
        Reproduction(MAY, "same"),
        Reproduction(JUNE, "same"),
    ]


def test_a_month_never_published_is_not_compared(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    assert reproductions(build, home, FEATURES, [JULY]) == []
    assert reproductions(build, Home(home.root / "other"), FEATURES, [MAY]) == []


def test_a_feature_that_saw_later_data_is_named_with_its_month(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    build.execute(
        "update features.subscriber_features set calls = 9 "
        "where snapshot_month = date '2026-05-01' and subscriber_id = 'S2'"
    )
    build.execute(
        "update features.subscriber_features set bill = 1, brand = 'gold' "
        "where snapshot_month = date '2026-06-01' and subscriber_id = 'S1'"
    )

    assert reproductions(build, home, FEATURES, [MAY, JUNE]) == [
        Reproduction(MAY, "differs", ("calls",), 1),
        Reproduction(JUNE, "differs", ("bill", "brand"), 1),
    ]


def test_a_candidate_too_many_or_too_few_is_a_row_that_differs(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    build.execute(
        "update features.subscriber_features set subscriber_id = 'S3' "
        "where snapshot_month = date '2026-05-01' and subscriber_id = 'S2'"
    )

    assert reproductions(build, home, FEATURES, [MAY]) == [Reproduction(MAY, "differs", (), 2)]


def test_a_correction_is_a_restatement_of_its_month_and_the_later_ones(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    build.execute("update features.subscriber_features set bill = bill + 1")
    build.execute("update ops.landing_audit set checksum = 'c9' where landed_month = date '2026-06-01'")

    assert [month.verdict for month in reproductions(build, home, FEATURES, [MAY, JUNE])] == [
        "differs",
        "restated",
    ]

    build.execute("update ops.landing_audit set checksum = 'c8' where landed_month = date '2026-05-01'")

    assert [month.verdict for month in reproductions(build, home, FEATURES, [MAY, JUNE])] == [
        "restated",
        "restated",
    ]


def test_other_columns_are_said_to_be_so(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    build.execute("alter table features.subscriber_features drop column calls")
    build.execute("alter table features.subscriber_features add column minutes double")

    assert reproductions(build, home, FEATURES, [MAY]) == [
        Reproduction(MAY, "other_columns", ("calls", "minutes"))
    ]
