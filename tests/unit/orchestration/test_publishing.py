"""Publishing: what is put in place, what is left alone, and what is refused."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing import PublishSummary, publication, publish
from orchestration.publishing.catalogue import load_tables
from orchestration.settings import Home, OperatorSettings

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)

BUILD = """
    create schema marts; create schema labels; create schema retention; create schema ml;
    create schema ops; create schema staging; create schema reference;

    create table marts.dim_subscribers as
        select * from (values
            (date '2026-05-01', 'S1', 'personal', null, 'high', 12.30::decimal(12,2)),
            (date '2026-06-01', 'S2', 'group', 'G1', 'mid', 7.00::decimal(12,2)),
            (date '2026-06-01', 'S1', 'personal', null, 'high', null)
        ) rows (snapshot_month, subscriber_id, customer_type, group_id, value_tier, bill);
    comment on table marts.dim_subscribers is 'One row per subscriber''s month.';
    comment on column marts.dim_subscribers.bill is 'Bill, CNY';
    create table marts.dim_plans as select 'P1' as plan_id, 'Plan' as plan_name;
    create table marts.fct_churn_flags (snapshot_month date, subscriber_id varchar, v1_bill boolean,
        is_effective_stop boolean, stop_kind varchar, is_voluntary_stop boolean,
        effective_stop_date date, stop_known_in_month date);
    insert into marts.fct_churn_flags values
        ('2026-05-01', 'S1', false, null, null, null, null, null),
        ('2026-06-01', 'S1', true, null, null, null, null, null);
    create table labels.churn_labels (snapshot_month date, subscriber_id varchar, is_label_closed boolean,
        closed_in_month date);
    insert into labels.churn_labels values
        ('2026-05-01', 'S1', false, null), ('2026-06-01', 'S1', false, null);

    create table retention.responsibilities as
        select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id, '2026-06-S1' as assignment_id,
            'assigned' as disposition, null::varchar as suppression_reason, 'at_risk' as list_kind,
            'red' as colour,
            0.5::double as churn_probability, 11 as score,
            'price' as main_cause, 'price' as model_cause, 'price' as rule_cause,
            'R1' as strategy_id, 'O1' as offer_id, 9.50::decimal(14,2) as expected_benefit,
            1::bigint as priority_rank, 'B01' as primary_unit_id, 'P1' as staff_id,
            'B01' as landing_unit_id, null::varchar as supervising_unit_id, 'call' as stage,
            'call' as channel, date '2026-07-02' as due_date;
    insert into retention.responsibilities by name
        select '2026-06-S2' as assignment_id, 'S2' as subscriber_id, 'held_out' as disposition,
            columns(* exclude (assignment_id, subscriber_id, disposition)) from retention.responsibilities;
    create table retention.scorecard_points as
        select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id, 'S01' as rule_id,
            0.9::double as observed_value, 1::decimal(18,4) as threshold, 3 as points;
    create table retention.warning_evidence (week_month date, warning_week date, subscriber_id varchar,
        condition_id varchar, rule_id varchar, observed_value double, threshold decimal(18,4),
        points integer);
    create table reference.warning_scorecard (rule_id varchar, measure varchar, operator varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    create table reference.warning_conditions as from reference.warning_scorecard;
    create table reference.cause_map (item_type varchar, item_id varchar, unit varchar, label_en varchar,
        label_zh varchar);
    create table reference.retention_strategies (strategy_id varchar, actions_en varchar, actions_zh varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    create table ml.cause_scores (snapshot_month date, subscriber_id varchar, cause varchar,
        cause_rank integer, is_leading boolean);
    create table ml.what_ifs (snapshot_month date, subscriber_id varchar, what_if_id varchar,
        probability double, what_if_probability double, help_rank integer);
    create table reference.what_ifs (what_if_id varchar, label_en varchar, label_zh varchar,
        enabled boolean, valid_from_month date, valid_to_month date);
    create table ml.churn_reasons as
        select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id, 1 as reason_rank,
            'Bill is falling' as sentence;
    create table staging.stg_customer__subscribers as
        select date '2026-06-01' as snapshot_month, 'S1' as subscriber_id, '13800000001' as msisdn;
    create table staging.stg_organisation__staff as select 'P1' as staff_id, 'Chen L.' as staff_name;
    create table staging.stg_organisation__org_units as select 'B01' as unit_id, 'East' as unit_name;
    create table reference.offers as
        select 'O1' as offer_id, 'Credit' as name_en, '返费' as name_zh, 'Say it' as script_en,
            '请说明' as script_zh, true as enabled,
            date '2000-01-01' as valid_from_month, null::date as valid_to_month;

    create table ops.landing_audit as
        select * from (values
            (null::date, 'plans', 'plans/plans.csv', 'c0'),
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
    home.warehouse_file.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse_file), config={"threads": 2}) as connection:
        connection.execute(BUILD)
        yield connection


def published(build: duckdb.DuckDBPyConnection, home: Home, *months: date) -> PublishSummary:
    return publish(build, home, months, settings=OperatorSettings(), progress=lambda line: None)


def rows(home: Home, statement: str) -> Sequence[tuple[object, ...]]:
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def manifest(home: Home, month: str) -> dict[str, dict[str, dict[str, object]]]:
    return json.loads((home.published / month / "manifest.json").read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_publish_gives_tables_files_manifest_and_worklists(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    summary = published(build, home, JUNE, MAY)

    assert summary.months == (MAY, JUNE)
    assert summary.rows["marts.dim_subscribers"] == 3
    assert "marts.kpi_monthly" not in summary.rows
    assert summary.worklists == {MAY: 0, JUNE: 1}
    assert set(contents(home.published)) >= {
        "warehouse.duckdb",
        "parquet/marts.dim_subscribers/2026-05.parquet",
        "parquet/marts.dim_plans/dim_plans.parquet",
        "parquet/ops.landing_audit/static.parquet",
        "2026-05/manifest.json",
        "2026-06/manifest.json",
        "2026-06/worklists/B01.xlsx",
    }
    assert not any(path.name.startswith(".") for path in home.published.iterdir())
    workbook = (home.published / "2026-06/worklists/B01.xlsx").read_bytes()
    report = (home.published / "2026-06/report.html").read_bytes()
    assert manifest(home, "2026-06")["files"] == {
        "report.html": {"bytes": len(report), "sha256": hashlib.sha256(report).hexdigest()},
        "worklists/B01.xlsx": {"bytes": len(workbook), "sha256": hashlib.sha256(workbook).hexdigest()},
    }


def test_manifest_checksum_is_the_sum_of_the_rows_own_numbers(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    """Worked out again without the engine: MD5 of a row's JSON, columns by name, summed in halves."""
    published(build, home, JUNE)

    texts = [
        '[null,"personal",null,"2026-06-01","S1","high"]',
        '["7.00","group","G1","2026-06-01","S2","mid"]',
    ]
    numbers = [int.from_bytes(hashlib.md5(text.encode()).digest(), "little") for text in texts]
    high, low = sum(number >> 64 for number in numbers), sum(number % 2**64 for number in numbers)
    assert manifest(home, "2026-06")["tables"]["marts.dim_subscribers"] == {
        "rows": 2,
        "checksum": f"{high:024x}{low:024x}",
    }


def test_publish_twice_gives_the_same_bytes(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    first = published(build, home, MAY, JUNE)
    before = contents(home.published)
    build.execute(
        "create or replace table marts.dim_subscribers as from marts.dim_subscribers order by all desc"
    )
    second = published(build, home, MAY, JUNE)
    after = contents(home.published)

    assert first == second
    del before["warehouse.duckdb"], after["warehouse.duckdb"]
    assert before == after


def test_manifest_of_a_month_does_not_change_with_what_later_months_tell(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, JUNE)
    before = (home.published / "2026-06" / "manifest.json").read_bytes()
    build.execute(
        """
        update marts.fct_churn_flags set is_effective_stop = true, stop_kind = 'silence',
            is_voluntary_stop = true,
            effective_stop_date = '2026-06-20', stop_known_in_month = '2026-07-01'
            where snapshot_month = '2026-06-01';
        update labels.churn_labels set is_label_closed = true, closed_in_month = '2026-07-01';
        """
    )
    published(build, home, JUNE, JULY)

    assert (home.published / "2026-06" / "manifest.json").read_bytes() == before
    assert manifest(home, "2026-06")["tables"]["labels.churn_labels"]["rows"] == 0
    assert manifest(home, "2026-07")["tables"]["labels.churn_labels"]["rows"] == 2
    assert rows(home, "select count(*) from marts.fct_churn_flags where is_effective_stop") == [(1,)]


def test_publish_of_a_month_in_the_middle_leaves_the_rows_of_others(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    build.execute(
        "insert into marts.dim_subscribers by name "
        "select date '2026-07-01' as snapshot_month, 'S1' as subscriber_id"
    )
    published(build, home, MAY, JUNE, JULY)
    others = {name: content for name, content in contents(home.published).items() if "2026-06" not in name}
    build.execute("update marts.dim_subscribers set value_tier = 'mass'")
    published(build, home, JUNE)

    assert rows(home, "select snapshot_month, value_tier from marts.dim_subscribers order by all") == [
        (MAY, "high"),
        (JUNE, "mass"),
        (JUNE, "mass"),
        (JULY, None),
    ]
    after = contents(home.published)
    del others["warehouse.duckdb"]
    assert {name: after[name] for name in others} == others


def test_publish_replaces_earlier_months_that_a_run_rewrote(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, MAY, JUNE)
    build.execute("update labels.churn_labels set is_label_closed = true where snapshot_month = '2026-05-01'")
    build.execute("delete from marts.fct_churn_flags where snapshot_month = '2026-05-01'")
    published(build, home, JULY)

    assert rows(home, "select snapshot_month, is_label_closed from labels.churn_labels order by all") == [
        (MAY, True),
        (JUNE, False),
    ]
    files = home.published / "parquet" / "labels.churn_labels" / "2026-05.parquet"
    assert duckdb.sql(f"select is_label_closed from '{files}'").fetchall() == [(True,)]
    assert [path.name for path in (home.published / "parquet" / "marts.fct_churn_flags").iterdir()] == [
        "2026-06.parquet"
    ]


def test_publish_takes_new_columns_over_for_all_months(build: duckdb.DuckDBPyConnection, home: Home) -> None:
    published(build, home, MAY, JUNE)
    build.execute("alter table marts.dim_subscribers add column brand varchar default 'gold'")
    published(build, home, JUNE)

    assert rows(home, "select distinct brand from marts.dim_subscribers") == [("gold",)]


def test_publish_drops_a_table_that_is_listed_no_longer(
    build: duckdb.DuckDBPyConnection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(build, home, JUNE)
    tables = [table for table in load_tables() if table.name != "marts.dim_plans"]
    monkeypatch.setattr(publication, "load_tables", lambda: tables)
    published(build, home, JUNE)

    assert rows(home, "select count(*) from duckdb_tables() where table_name = 'dim_plans'") == [(0,)]
    assert not (home.published / "parquet" / "marts.dim_plans").exists()


def test_publish_keeps_descriptions_and_the_oldest_format(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, JUNE)
    published(build, home, JUNE)

    assert rows(home, "select comment from duckdb_tables() where table_name = 'dim_subscribers'") == [
        ("One row per subscriber's month.",)
    ]
    assert rows(home, "select comment from duckdb_columns() where column_name = 'bill'") == [("Bill, CNY",)]
    assert rows(home, "select tags['storage_version'] from duckdb_databases() where path is not null") == [
        ("v1.0.0+",)
    ]


def test_published_files_have_the_modes_of_their_readers(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    published(build, home, JUNE)

    def mode(name: str) -> int:
        return stat.S_IMODE((home.published / name).stat().st_mode)

    assert mode("warehouse.duckdb") == 0o444
    assert mode("parquet/marts.dim_subscribers/2026-06.parquet") == 0o444
    assert mode("2026-06/worklists") == 0o700
    assert mode("2026-06/worklists/B01.xlsx") == 0o600


def test_a_bi_user_reaches_the_marts_and_nothing_that_tells_a_phone_number(
    build: duckdb.DuckDBPyConnection, home: Home
) -> None:
    """Whatever the umask; what the operator decided about a folder of the published ones stays."""
    (home.landing / "subscribers").mkdir(parents=True)
    home.landing.chmod(0o775)
    for folder in (home.feedback, home.models, home.dagster, home.dbt):
        folder.mkdir(mode=0o755)
    before = os.umask(0o077)
    try:
        published(build, home, JUNE)
    finally:
        os.umask(before)

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    for folder in (
        home.published,
        home.published / "parquet",
        home.published / "parquet" / "marts.dim_plans",
    ):
        assert mode(folder) == 0o755
    assert mode(home.published_file) == 0o444
    assert mode(home.landing) == 0o770
    for folder in (home.feedback, home.models, home.dagster, home.dbt, home.warehouse_file.parent):
        assert mode(folder) & 0o007 == 0

    home.published.chmod(0o750)
    published(build, home, JUNE)
    assert mode(home.published) == 0o750
